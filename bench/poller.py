"""How near the poller comes to full use of 32 slots, what an idle tick costs, and its memory before 10,000 messages.

Real ticks against a local cloud whose function is the deployed one with recognition replaced by a pause. The baseline
is a plain pool of as many threads that only invokes: what this machine and the emulator allow. The surprising rule:
the function's processes are started before anything is measured, which AWS does on machines of its own.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

import localcloud
from bench.command import json_option, write_figures
from bench.ticks import Tick, end, environment, last_on_disk, records, start, tick, tick_until
from bench.waiting import all_through, empty, invoker, put_clips, put_messages, take_bodies
from localcloud.errors import LocalCloudError
from localcloud.stub import replace_recognition

AT_ONCE = 32
SECONDS = 2.0
POOL_ROUNDS = 5
IDLE_TICKS = 3
FEW, MANY = 10, 10_000
CROWDED = {"POLLER_RECEIVE_S": "15", "POLLER_WAIT_S": "1"}


@dataclass(frozen=True, slots=True)
class Drained:
    """A backlog on the disk: seconds from the first tick's start to the last result, and the ticks it took."""

    seconds: float
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything measured; `pool_s` is what the baseline took for `pool_count` invocations."""

    count: int
    pool_count: int
    pool_s: float
    one_window: Drained
    as_shipped: Drained
    idle: tuple[Tick, ...]
    few: Tick
    many: Tick


def ideal_s(count: int) -> float:
    """Seconds that `count` invocations take when no slot is ever empty."""
    return math.ceil(count / AT_ONCE) * SECONDS


def figures(measured: Measured) -> dict[str, object]:
    """The figures of the JSON file."""
    ideal = ideal_s(measured.count)
    pool = ideal_s(measured.pool_count) / measured.pool_s
    efficiency = ideal / measured.one_window.seconds
    ticks = (*measured.one_window.ticks, *measured.as_shipped.ticks, measured.few, measured.many)
    return {
        "messages": measured.count,
        "at_once": AT_ONCE,
        "seconds_each": SECONDS,
        "efficiency": round(efficiency, 3),
        "efficiency_of_pool": round(pool, 3),
        "efficiency_against_pool": round(efficiency / pool, 3),
        "efficiency_as_shipped": round(ideal / measured.as_shipped.seconds, 3),
        "ticks_as_shipped": len(measured.as_shipped.ticks),
        "poller_cpu_ms_a_message": round(1000 * sum(t.cpu_s for t in measured.one_window.ticks) / measured.count, 1),
        "throttled": sum(each.count("not_started") for each in ticks),
        "idle_cpu_s": round(median(each.cpu_s for each in measured.idle), 3),
        "rss_mb": _mb(max(each.peak_bytes for each in measured.idle)),
        "rss_10_mb": _mb(measured.few.peak_bytes),
        "rss_10000_mb": _mb(measured.many.peak_bytes),
        "done_before_10000": measured.many.count("done"),
        "most_in_hand": max(each.most_in_hand() for each in ticks),
    }


def _mb(count: int) -> float:
    return round(count / 1_000_000, 1)


def table(found: Mapping[str, object]) -> Table:
    """A row for each figure."""
    rows = Table("figure", "measured", "wanted")
    wanted = {"efficiency": "0.85 or more", "idle_cpu_s": "0.6 or less", "rss_mb": "80 or less"}
    for name, value in found.items():
        rows.add_row(name, str(value), wanted.get(name, ""))
    return rows


@dataclass(frozen=True, slots=True)
class Bench:
    """A local cloud with the stub in it, a folder for each measurement's results, and where to say what is done."""

    cloud: localcloud.Cloud
    folder: Path
    say: Callable[[str], None]

    def given(self, name: str, **told: str) -> dict[str, str]:
        """A tick's environment with results of its own."""
        return environment(self.cloud, self.folder / name, {"POLLER_CONCURRENCY": str(AT_ONCE), **told})

    def measure(self, count: int) -> Measured:
        """All of it, in turn."""
        tick(self.given("first", POLLER_RECEIVE_S="1"))  # takes S3's test event away and compiles the modules
        self.say("idle ticks, three at once, for as long as cron's")
        idle = self.idle()
        self.say("starting the function's processes")
        pool_count, pool_s = self.pool(min(count, POOL_ROUNDS * AT_ONCE))
        window = math.ceil(1.25 * ideal_s(count)) + 5
        one_window = self.drain("one-window", count, POLLER_RECEIVE_S=str(window))
        as_shipped = self.drain("as-shipped", count)
        few, many = self.crowd(FEW), self.crowd(MANY)
        return Measured(count, pool_count, pool_s, one_window, as_shipped, idle, few, many)

    def idle(self) -> tuple[Tick, ...]:
        """Ticks as shipped before empty queues, at once: they mostly wait."""
        began = time.time()
        running = [start(environment(self.cloud, self.folder / f"idle-{n}", {})) for n in range(IDLE_TICKS)]
        return tuple(end(each, began) for each in running)

    def pool(self, count: int) -> tuple[int, float]:
        """The baseline: how long a pool of threads takes for how many invocations, once all processes run."""
        invoke = invoker(self.cloud, AT_ONCE)
        put_clips(self.cloud, count + 2 * AT_ONCE, SECONDS, "pool")
        bodies = take_bodies(self.cloud, count + 2 * AT_ONCE)
        warm, bodies = bodies[: 2 * AT_ONCE], bodies[2 * AT_ONCE :]
        all_through(invoke, warm, AT_ONCE)
        self.say(f"baseline: {count} invocations from a pool of {AT_ONCE} threads")
        took = all_through(invoke, bodies, AT_ONCE)
        empty(self.cloud)
        return count, took

    def drain(self, name: str, count: int, **told: str) -> Drained:
        """Let ticks file `count` results, one tick right after the other."""
        self.say(f"{name}: uploading {count} clips")
        put_clips(self.cloud, count, SECONDS, name)
        self.say(f"{name}: {count} messages, {ideal_s(count):.0f} s at the best")
        given = self.given(name, **told)
        results = self.folder / name
        ticks = tick_until(count, results, given)
        if (found := len(records(results))) != count:
            raise click.ClickException(f"{found} results of {count} messages, in {len(ticks)} ticks")
        return Drained(last_on_disk(results) - ticks[0].began, tuple(ticks))

    def crowd(self, count: int) -> Tick:
        """One tick before so many messages; what it leaves is thrown away."""
        self.say(f"a tick before {count} messages")
        put_messages(self.cloud, count)
        ran = tick(self.given(f"crowd-{count}", **CROWDED))
        empty(self.cloud)
        return ran


@click.command()
@json_option
@click.option(
    "--messages", type=click.IntRange(AT_ONCE), default=640, show_default=True, help="Waiting for each measurement."
)
def main(json: Path | None, messages: int) -> None:
    """Bring up a local cloud, let 640 messages of two seconds' work wait, and time real ticks; some four minutes.

    `efficiency` is of one tick with a receive window long enough; `as_shipped` of ticks with the shipped window of
    45 s, run back to back, where cron would start one each minute.
    """
    with Console(stderr=True).status("bringing up a local cloud") as status, tempfile.TemporaryDirectory() as folder:
        try:
            with localcloud.running(concurrency=AT_ONCE) as cloud:
                replace_recognition(cloud)
                found = figures(Bench(cloud, Path(folder), status.update).measure(messages))
        except LocalCloudError as error:
            raise click.ClickException(str(error)) from error
    Console().print(table(found))
    write_figures(json, found)


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh poller")
