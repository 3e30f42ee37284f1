"""What past ticks left in RESULTS_DIR: the last success, and a line for each of the last 1,500 ticks.

Knows the directory and the tally, no client. The surprising rule: whatever lies in these files is believed only as
far as it makes sense. A line that does not is passed over, a file that is too large is begun anew, and neither breaks
a tick. Both names begin with a dot: whoever looks for results must not see them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from poller.durable import DurableDirectory
from poller.logs import COUNTS, WAITS
from poller.tally import Exit, Tally

LAST_SUCCESS = ".last-success"
HISTORY = ".ticks.jsonl"
KEPT_LINES = 1500  # a day of ticks
LINE_BYTES = 1000  # the longest that a tick writes has about 400
HISTORY_BYTES = KEPT_LINES * LINE_BYTES
LARGEST = 1e11  # no count is larger, no number of seconds, no time: these are 3,000 years


@dataclass(frozen=True, slots=True)
class PastTick:
    """One tick that has ended, at `ended` (epoch seconds) after `seconds`. `stopped`: a signal cut it short.

    The waits are the longest, in seconds; None where none is known. `counts` holds what is not zero.
    """

    ended: float
    seconds: float
    exit_code: int
    stopped: bool = False
    waits: Mapping[str, float | None] = field(default_factory=lambda: dict.fromkeys(WAITS))
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, tally: Tally, ended: float, seconds: float) -> PastTick:
        """What is to be remembered of the tick that the tally counted for."""
        counts = {name: count for name, count in tally.counts().items() if count}
        return cls(ended, seconds, int(tally.exit_code()), tally.terminated.is_set(), tally.waits(), counts)

    @property
    def succeeded(self) -> bool:
        """Whether it did what a tick is for: it met no trouble, and nobody stopped it."""
        return self.exit_code <= Exit.LEFT_OVER and not self.stopped


def remember(directory: DurableDirectory, tick: PastTick) -> None:
    """Append the tick to the history and, if it succeeded, make it the last success. Raises `OSError`."""
    line = _line(tick)
    lines = [*_lines(directory)[-(KEPT_LINES - 1) :], line]
    directory.write(HISTORY, b"".join(line + b"\n" for line in lines))
    if tick.succeeded:
        directory.write(LAST_SUCCESS, line + b"\n")


def last_success(directory: DurableDirectory) -> PastTick | None:
    """The last tick that succeeded; None if there was none or nothing sensible is on the disk. Raises `OSError`."""
    return _past_tick(directory.read(LAST_SUCCESS, LINE_BYTES) or b"")


def last_ticks(directory: DurableDirectory, at_most: int) -> list[PastTick]:
    """The last ticks, the latest one last. Raises `OSError`."""
    ticks = [tick for line in _lines(directory) if (tick := _past_tick(line))]
    return ticks[-at_most:] if at_most > 0 else []


def _lines(directory: DurableDirectory) -> list[bytes]:
    """The lines of the history that are not absurdly long; none if somebody made the file itself unreadable."""
    try:
        content = directory.read(HISTORY, HISTORY_BYTES + 1) or b""
    except PermissionError:
        return []
    if len(content) > HISTORY_BYTES:
        return []
    return [line for line in content.split(b"\n") if 0 < len(line) <= LINE_BYTES]


def _line(tick: PastTick) -> bytes:
    at = datetime.fromtimestamp(tick.ended, timezone.utc).isoformat(timespec="seconds")
    known = {name: seconds for name, seconds in tick.waits.items() if seconds is not None}
    told = {"at": at, "seconds": tick.seconds, "exit_code": tick.exit_code, "stopped": tick.stopped}
    return json.dumps({**told, **known, "counts": dict(tick.counts)}).encode()


def _past_tick(line: bytes) -> PastTick | None:
    """What a line says; None unless it is one that `_line` could have written."""
    try:
        told = json.loads(line)
        at = datetime.fromisoformat(told["at"])
        if at.tzinfo is None:
            return None
        return PastTick(
            ended=_number(at.timestamp()),
            seconds=_number(told["seconds"]),
            exit_code=int(Exit(told["exit_code"])),
            stopped=told["stopped"] is True,
            waits={name: _number(told[name]) if name in told else None for name in WAITS},
            counts={name: int(_number(told["counts"][name])) for name in COUNTS if name in told["counts"]},
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= LARGEST:
        raise ValueError("is no sensible number")
    return value
