"""What a stage keeps, how old it is, and whether it should be gone: the report on retention.

Pure. The surprising rule: a thing is overdue two days after its limit, not at once: S3 and DynamoDB delete when they
get to it, which may take that long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from recognition.columns import aligned
from recognition.erasure.places import Version

GRACE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Limits:
    """After how many days a bucket's rules end an object, and a version that is no longer current; None: never."""

    current: int | None = None
    older: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """So many things in a place; `oldest` and `newest` are their ages in days, `limit` when they end, in days.

    `overdue` of them should be gone by now. `advice` is what to do about this place; empty: nothing.
    """

    place: str
    what: str
    count: int
    size: int = 0
    oldest: float | None = None
    newest: float | None = None
    limit: int | None = None
    overdue: int = 0
    advice: str = ""


def kept_in(place: str, what: str, versions: Sequence[Version], limits: Limits, now: datetime) -> list[Kept]:
    """What a bucket keeps: current objects, and older versions. Markers hold nothing and do not count.

    An older version's time runs from when it was replaced, which nobody tells: it is never called late.
    """
    current = [each for each in versions if each.current and not each.marker]
    older = [each for each in versions if not each.current and not each.marker]
    overdue = sum(_is_late(each, limits.current, now) for each in current)
    return [
        replace(_kept(place, what, current, limits.current, now), overdue=overdue, advice=_advice(overdue)),
        _kept(place, "older versions", older, limits.older, now),
    ]


def kept_items(expiries: Iterable[float], ttl: bool, now: datetime) -> Kept:
    """What `job_table` keeps; `expiries` are in seconds since the epoch, 0 where an item has none."""
    found = list(expiries)
    overdue = sum(0 < each < (now - GRACE).timestamp() for each in found)
    endless = sum(each <= 0 for each in found)
    advice = "TTL is off: deploy the stage again" if not ttl else _advice(overdue)
    return Kept("job table", "decisions", len(found), overdue=overdue + endless, advice=advice or _endless(endless))


def as_json(kept: Sequence[Kept]) -> list[dict[str, object]]:
    """As plain data."""
    return [asdict(each) for each in kept]


def as_text(kept: Sequence[Kept]) -> str:
    """As a table and, below it, what to do."""
    lines = aligned([("place", "what", "count", "MB", "oldest", "newest", "ends after", "overdue"), *map(_row, kept)])
    return "\n".join([*lines, *(f"{each.place}: {each.advice}" for each in kept if each.advice)])


def _kept(place: str, what: str, versions: Sequence[Version], limit: int | None, now: datetime) -> Kept:
    ages = [(now - each.written) / timedelta(days=1) for each in versions]
    return Kept(
        place=place,
        what=what,
        count=len(versions),
        size=sum(each.size for each in versions),
        oldest=max(ages, default=None),
        newest=min(ages, default=None),
        limit=limit,
    )


def _is_late(version: Version, limit: int | None, now: datetime) -> bool:
    return limit is not None and now - version.written > timedelta(days=limit) + GRACE


def _advice(overdue: int) -> str:
    return f"{overdue} should be gone: are the lifecycle rules and the TTL still on?" if overdue else ""


def _endless(count: int) -> str:
    return f"{count} have no end: written by another version?" if count else ""


def _row(kept: Kept) -> tuple[str, ...]:
    limit = "never" if kept.limit is None else f"{kept.limit} d"
    size = f"{kept.size / 1e6:.1f}" if kept.size else "-"
    return (
        kept.place,
        kept.what,
        str(kept.count),
        size,
        _days(kept.oldest),
        _days(kept.newest),
        limit,
        str(kept.overdue),
    )


def _days(age: float | None) -> str:
    return "-" if age is None else f"{max(0.0, age):.1f} d"
