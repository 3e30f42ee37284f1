"""What the upload page's script says and is told: JSON, judged at the door.

The surprising rule: between two requests the console remembers nothing of an upload. The script carries a ticket that
only this console can write, for one user; it holds key, id and size, so that no part can be asked for that was not
agreed.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from console.access import user
from console.stage import the_stage
from recognition.clip_file import MAX_KEY_BYTES, START_BYTES, safe_name, why_not
from recognition.errors import RecognitionError

PART_BYTES = 8 << 20
MOST_AT_ONCE = 100
"""Files judged, or jobs looked up, in one request."""

TICKET_S = 24 * 3600


class NotUnderstood(RecognitionError):
    """The request is not one that this page's script makes: reload the page and try again."""

    def __init__(self) -> None:
        super().__init__(str(self.__doc__))


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that somebody chose: the key it would get, its size in bytes, and why it is no clip (empty: it may be)."""

    key: str
    size: int
    refused: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """An upload under way."""

    key: str
    upload_id: str
    size: int

    @property
    def parts(self) -> int:
        """How many parts it has."""
        return -(-self.size // PART_BYTES)

    def bytes_of(self, number: int) -> int:
        """The size of part `number`, from 1. Raises `NotUnderstood` if there is none of that number."""
        if not 1 <= number <= self.parts:
            raise NotUnderstood
        return min(PART_BYTES, self.size - (number - 1) * PART_BYTES)

    def written(self) -> str:
        """The ticket for the script to carry."""
        return _tickets().dumps([self.key, self.upload_id, self.size])


def read_ticket(told: Any) -> Ticket:
    """The ticket that the script carried. Raises `NotUnderstood` if this console did not write it, or long ago."""
    try:
        return Ticket(*_tickets().loads(str(told), max_age=TICKET_S))
    except (BadSignature, TypeError) as error:
        raise NotUnderstood from error


def body() -> dict[str, Any]:
    """The request's JSON object. Raises `NotUnderstood`."""
    told = request.get_json(silent=True)
    if not isinstance(told, dict):
        raise NotUnderstood
    return told


def listed(told: Any, kind: type, at_most: int) -> list[Any]:
    """A list of `kind`. Raises `NotUnderstood`."""
    if not isinstance(told, list) or len(told) > at_most or not all(type(each) is kind for each in told):
        raise NotUnderstood
    return told


def prefix_in(told: dict[str, Any]) -> str:
    """How the keys begin: as the stage's rule says for a section and session, or as `place` does if that is said.

    Raises `NotUnderstood`, and `RecognitionError` with what to change.
    """
    section, session, place = (told.get(name, "") for name in ("section", "session", "place"))
    if not all(isinstance(each, str) and len(each) <= MAX_KEY_BYTES for each in (section, session, place)):
        raise NotUnderstood
    if place.strip():
        return f"{_name(place)}/"
    rule = the_stage().records.rule
    return rule.prefix_of(*(_name(each) if each.strip() else "" for each in (section, session)))


def offered(told: Any, prefix: str) -> Offered:
    """The file with the relative path `name`, `size` and, in hexadecimal, the bytes that it starts with.

    Raises `NotUnderstood`.
    """
    if not isinstance(told, dict):
        raise NotUnderstood
    name, size, start = (told.get(each) for each in ("name", "size", "start"))
    if not (isinstance(name, str) and type(size) is int and isinstance(start, str) and len(start) <= 2 * START_BYTES):
        raise NotUnderstood
    try:
        relative = safe_name(name)
        refused = why_not(relative, size, binascii.unhexlify(start))
    except ValueError as error:  # no name, no hexadecimal
        raise NotUnderstood from error
    key = f"{prefix}{relative}"
    if len(key.encode()) > MAX_KEY_BYTES:
        refused = refused or f"its name is too long: S3 takes {MAX_KEY_BYTES} bytes, the place included"
    return Offered(key, size, refused)


def _name(text: str) -> str:
    try:
        return str(safe_name(text))
    except ValueError as error:
        raise RecognitionError(f"{text!r} names no place") from error


def _tickets() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"upload of {user().name}")
