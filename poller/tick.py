"""`python -m poller.tick`: the program that cron starts every minute, and its composition root.

Nothing is decided here. The surprising rule: boto3 is imported only once settings and lock are ours, so that a second
tick costs next to nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence

if __name__ == "__main__":  # until the tick hears signals, let one end the program without a traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from poller import logs, sign_of_life
from poller.clock import SystemClock
from poller.course import Course, Ports
from poller.disk import disk_trouble
from poller.durable import DurableDirectory
from poller.errors import AwsError, SettingsError
from poller.history import PastTick, remember
from poller.lock import take
from poller.logs import log
from poller.ports import Clock
from poller.retention import remove_expired
from poller.settings import Settings, explain
from poller.stopping import End, bounded, obeying_signals
from poller.tally import EXIT_MEANS, Exit, Tally

HINT_OPEN = "others may look into RESULTS_DIR, or it is not ours: python -m poller.doctor tells what to do"

Connect = Callable[[Settings], Ports]


def parser() -> argparse.ArgumentParser:
    """The command line. Settings come from the environment; the help explains each."""
    codes = "\n".join(f"  {code.value}  {meaning}" for code, meaning in EXIT_MEANS.items())
    command = argparse.ArgumentParser(
        prog="python -m poller.tick",
        description="Invoke the function for waiting uploads and file the results that are ready. One tick, for cron.",
        epilog=f"environment:\n{explain()}\n\nexit codes, the worst one wins:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--drain-only", action="store_true", help="take no requests, only file waiting results")
    return command


def main(
    argv: Sequence[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    connect: Connect | None = None,
    end: End | None = None,
) -> int:
    """Run one tick and return its exit code; if that comes to hang beyond its bound, call `end` with the code."""
    options = parser().parse_args(argv)
    logs.configure("INFO")
    try:
        settings = Settings.from_environment(environment)
    except SettingsError as error:
        for problem in error.problems:
            log(logging.ERROR, "settings", hint=problem)
        return Exit.SETTINGS
    logs.configure(settings.log_level)
    tally = Tally()
    with bounded(settings.bound_s, SystemClock(), tally, end), obeying_signals(tally):
        return _locked(settings, tally, connect or _connect, options.drain_only)


def _locked(settings: Settings, tally: Tally, connect: Connect, drain_only: bool) -> int:
    """Run the tick if no other one has the lock; return the exit code."""
    try:
        with contextlib.ExitStack() as held:
            directory = held.enter_context(DurableDirectory(settings.results_dir))
            if not directory.is_private():
                log(logging.WARNING, "results_dir_open", hint=HINT_OPEN)
            if not take(directory, held):
                log(logging.INFO, "another_tick_runs")
                return Exit.FINE
            ended = _tick(settings, directory, tally, connect, drain_only)
            if not ended:  # somebody may still be writing: only the program's end gives up directory and lock
                held.pop_all()
            return tally.exit_code()
    except OSError as error:
        disk_trouble(error, tally)
        return Exit.DISK


def _tick(settings: Settings, directory: DurableDirectory, tally: Tally, connect: Connect, drain_only: bool) -> bool:
    """Run the tick and sum it up; tell whether all of it has ended."""
    clock = SystemClock()
    began = clock.monotonic()
    log(logging.INFO, "tick", drain_only=drain_only, trigger=settings.trigger)
    if removed := directory.remove_stale(clock.now()):
        log(logging.INFO, "stale_removed", count=removed)
    if expired := remove_expired(directory, settings.result_retention_days, clock.now()):
        log(logging.INFO, "expired_removed", count=expired)
    ended, ports = True, None
    try:
        ports = connect(settings)
        course = Course(settings, ports, directory, clock, tally, random.random, began)
        ended = _follow(course, settings, drain_only)
    except AwsError as error:
        tally.aws_trouble(error)
    seconds = round(clock.monotonic() - began, 1)
    past = _remember(directory, tally, clock, seconds)
    if ports and past and past.succeeded:
        sign_of_life.give(ports.sign_of_life, clock)
    counted = {**tally.counts(), **tally.waits()}
    log(logging.INFO, "summary", **counted, seconds=seconds, exit_code=tally.exit_code().value)
    return ended


def _follow(course: Course, settings: Settings, drain_only: bool) -> bool:
    """Take the course that was asked for. Where the queue invokes the function, its results come at any time."""
    if drain_only:
        return course.drain()
    return course.drain(settings.receive_s) if settings.trigger == "queue" else course.run()


def _remember(directory: DurableDirectory, tally: Tally, clock: Clock, seconds: float) -> PastTick | None:
    """Leave the tick's line for `poller.status`; None if the disk did not take it."""
    past = PastTick.of(tally, clock.now(), seconds)
    try:
        remember(directory, past)
    except OSError as error:
        disk_trouble(error, tally)
        return None
    return past


def _connect(settings: Settings) -> Ports:
    from poller import aws

    return aws.connect(settings, time.sleep)


def run() -> None:
    """Run the program. Threads in a long poll are left behind: waiting for them would break the bound."""
    logs.configure("INFO")
    logs.speak_alone()
    code = int(main(end=os._exit))
    sys.stdout.flush()
    logging.shutdown()
    os._exit(code)


if __name__ == "__main__":
    run()
