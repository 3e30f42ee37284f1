"""How the poller is, as far as RESULTS_DIR can tell: what `poller.status` shows, gathered without AWS.

Knows the directory and what ticks leave in it. The surprising rule: outcomes are read from the records of today, but
from no more than 1,000 of them; further ones are only counted, so that a busy day does not make the question dear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from poller import lock
from poller.durable import DurableDirectory
from poller.history import PastTick, last_success, last_ticks
from wire.errors import WireError
from wire.result_json import read_result
from wire.result_message import OUTCOMES

FRESH_S = 20 * 60  # as long as the alarm waits; a tick may last 16 minutes
AHEAD_S = 5 * 60  # a success that lies further ahead tells of a clock that was off
READ_RECORDS = 1000
RECORD_BYTES = 1 << 20
CRON = "is cron running the poller? See its crontab entry and its log; docs/poller.md, Is it well?"
CLOCK = "the last success lies in the future: check this machine's clock"


@dataclass(frozen=True, slots=True)
class State:
    """All of it. Times are epoch seconds; `ticks` has the latest last; `outcomes` are of `filed_today`."""

    now: float
    running: bool
    success: PastTick | None
    ticks: list[PastTick]
    filed_today: int
    outcomes: Mapping[str, int]

    @property
    def age_s(self) -> float | None:
        """Seconds since the last success; None if there was none."""
        return None if self.success is None else max(0.0, self.now - self.success.ended)

    @property
    def advice(self) -> str:
        """What to do; nothing if the last success is fresh."""
        if self.success is None:
            return f"no tick has succeeded yet: {CRON}"
        if self.success.ended > self.now + AHEAD_S:
            return CLOCK
        if self.now - self.success.ended < FRESH_S:
            return ""
        if self.ticks and self.ticks[-1].ended > self.success.ended:
            return "ticks run, but none succeeds: follow the `hint` in the poller's log"
        return f"no tick has succeeded for {FRESH_S // 60} minutes: {CRON}"

    def longest(self, wait: str) -> float | None:
        """The longest wait of that kind in `ticks`, in seconds; None if none is known."""
        return max((known for tick in self.ticks if (known := tick.waits[wait]) is not None), default=None)


def gather(directory: DurableDirectory, now: float, at_most: int) -> State:
    """The state at `now`, with `at_most` ticks. Raises `OSError`."""
    midnight = datetime.fromtimestamp(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    names = directory.modified_since(".json", midnight.timestamp())
    outcomes = Counter(_outcome(directory, name) for name in names[:READ_RECORDS])
    if (uncounted := len(names) - READ_RECORDS) > 0:
        outcomes["not_read"] = uncounted
    return State(
        now=now,
        running=lock.is_taken(directory),
        success=last_success(directory),
        ticks=last_ticks(directory, at_most),
        filed_today=len(names),
        outcomes={name: count for name, count in sorted(outcomes.items()) if count},
    )


def _outcome(directory: DurableDirectory, name: str) -> str:
    """A record's outcome, a word of ours in any case: what lies in the directory may have been tampered with."""
    try:
        outcome = read_result(directory.read(name, RECORD_BYTES) or b"").outcome
    except (WireError, ValueError, RecursionError, PermissionError):
        return "unreadable"
    return outcome if outcome in OUTCOMES else "unreadable"
