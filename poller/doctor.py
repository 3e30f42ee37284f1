"""`python -m poller.doctor`: what is wrong here, and what to do about it. The program and its composition root.

Run it as the poller runs: its user, its environment file, its profile. What is looked at is in `examine.everything`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from poller import program
from poller.examine import cloud, everything
from poller.examine.finding import Finding, State, as_text
from poller.settings import read

EPILOG = f"""\
Run it as the poller runs, with the poller's environment:  . /etc/smart-classroom/poller.env && … -m poller.doctor
It takes {everything.LONGEST_S:.0f} s at most, invokes nothing, and takes no message from any queue.

exit codes:
  0  all is well (what was skipped says so)
  1  warnings, nothing worse
  2  errors (or wrong usage)
{program.FAULT_MEANS}
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(
        prog="python -m poller.doctor",
        description="Examine settings, credentials, clock, queues, function and disk, and say what to do.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--json", action="store_true", help="the same as data: a list of objects")
    return command


def main(
    argv: Sequence[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    connect: everything.Open | None = None,
) -> int:
    """Examine everything, print the report and return the exit code."""
    options = parser().parse_args(argv)
    values, problems = read(environment)
    findings = [
        *everything.settings(values, problems),
        *everything.on_this_machine(values),
        *everything.at_aws(values, connect or _connect),
    ]
    if options.json:
        told = [{"check": f.check, "state": f.state.value, "found": f.found, "do": f.do} for f in findings]
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        sys.stdout.write(f"{as_text(findings)}\n\n{_summary(findings)}\n")
    return exit_code(findings)


def exit_code(findings: Sequence[Finding]) -> int:
    """0, 1 or 2: the worst of it."""
    states = {one.state for one in findings}
    return 2 if State.ERROR in states else 1 if State.WARNING in states else 0


def _summary(findings: Sequence[Finding]) -> str:
    counts = Counter(one.state for one in findings)
    parts = [(counts[State.ERROR], "error"), (counts[State.WARNING], "warning")]
    worst = ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in parts if count)
    return worst or "all is well"


def _connect(region: str) -> cloud.Instruments:
    from poller.instruments import instruments

    return instruments(region, time.sleep, time.time)


def run() -> None:
    """Run the program. Checks that hang are left behind: waiting for them would break the bound."""
    os._exit(program.run(main))


if __name__ == "__main__":
    run()
