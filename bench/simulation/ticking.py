"""A VM in simulated time: cron, the lock, a tick of two halves and its bound. Follows `poller.course` and `.results`.

The surprising rule: a tick lives as long as its work, and cron's minutes under it pass unused; the next tick begins at
the minute after it. With an event source mapping the VM only files, for as long as it would take requests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import simpy

from bench.simulation.function import Lambda
from bench.simulation.invoking import Invoking
from bench.simulation.machine import Machine
from bench.simulation.queue import Queue, Steps
from bench.simulation.scenario import Scenario
from poller.course import LOOK_S
from poller.ports import BATCH
from poller.results import BUSY_WAIT_S, LAST_WAIT_S

MINUTE_S = 60.0


@dataclass(slots=True)
class Vm:
    """One competing consumer. `filed(clip, time)` is told of each durable file; `served` as in `Invoking`."""

    env: simpy.Environment
    scenario: Scenario
    requests: Queue
    output: Queue
    function: Lambda
    chance: Random
    served: Callable[[int], None]
    filed: Callable[[int, float], None]

    def cron(self) -> Steps:
        """Start a tick at each full minute at which none runs."""
        machine = Machine(self.env)
        while True:
            began = self.env.now
            yield self.env.timeout(self.scenario.poller.boot_s)
            yield from self._tick(began, machine)
            yield self.env.timeout(LOOK_S / 2)  # the tick looks every so often whether all has ended
            yield self.env.timeout(MINUTE_S * (math.floor(self.env.now / MINUTE_S) + 1) - self.env.now)

    def _tick(self, began: float, machine: Machine) -> Steps:
        poller = self.scenario.poller
        window, bound = self.env.now + poller.receive_s, began + poller.bound_s
        if self.scenario.mapping.maximum:
            yield from self._drain(lambda: self.env.now >= window, window, bound, machine)
            return
        half = Invoking(
            self.env, self.scenario, self.requests, self.function, machine, self.chance, self.served, window, bound
        )
        self.env.process(half.run())
        self.env.process(half.beat())
        yield from self._drain(half.finished, window, bound, machine)

    def _drain(self, finished: Callable[[], bool], window: float, bound: float, machine: Machine) -> Steps:
        """File results until the requests are finished and a poll begun after that comes back empty."""
        poller = self.scenario.poller
        while self.env.now < bound:
            was_finished = finished()
            wait_s = LAST_WAIT_S if was_finished else max(BUSY_WAIT_S, int(window - self.env.now))
            batch = yield self.output.receive(BATCH, min(poller.wait_s, wait_s))
            yield self.env.timeout(self.scenario.trip_s)
            if was_finished and not batch:
                return
            if not batch:
                continue
            yield machine.compute(poller.cpu_s / 2)
            for number, message in enumerate(batch, 1):
                self.filed(message.clip, self.env.now + number * poller.file_s)
            yield self.env.timeout(len(batch) * poller.file_s + self.scenario.trip_s)
            self.output.delete(len(batch))
