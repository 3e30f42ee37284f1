"""`python -m poller.dlq`: what to do about dead letters. The program and its composition root; nothing is decided here.

For an operator, under the operator's role: the poller's own may not touch dead letters. The surprising rule: SQS shows
a message only by handing it out, so whatever is listed is hidden from others while the program runs, and put back
after.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from poller import program
from poller.clock import SystemClock
from poller.dlq_options import Code, parser
from poller.errors import AwsError
from poller.looking import HIDE_S, Looking, Place
from poller.operating import Desk
from poller.ports import MeasuredQueue
from poller.replies import HINT_RIGHTS
from poller.settings import read
from poller.stopping import obeying_signals
from poller.tally import Tally

QUEUES = ("request_queue_url", "output_queue_url", "dead_letter_queue_url", "output_dead_letter_queue_url")

Connect = Callable[[str, Sequence[str], Callable[[float], None]], Sequence[MeasuredQueue]]


def main(
    argv: Sequence[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    connect: Connect | None = None,
) -> int:
    """Do what the arguments ask and return the exit code."""
    options = parser().parse_args(argv)
    values, problems = read(environment)
    needed = ["region", *QUEUES]
    if options.verb == "discard" and not options.no_copy:
        needed.append("results_dir")
    if missing := [problems[name] for name in needed if name in problems]:
        for problem in missing:
            _tell(problem)
        return Code.USAGE
    tally = Tally()
    with obeying_signals(tally):
        return _carried_out(options, values, connect or _connect, tally.terminated)


def _carried_out(options: argparse.Namespace, values: dict[str, Any], connect: Connect, stop: threading.Event) -> Code:
    try:
        queues = connect(values["region"], [values[name] for name in QUEUES], lambda s: _sleep(stop, s))
        requests, output, dead, output_dead = queues
        places = [Place(dead, "requests"), Place(output_dead, "output")]
        if values["dead_letter_queue_url"] == values["output_dead_letter_queue_url"]:
            places = [Place(dead, None)]
        if busy := sum(place.queue.depth().in_flight for place in places):
            _tell(f"{busy} in somebody else's hands just now, not seen here: for {HIDE_S // 60} minutes at most")
        with Looking(places, SystemClock(), stop) as looking:
            desk = Desk(looking, {"requests": requests, "output": output}, _say, _tell)
            done = _verb(desk, options, values)
    except AwsError as error:
        _tell(f"{error}; what was looked at shows up again within {HIDE_S // 60} minutes")
        if error.hint == HINT_RIGHTS:
            _tell("dead letters need the operator's role, the poller's will not do: docs/operations.md")
        return Code.AWS
    if stop.is_set():
        _tell("stopped by a signal; what was looked at is back in its queue")
    return Code.DONE if done and not stop.is_set() else Code.PARTLY


def _verb(desk: Desk, options: argparse.Namespace, values: dict[str, Any]) -> bool:
    if options.verb == "list":
        return desk.listing(options.limit, options.json)
    if options.verb == "show":
        return desk.show(options.id)
    if options.verb == "redrive":
        return desk.redrive_all(options.force) if options.all else desk.redrive(options.ids, options.force)
    copies: Path | None = None if options.no_copy else values["results_dir"]
    return desk.discard(options.ids, copies)


def _sleep(stop: threading.Event, seconds: float) -> None:
    stop.wait(seconds)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _tell(line: str) -> None:
    sys.stderr.write(f"dlq: {line}\n")


def _connect(region: str, urls: Sequence[str], sleep: Callable[[float], None]) -> Sequence[MeasuredQueue]:
    from poller import aws

    return aws.open_queues(region, urls, sleep)


if __name__ == "__main__":
    sys.exit(program.run(main))
