"""The crontab's entry, `python -m poller.tick`, run for real: when it began, what it used, what it logged.

Knows nothing of what the ticks do. The surprising rule: a tick is started by a small process of its own, because what
the system says of a child's memory starts with that of its parent, and a benchmark has grown by the time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from localcloud import Cloud

ROOT = Path(__file__).resolve().parents[1]
IDLE_TICKS = 5
PROGRAM = "poller.tick"
ENDS = frozenset({"done", "failed", "in_work", "not_started", "outcome_unknown"})

_STARTER = """
import json, os, sys
number = os.posix_spawn(sys.executable, [sys.executable, "-m", sys.argv[1]], os.environ)
_, status, spent = os.wait4(number, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), spent.ru_utime + spent.ru_stime, spent.ru_maxrss]))
"""


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick that has ended. `began` and `ended` are seconds since the epoch, `cpu_s` its user and system time."""

    code: int
    began: float
    ended: float
    cpu_s: float
    peak_bytes: int
    log: tuple[dict[str, Any], ...]

    def count(self, event: str, **fields: object) -> int:
        """How many lines it logged of an event with these fields."""
        return sum(line["event"] == event and fields.items() <= line.items() for line in self.log)

    def most_in_hand(self) -> int:
        """How many messages it had in hand at most, by its own log."""
        now = most = 0
        for line in self.log:
            now += (line["event"] == "invoke") - (line["event"] in ENDS)
            most = max(most, now)
        return most


def environment(cloud: Cloud, results: Path, told: Mapping[str, str]) -> dict[str, str]:
    """What the crontab gives a tick: the poller's rights, defaults, and `told`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("POLLER_")}
    return {**ours, **cloud.poller, "RESULTS_DIR": str(results), "PYTHONPATH": str(ROOT), **told}


def start(given: Mapping[str, str], program: str = PROGRAM) -> subprocess.Popen[str]:
    """Start a tick; `end` waits for it."""
    command = [sys.executable, "-S", "-E", "-c", _STARTER, program]
    return subprocess.Popen(
        command, env=dict(given), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def end(process: subprocess.Popen[str], began: float) -> Tick:
    """Wait for a tick. Raises `click.ClickException` with its last words when it failed for good."""
    printed, said = process.communicate()
    try:
        log = tuple(json.loads(line) for line in said.splitlines())
        code, cpu_s, peak = json.loads(printed)
    except ValueError as error:
        raise click.ClickException(f"a tick failed:\n{said[-2000:]}") from error
    if code > 1:  # 1: messages were left, which SQS brings back
        raise click.ClickException(f"a tick ended with {code}:\n{said[-2000:]}")
    return Tick(code, began, time.time(), cpu_s, peak * (1 if sys.platform == "darwin" else 1024), log)


def tick(given: Mapping[str, str]) -> Tick:
    """Run one tick."""
    began = time.time()
    return end(start(given), began)


def tick_until(count: int, results: Path, given: Mapping[str, str]) -> list[Tick]:
    """Run ticks back to back until `count` results are on the disk, or five ticks in a row brought none."""
    ticks: list[Tick] = []
    idle = 0
    while (before := len(records(results))) < count and idle < IDLE_TICKS:
        ticks.append(tick(given))
        idle = idle + 1 if len(records(results)) == before else 0
    return ticks


def records(results: Path) -> list[Path]:
    """The complete results on the disk: a record is written after its CSV."""
    return sorted(results.glob("[!.]*.json"))


def last_on_disk(results: Path) -> float:
    """When the last result was written, in seconds since the epoch."""
    return max(file.stat().st_mtime for file in records(results))
