"""A module for each page, or each part of one: routes that ask the rooms below and show what they say."""
