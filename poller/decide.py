"""What to do with a request message, before and after the function was asked. Pure: no clock, no client, no chance.

`chance` is a draw from [0, 1) and `now` an epoch time, both passed in. The surprising rule: only an answer that
accounts for every record lets a message be deleted; everything else leaves it to SQS.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from wire.answer import Answer, read_answer
from wire.errors import WireError
from wire.s3_event import Fault, Notification, read_notification

BACKOFF_S = 30
BACKOFF_CAP_S = 900
JITTER_S = 5  # spreads those who wait for one lock
REASON_CHARACTERS = 250

Why = Literal["failed", "in_work", "not_started"]


@dataclass(frozen=True, slots=True)
class Delete:
    """The message has served."""


@dataclass(frozen=True, slots=True)
class Bury:
    """To the dead-letter queue with `reason`, then delete."""

    reason: str


@dataclass(frozen=True, slots=True)
class Return:
    """Leave the message and let it come back after `seconds`."""

    seconds: int
    why: Why


Settlement = Delete | Bury | Return


def before(body: str) -> Notification | Delete | Bury:
    """Whether to ask the function at all: a `Notification` means yes, with the whole body."""
    try:
        notification = read_notification(body)
    except WireError as error:
        return Bury(as_reason(str(error)))
    if notification.uploads:
        return notification
    return Bury(_reasons(notification.faults)) if notification.faults else Delete()


def after(payload: bytes, notification: Notification, receive_count: int, now: float, chance: float) -> Settlement:
    """What the function's answer means for the message."""
    try:
        answer = read_answer(payload)
    except WireError:
        return failed(receive_count, chance)
    if answer.accounts_for(notification):
        return Bury(_reasons(answer.refused)) if answer.refused else Delete()
    if answer.in_work:
        return Return(_until_free(answer, now, chance), "in_work")
    return failed(receive_count, chance)


def failed(receive_count: int, chance: float) -> Return:
    """A failure on the function's side."""
    return Return(backoff(receive_count, chance), "failed")


def backoff(receive_count: int, chance: float) -> int:
    """Whole seconds, 1 to 900: full jitter below 30 s doubled with each delivery after the first."""
    ceiling = min(BACKOFF_CAP_S, BACKOFF_S << min(max(receive_count, 1) - 1, 10))
    return max(1, math.ceil(chance * ceiling))


def _until_free(answer: Answer, now: float, chance: float) -> int:
    """Seconds until the last foreign lock has expired; a time that makes no sense counts as soon."""
    until = max(item.until for item in answer.in_work)
    left = until - now
    return math.ceil(min(max(left, 1.0), float(BACKOFF_CAP_S)) + chance * JITTER_S)


def _reasons(faults: Iterable[Fault]) -> str:
    return as_reason("; ".join(f"record {fault.record}: {fault.reason}" for fault in faults))


def as_reason(text: str) -> str:
    """`text` fit for an SQS attribute: XML characters, 1 to 250 of them."""
    clean = "".join(c if _is_xml(ord(c)) else "?" for c in text[:REASON_CHARACTERS])
    return clean.strip() or "no reason was given"


def _is_xml(c: int) -> bool:
    return c in (0x9, 0xA, 0xD) or 0x20 <= c <= 0xD7FF or 0xE000 <= c <= 0xFFFD or 0x10000 <= c <= 0x10FFFF
