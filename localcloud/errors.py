"""What keeps localcloud from coming up, in words that say what to do."""

from __future__ import annotations


class LocalCloudError(Exception):
    """Something outside this program is missing or failed: the message says what."""
