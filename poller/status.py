"""`python -m poller.status`: is the poller well? For a person, or with --json for a program.

Asks RESULTS_DIR alone, never AWS, so that it answers when the network does not. The surprising rule: everything shown
is a number, a time or a word of ours. Nothing out of a file is printed as it is, so no name, no key and no control
character can reach the screen.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from poller import program
from poller.durable import DurableDirectory
from poller.history import PastTick
from poller.logs import WAITS
from poller.settings import read
from poller.state import State, gather

LAST = 10
COUNTED = ("received", "done", "failed", "results")
HEADINGS = ("ended", "seconds", "code", *COUNTED, "request wait", "result wait")
CODES = """exit codes:
  0  the last success is younger than 20 minutes
  1  it is not, and the last line says what to do
  2  RESULTS_DIR is missing or cannot be read"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(
        prog="python -m poller.status",
        description="Is the poller well? Looks into RESULTS_DIR (from the environment) and asks nobody else.",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--json", action="store_true", help="one JSON object instead of a text")
    command.add_argument("--last", type=int, default=LAST, metavar="N", help=f"show the last N ticks ({LAST})")
    return command


def main(
    argv: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ, now: float | None = None
) -> int:
    """Show the state and return the exit code: 0 well, 1 not well, 2 nothing to look at."""
    options = parser().parse_args(argv)
    place = environment.get("RESULTS_DIR", "").strip()
    try:
        if not place or not Path(place).is_dir():  # opening it would make it
            print("RESULTS_DIR is missing or no directory: source the poller's environment file first", file=sys.stderr)  # noqa: T201
            return 2
        with DurableDirectory(Path(place)) as directory:
            state = gather(directory, time.time() if now is None else now, options.last)
    except OSError as error:
        reason = type(error).__name__
        print(f"RESULTS_DIR cannot be read ({reason}): run this as the poller's user", file=sys.stderr)  # noqa: T201
        return 2
    trigger = read(environment)[0].get("trigger", "poller")
    print(as_json(state, trigger) if options.json else as_text(state, trigger))  # noqa: T201
    return 1 if state.advice else 0


def as_json(state: State, trigger: str) -> str:
    """The state as one object; times in ISO 8601, UTC, durations in seconds. `trigger`: who invokes the function."""
    told = {
        "well": not state.advice,
        "advice": state.advice,
        "trigger": trigger,
        "running": state.running,
        "last_success": state.success and _utc(state.success.ended),
        "last_success_age_s": state.age_s,
        **{f"longest_{name}": state.longest(name) for name in WAITS},
        "filed_today": state.filed_today,
        "outcomes_today": dict(state.outcomes),
        "ticks": [{**asdict(tick), "ended": _utc(tick.ended)} for tick in state.ticks],
    }
    return json.dumps(told, indent=2)


def as_text(state: State, trigger: str) -> str:
    """The state as lines for a terminal; times are local. `trigger`: who invokes the function."""
    success = "never" if state.success is None else f"{_local(state.success.ended)}, {_span(state.age_s)} ago"
    outcomes = ", ".join(f"{count} {name}" for name, count in state.outcomes.items())
    lines = [
        f"last success   {success}",
        f"running now    {'yes' if state.running else 'no'}",
        *(["requests       taken by the queue's own mapping (POLLER_TRIGGER=queue)"] if trigger == "queue" else []),
        f"filed today    {state.filed_today}{f' ({outcomes})' if outcomes else ''}",
        f"longest waits  request {_span(state.longest(WAITS[0]))}, result {_span(state.longest(WAITS[1]))}",
        "",
        *_table([HEADINGS, *map(_row, state.ticks)]),
        "",
        f"NOT WELL: {state.advice}" if state.advice else "well",
    ]
    return "\n".join(lines)


def _row(tick: PastTick) -> tuple[str, ...]:
    counted = (str(tick.counts.get(name, 0)) for name in COUNTED)
    code = f"{tick.exit_code}{' stopped' if tick.stopped else ''}"
    return (_local(tick.ended), f"{tick.seconds:.1f}", code, *counted, *(_span(tick.waits[name]) for name in WAITS))


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def _span(seconds: float | None) -> str:
    """A duration as somebody would say it; a dash if it is not known."""
    if seconds is None:
        return "-"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{seconds:.0f} s"


def _local(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S")


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(program.run(main))
