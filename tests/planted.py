"""Words that must never be logged, and the search for them in whatever was said, in every form that hides them.

Plain, percent-encoded, JSON-escaped, as Python shows them, and in base64 at any of its three alignments.
"""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

NAME = "Zoë Quillfeather"
STUDENT_ID = "zoe_quillfeather"
KEY = "seminar room/Zoë Quillfeather & Bo+Aske.mp4"
MAJOR = "thaumatology"
SECRET = "wJalrXUtnFEMI/K7MDENG+planted/secret"
TOKEN = "IQoJb3JpZ2luX2VjE+planted/session=="
WORDS = (NAME, "Quillfeather", STUDENT_ID, KEY, "Bo+Aske", MAJOR, SECRET, TOKEN)


def forms(word: str) -> set[str]:
    """The word as logs, URLs, JSON, Python and base64 write it."""
    escaped = {json.dumps(word)[1:-1], repr(word)[1:-1], ascii(word)[1:-1], repr(word.encode())[2:-1]}
    encoded = {quote(word), quote(word, safe=""), quote_plus(word)}
    return {word} | escaped | encoded | set(map(_base64_at, [word.encode()] * 3, range(3)))


def _base64_at(word: bytes, offset: int) -> str:
    """The characters that stand for `word` alone when it begins `offset` bytes into a group of three."""
    whole = base64.b64encode(bytes(offset) + word).decode()
    first, last = -(-offset * 8 // 6), (offset + len(word)) * 8 // 6
    return whole[first:last]


def found_in(said: str, words: Iterable[str] = WORDS) -> set[str]:
    """Those of `words` that `said` holds in any form, in any case of its letters."""
    folded = said.casefold()
    return {word for word in words if any(form.casefold() in folded for form in forms(word))}


def all_of(record: logging.LogRecord) -> str:
    """Everything a log record carries, whatever a formatter would make of it."""
    told = f"{record.getMessage()} {vars(record)!r}"
    return told + "".join(traceback.format_exception(*record.exc_info) if record.exc_info else ())
