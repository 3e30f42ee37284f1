"""Finished versions in pages, newest first, and what is being worked on. The values; `aws.latest` reads them.

Pure. The surprising rule: a page ends at a place in time, not after a number of versions. What is finished, erased or
forgotten between two pages neither repeats a version nor hides one.
"""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from recognition.errors import RecognitionError
from recognition.finished import FinishedVersion
from wire.result_message import Outcome

DIGEST_BYTES, TIME_BYTES = 32, 6
BEYOND_MS = 10**13  # the year 2286: what `aws.jobs.ordering` has digits for

Wanted: TypeAlias = Callable[[FinishedVersion], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list goes on: behind the version `job_id`, listed under `at_ms`, milliseconds since the epoch."""

    job_id: str
    at_ms: int

    @property
    def token(self) -> str:
        """51 characters that fit any URL, and tell of nobody."""
        raw = bytes.fromhex(self.job_id) + self.at_ms.to_bytes(TIME_BYTES, "big")
        return urlsafe_b64encode(raw).decode().rstrip("=")


def read_place(token: str) -> Place:
    """The place that a token names. Raises `RecognitionError` for a text that is none.

    A made-up token of the right form is a place, too: from there the list shows what its reader may see anyway.
    """
    try:
        raw = b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    at_ms = int.from_bytes(raw[DIGEST_BYTES:], "big")
    if len(raw) != DIGEST_BYTES + TIME_BYTES or at_ms >= BEYOND_MS:
        raise RecognitionError("this is no place in the list of clips: begin at its newest one")
    return Place(raw[:DIGEST_BYTES].hex(), at_ms)


@dataclass(frozen=True, slots=True)
class Page:
    """Finished versions, newest first. `after` is where the list goes on, a token; None at its end.

    Fewer versions than were asked for, even none, with an `after`: enough was looked at for one page.
    """

    versions: tuple[FinishedVersion, ...]
    after: str | None = None


def page_of(listed: Iterable[tuple[Place, FinishedVersion | None]], limit: int, look_at: int, wanted: Wanted) -> Page:
    """The first `limit` versions that are wanted among the first `look_at` that are listed, 1 or more of each.

    None stands for one that is passed over.
    """
    found: list[FinishedVersion] = []
    last: Place | None = None
    for looked_at, (place, version) in enumerate(listed):
        if last is not None and (len(found) == limit or looked_at == look_at):
            return Page(tuple(found), last.token)
        if version is not None and wanted(version):
            found.append(version)
        last = place
    return Page(tuple(found))


@dataclass(frozen=True, slots=True)
class AtWork:
    """A version whose work began at `since` and is not finished; the lock ends at `until`. Seconds since the epoch."""

    job_id: str
    key: str
    since: float
    until: float

    def is_held(self, now: float) -> bool:
        """Whether it is worked on at `now`. If not, the work broke off, and waits to be delivered again or given up."""
        return now <= self.until


@dataclass(frozen=True, slots=True)
class Figures:
    """What one finished version came to: when (epoch seconds), its outcome and the result's reason, milliseconds of
    work and US dollars; None where that was not kept."""

    at: float
    outcome: Outcome
    took_ms: float | None
    usd: float | None
    reason: str
