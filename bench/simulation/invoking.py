"""The receiving half of a simulated tick: follows `poller.requests`, `poller.work` and `poller.attempt`.

The surprising rule, as there: while any message in hand looks for a free slot nothing is received, and one that has
found a slot after a throttle still counts as looking for `SETTLED_S`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import simpy

from bench.simulation.function import Lambda
from bench.simulation.queue import Message, Queue, Steps
from bench.simulation.scenario import Scenario
from poller.decide import backoff
from poller.lease import BATCH, SETTLED_S
from poller.patience import WAIT_CAP_S
from poller.requests import LOOK_AGAIN_S
from poller.settings import READ_MARGIN_S

FIRST_PAUSE_S = 0.25  # poller.patience


@dataclass(slots=True)
class Machine:
    """A VM's interpreter: work of many threads, one at a time. `free` is when it is idle again."""

    env: simpy.Environment
    free: float = 0.0

    def compute(self, seconds: float) -> simpy.Event:
        """An event after `seconds` of this machine's time."""
        self.free = max(self.free, self.env.now) + seconds
        return self.env.timeout(self.free - self.env.now)


@dataclass(slots=True, eq=False)
class Lease:
    """As `poller.lease.Lease`."""

    taken: float
    sent: float | None = None

    def waits(self, now: float) -> bool:
        """Whether it looks for a slot; asked of throttled ones only."""
        return self.sent is None or now - self.sent < SETTLED_S


@dataclass(slots=True)
class Invoking:
    """One tick's requests. `served` is told of each clip whose result was sent."""

    env: simpy.Environment
    scenario: Scenario
    queue: Queue
    function: Lambda
    machine: Machine
    chance: Random
    served: Callable[[int], None]
    receives_until: float
    ends_by: float
    in_flight: int = 0
    receiving: bool = True
    throttled: set[Lease] = field(default_factory=set)
    _freed: simpy.Event | None = None

    def run(self) -> Steps:
        """Receive until the window closes."""
        while (left := self.receives_until - self.env.now) > 0:
            free = self._free_slots()
            if free <= 0:
                self._freed = self.env.event()
                yield self._freed | self.env.timeout(LOOK_AGAIN_S)
                continue
            wait_s = max(1, min(self.scenario.poller.wait_s, math.ceil(left)))
            found = yield self.queue.receive(min(BATCH, free), wait_s)
            yield self.env.timeout(self.scenario.trip_s)
            for message in found:
                self.in_flight += 1
                self.env.process(self._carry_out(message))
        self.receiving = False

    def beat(self) -> Steps:
        """The heartbeat's requests, until the tick has nothing in hand."""
        while not self.finished():
            yield self.env.timeout(self.scenario.poller.heartbeat_s)
            self.queue.requests += math.ceil(self.in_flight / BATCH)

    def finished(self) -> bool:
        """Whether nothing is in work and nothing will be."""
        return not self.receiving and self.in_flight == 0

    def _free_slots(self) -> int:
        if any(lease.waits(self.env.now) for lease in self.throttled):
            return 0
        return self.scenario.poller.concurrency - self.in_flight

    def _carry_out(self, message: Message) -> Steps:
        lease = Lease(taken=self.env.now)
        started = yield from self._slot(lease)
        if started and (yield from self.function.work([message.clip]))[0]:
            self.served(message.clip)
            yield self.env.timeout(self.scenario.trip_s)  # the answer's way back, the delete's there
            self.queue.delete(1)
            yield self.env.timeout(self.scenario.trip_s / 2)
        else:
            self.queue.give_back(message, backoff(message.receives, self.chance.random()))
        self.throttled.discard(lease)
        self.in_flight -= 1
        if self._freed is not None and not self._freed.triggered:
            self._freed.succeed()

    def _slot(self, lease: Lease) -> Generator[simpy.Event, Any, bool]:
        """Ask for a slot until there is one; False when waiting is no longer allowed."""
        ceiling = FIRST_PAUSE_S
        while True:
            lease.sent = self.env.now
            yield self.machine.compute(self.scenario.poller.cpu_s)
            yield self.env.timeout(self.scenario.trip_s / 2)
            if self.function.begin():
                return True
            yield self.env.timeout(self.scenario.trip_s / 2)
            self.throttled.add(lease)
            lease.sent = None
            pause = self.chance.uniform(0, min(ceiling, WAIT_CAP_S))
            ceiling *= 2
            if self.env.now + pause >= self._latest_start(lease):
                return False
            yield self.env.timeout(pause)

    def _latest_start(self, lease: Lease) -> float:
        timeout_s = self.scenario.function.timeout_s
        return min(
            self.receives_until + timeout_s,
            self.ends_by - timeout_s - READ_MARGIN_S,
            lease.taken + self.scenario.poller.lease_cap_s - timeout_s - READ_MARGIN_S,
        )
