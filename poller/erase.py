"""`python -m poller.erase STUDENT`: erase a student on this machine by hand.

For machines that share a stage with others: the queue gives its request to one of them. Asks RESULTS_DIR alone, never
AWS. The surprising rule: it takes the tick's lock, so that no result is filed in between; it waits for a tick to end.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from poller import program
from poller.clock import SystemClock
from poller.durable import DurableDirectory
from poller.erasing import erase
from poller.lock import take
from poller.ports import Clock
from wire.erasure_message import MAX_ID

LOOK_S = 1.0
CODES = f"""exit codes:
  0  nothing on this machine names the student any more, and nothing that arrives will for 30 days
  1  a tick was running for all of --wait; try again
  2  RESULTS_DIR is missing or cannot be used, or the id is none
{program.FAULT_MEANS}"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(
        prog="python -m poller.erase",
        description="Erase a student from the files in RESULTS_DIR (from the environment).",
        epilog=CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("student", help="the student's id, as in student_table")
    command.add_argument("--wait", type=float, default=1200.0, metavar="S", help="for a running tick to end (1200)")
    return command


def main(
    argv: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ, clock: Clock | None = None
) -> int:
    """Erase and say what was done; the exit code is one of `CODES`."""
    options = parser().parse_args(argv)
    place = environment.get("RESULTS_DIR", "").strip()
    if not options.student.strip() or len(options.student) > MAX_ID:
        print(f"STUDENT is an id of 1 to {MAX_ID} characters, as in student_table", file=sys.stderr)  # noqa: T201
        return 2
    try:
        if not place or not Path(place).is_dir():
            print("RESULTS_DIR is missing or no directory: source the poller's environment file first", file=sys.stderr)  # noqa: T201
            return 2
        return _erase(Path(place), options.student, options.wait, clock or SystemClock())
    except OSError as error:
        print(f"RESULTS_DIR cannot be used ({type(error).__name__}): run this as the poller's user", file=sys.stderr)  # noqa: T201
        return 2


def _erase(place: Path, student_id: str, wait_s: float, clock: Clock) -> int:
    until = clock.monotonic() + wait_s
    with DurableDirectory(place) as directory:
        while True:
            with contextlib.ExitStack() as held:
                if take(directory, held):
                    done = erase(directory, student_id, clock.now())
                    print(f"{done.rewritten} file(s) written anew, {done.removed} removed")  # noqa: T201
                    return 0
            if clock.monotonic() >= until:
                print("a tick is still running: try again", file=sys.stderr)  # noqa: T201
                return 1
            clock.wait(threading.Event(), LOOK_S)


if __name__ == "__main__":
    sys.exit(program.run(main))
