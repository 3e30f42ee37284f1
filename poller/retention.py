"""Results on this machine end, too: files older than RESULT_RETENTION_DAYS are removed, once a day.

Knows the directory. The surprising rule: only files named as results are touched, whoever else keeps files there; and
a clock that jumps removes nothing on its first day: only where a tick looked within the last three days, by this clock,
is anything removed. A file's age is that of its writing, which an erasure leaves as it was.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

from poller.durable import DurableDirectory
from poller.naming import ID_DIGITS, VARIANT_DIGITS

SWEPT = ".last-sweep"
DAY_S = 24 * 3600
TRUSTED = timedelta(days=3)
DATE_BYTES = 10
RESULTS = re.compile(
    rf"[A-Za-z0-9._][A-Za-z0-9._-]*-[0-9a-f]{{{ID_DIGITS}}}(-[0-9a-f]{{{VARIANT_DIGITS}}})?\.(csv|json)"
    r"|\.discarded-.+\.message"
)


def remove_expired(directory: DurableDirectory, days: int, now: float) -> int | None:
    """Remove what is older than `days` (0: nothing ever is) at `now`, seconds since the epoch; return how many files.

    None if that was done today (UTC) already, or the clock is not trusted yet. Raises `OSError`.
    """
    today, last = datetime.fromtimestamp(now, timezone.utc).date(), _last(directory)
    if not days or last == today:
        return None
    trusted = last is not None and timedelta(0) < today - last <= TRUSTED
    removed = directory.remove_older(RESULTS, now - days * DAY_S) if trusted else None
    directory.write(SWEPT, today.isoformat().encode())
    return removed


def _last(directory: DurableDirectory) -> date | None:
    """The day that was looked at last, as this clock had it."""
    try:
        return date.fromisoformat((directory.read(SWEPT, DATE_BYTES) or b"").decode())
    except ValueError:
        return None
