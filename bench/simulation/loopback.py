"""The real `python -m poller.tick` against SQS and a function on a loopback port, timed, beside its simulation.

Unix only. The surprising rule: the function sleeps where ours works, so the machine's speed has no part in it; what is
compared is who waits for whom.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.simulation.day import simulate
from bench.simulation.scenario import Clip, Function, Poller, Scenario
from tests.contract.poller.loopback_aws import LoopbackAws, loopback_aws
from tests.unit.poller.poller_fakes import all_done, event, record, result
from wire.result_json import write_result
from wire.s3_event import read_notification

ROOT = Path(__file__).parents[2]
EMPTY_POLL_S = 0.3  # tests.contract.poller.loopback_aws gives up a long poll after as long
TRIP_S = 0.004
BOOT_S, CPU_S, FILE_S = 0.25, 0.004, 0.001  # measured on loopback and a local disk


@dataclass(frozen=True, slots=True)
class Seen:
    """Seconds since the tick's start until files were there."""

    makespan_s: float
    p50_s: float
    p95_s: float
    throttled: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One real run, and the simulation's over several seeds."""

    function: int
    poller: int
    measured: Seen
    simulated: list[Seen]


class Stub:
    """A function with `concurrency` slots that sleeps for `seconds`."""

    def __init__(self, concurrency: int, seconds: float) -> None:
        self._slots, self._seconds = threading.Semaphore(concurrency), seconds
        self.throttled = 0

    def invoked(self, aws: LoopbackAws, body: str) -> tuple[int, dict[str, str], bytes]:
        """Serve, or answer 429 at once."""
        if not self._slots.acquire(blocking=False):
            self.throttled += 1
            return 429, {"x-amzn-errortype": "TooManyRequestsException"}, b"{}"
        try:
            time.sleep(self._seconds)
            for upload in read_notification(body).uploads:
                aws.put("output", write_result(result(upload.key, upload.version_id)))
        finally:
            self._slots.release()
        return 200, {}, all_done(body)


def measured(clips: int, seconds: float, function: int, poller: int) -> Seen:
    """Ticks, one a minute as under cron, until every clip of a pile has its record on the disk."""
    stub = Stub(function, seconds)
    with loopback_aws() as aws, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        aws.on_invoke = stub.invoked
        for number in range(clips):
            aws.put("requests", event(record(f"{number}.mp4")))
        began = time.time()
        files: list[Path] = []
        while len(files) < clips:
            if files:
                time.sleep(60 - (time.time() - began) % 60)
            tick = subprocess.Popen(
                [sys.executable, "-m", "poller.tick"],
                cwd=ROOT,
                env=_environment(aws, folder, poller),
                stderr=subprocess.DEVNULL,
            )
            if tick.wait() != 0:
                raise RuntimeError("the tick failed; its exit codes are in docs/poller.md")
            files = list(folder.glob("[!.]*.json"))
        return _seen(np.array([file.stat().st_mtime - began for file in files]), stub.throttled)


CHECKED = ((4, 4), (4, 8), (4, 16), (10, 8))  # the function's concurrency, the poller's
CLIPS, SECONDS, SEEDS = 60, 1.0, 30


def compared() -> list[Compared]:
    """Each of `CHECKED`, in about a minute each."""
    return [
        Compared(function, poller, measured(CLIPS, SECONDS, function, poller), simulated(function, poller))
        for function, poller in CHECKED
    ]


def simulated(function: int, poller: int) -> list[Seen]:
    """The same in simulated time, once for each seed."""
    days = [
        simulate(
            Scenario(
                CLIPS,
                seed,
                clip=Clip(exact_s=SECONDS, failures=0.0),
                function=Function(concurrency=function, start_s=0.0),
                poller=Poller(concurrency=poller, boot_s=BOOT_S, cpu_s=CPU_S, file_s=FILE_S),
                all_at_once=True,
                trip_s=TRIP_S,
                empty_poll_s=EMPTY_POLL_S,
                writes_a_clip=0.0,
            )
        )
        for seed in range(SEEDS)
    ]
    return [_seen(day.latency_s, day.used.throttled) for day in days]


def _seen(after_s: NDArray[np.float64], throttled: int) -> Seen:
    p50, p95 = np.percentile(after_s, [50, 95])
    return Seen(float(after_s.max()), float(p50), float(p95), throttled)


def _environment(aws: LoopbackAws, folder: Path, concurrency: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    return {**kept, **keys, **aws.environment(folder, POLLER_CONCURRENCY=str(concurrency))}
