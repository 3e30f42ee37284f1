"""`python -m poller.status`: what this machine's poller did lately. Asks nobody: it reads RESULTS_DIR and no more.

The surprising rule: whether a tick is running is read from the kernel's list of locks. Trying the lock would keep a
tick that starts in that instant from working.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from poller import history
from poller.durable import DurableDirectory
from poller.tick import LOCK
from wire.errors import WireError
from wire.result_json import read_result

SILENT_S = 1200.0  # a tick may last 16 minutes
LOCKS = Path("/proc/locks")
COLUMNS = {
    "at": "ended",
    "seconds": "took s",
    "exit_code": "exit",
    "received": "requests",
    "done": "done",
    "failed": "failed",
    "results": "results",
    "dead_lettered": "dead",
    "longest_request_wait_s": "waited s",
}


@dataclass(frozen=True, slots=True)
class Status:
    """`since_success_s`: seconds since the last success, None if there never was one. `running`: None is unknown."""

    since_success_s: float | None
    running: bool | None
    results_today: Mapping[str, int]
    ticks: Sequence[history.Record]

    @property
    def is_well(self) -> bool:
        """Whether the last success is recent."""
        return self.since_success_s is not None and self.since_success_s < SILENT_S


def look(folder: Path, last: int, now: float) -> Status:
    """The status of the poller that files into `folder`. Raises `OSError`."""
    with DurableDirectory(folder) as directory:
        success = history.last_success(directory)
        ticks = history.ticks(directory)[-last:] if last else []
    return Status(None if success is None else max(0.0, now - success), _runs(folder), _filed_today(folder, now), ticks)


def _runs(folder: Path) -> bool | None:
    """Whether somebody has the tick's lock. None: this system does not tell, or there is no lock file."""
    try:
        inode = (folder / LOCK).stat(follow_symlinks=False).st_ino
        locks = LOCKS.read_text()
    except OSError:
        return None
    rows = (line.split() for line in locks.splitlines())
    return any("FLOCK" in row and any(word.endswith(f":{inode}") for word in row) for row in rows)


def _filed_today(folder: Path, now: float) -> Mapping[str, int]:
    """How many results of each outcome were filed since midnight, local time."""
    midnight = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.name.endswith(".json") and _is_new(e, midnight)]
    with DurableDirectory(folder) as directory:
        return dict(Counter(_outcome(directory.read(name) or b"") for name in names))


def _is_new(entry: os.DirEntry[str], since: float) -> bool:
    if entry.name.startswith(".") or not entry.is_file(follow_symlinks=False):
        return False
    return entry.stat(follow_symlinks=False).st_mtime >= since


def _outcome(record: bytes) -> str:
    try:
        return read_result(record).outcome
    except (WireError, ValueError):
        return "unreadable"


def show(status: Status) -> str:
    """The status for a person."""
    running = {True: "yes", False: "no", None: "unknown"}[status.running]
    filed = ", ".join(f"{count} {outcome}" for outcome, count in sorted(status.results_today.items()))
    lines = [
        f"last success   {_ago(status.since_success_s)}",
        f"a tick runs    {running}",
        f"results today  {sum(status.results_today.values())}" + (f" ({filed})" if filed else ""),
    ]
    if not status.is_well:
        lines += ["", "No tick has succeeded for a while: is cron running, and what does the log say?"]
        lines += ["python -m poller.doctor looks for the cause."]
    return "\n".join([*lines, "", *_table(status.ticks)])


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return f"{seconds:.0f} s ago" if seconds < 120 else f"{seconds / 60:.0f} min ago"


def _table(ticks: Sequence[history.Record]) -> list[str]:
    rows = [list(COLUMNS.values()), *([_cell(tick.get(name, "")) for name in COLUMNS] for tick in ticks)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def _cell(value: float | str) -> str:
    """What a file says, without what could drive a terminal."""
    return "".join(c if c.isprintable() else "?" for c in str(value))[:25]


def main(argv: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Print the status; 0 if a tick succeeded lately, 1 if not, 2 if there is nothing to look at."""
    parser = argparse.ArgumentParser(prog="python -m poller.status", description=__doc__.split(":", 1)[1].split(".")[0])
    parser.add_argument("--last", type=int, default=10, metavar="N", help="how many ticks to show (10)")
    parser.add_argument("--json", action="store_true", help="the same as data")
    options = parser.parse_args(argv)
    folder = environment.get("RESULTS_DIR", "").strip()
    if not folder or not Path(folder).is_dir():
        print(
            "RESULTS_DIR must name the results directory: source the poller's environment file first", file=sys.stderr
        )
        return 2
    try:
        status = look(Path(folder), max(0, options.last), time.time())
    except OSError as error:
        print(f"RESULTS_DIR cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    print(json.dumps({**asdict(status), "well": status.is_well}) if options.json else show(status))
    return 0 if status.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
