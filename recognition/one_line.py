"""Foreign text for a terminal or a picture. Pure.

Names, keys and file names come from outside: they may break lines, move the cursor, or turn the writing round.
"""

from __future__ import annotations


def one_line(text: str) -> str:
    """`text` with U+FFFD for each character that moves the cursor, turns the writing round or cannot be seen."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
