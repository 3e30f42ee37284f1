"""The receiving half of a simulated tick: follows `poller.requests`, `poller.work`, `.function` and `.attempt`.

What the tick learns of the function's slots is not followed but run: `poller.slots` itself, in simulated time. The
surprising rule, as there: while any message in hand looks for a free slot, nothing is received.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import simpy

from bench.simulation.function import Lambda
from bench.simulation.line import Line
from bench.simulation.machine import Machine
from bench.simulation.queue import Message, Queue, Steps
from bench.simulation.scenario import Scenario
from poller.decide import backoff
from poller.patience import WAIT_CAP_S
from poller.ports import BATCH
from poller.requests import LOOK_AGAIN_S
from poller.settings import READ_MARGIN_S

FIRST_PAUSE_S = 0.25  # poller.patience


@dataclass(slots=True, eq=False)
class Lease:
    """As `poller.lease.Lease`."""

    taken: float
    sent: float | None = None

    @property
    def waits(self) -> bool:
        """Whether it looks for a slot; asked of throttled ones only."""
        return self.sent is None


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
    _line: Line = field(init=False)

    def __post_init__(self) -> None:
        self._line = Line(self.env)

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
        if any(lease.waits for lease in self.throttled):
            return 0
        return min(self.scenario.poller.concurrency, self._line.slots.at_once()) - self.in_flight

    def _carry_out(self, message: Message) -> Steps:
        lease = Lease(taken=self.env.now)
        if (yield from self._slot(lease)) and (yield from self._invoked(message.clip)):
            yield self.env.timeout(self.scenario.trip_s / 2)  # the delete's way there
            self.queue.delete(1)
            yield self.env.timeout(self.scenario.trip_s / 2)
        else:
            self.queue.give_back(message, backoff(message.receives, self.chance.random()))
        self.throttled.discard(lease)
        self.in_flight -= 1
        if self._freed is not None and not self._freed.triggered:
            self._freed.succeed()

    def _invoked(self, clip: int) -> Generator[simpy.Event, Any, bool]:
        """Let the function work in the slot it gave; tells whether the result was sent."""
        (well,) = yield from self.function.work([clip])
        if well:
            self.served(clip)
        yield self.env.timeout(self.scenario.trip_s / 2)  # the answer's way back
        self._line.free()
        return well

    def _slot(self, lease: Lease) -> Generator[simpy.Event, Any, bool]:
        """Ask for a slot until there is one; False when waiting is no longer allowed."""
        ceiling, has_slot, slots = FIRST_PAUSE_S, False, self._line.slots
        while True:
            if not has_slot:
                slots.take()
            ended, lease.sent = slots.ended(), self.env.now
            yield self.machine.compute(self.scenario.poller.cpu_s)
            yield self.env.timeout(self.scenario.trip_s / 2)
            if self.function.begin():
                return True
            yield self.env.timeout(self.scenario.trip_s / 2)
            slots.refuse(ended)
            self.throttled.add(lease)
            lease.sent = None
            pause = self.chance.uniform(0, min(ceiling, WAIT_CAP_S))
            ceiling *= 2
            if self.env.now + pause >= self._latest_start(lease):
                return False
            has_slot = yield from self._line.wait(pause, ended)

    def _latest_start(self, lease: Lease) -> float:
        timeout_s = self.scenario.function.timeout_s
        return min(
            self.receives_until + timeout_s,
            self.ends_by - timeout_s - READ_MARGIN_S,
            lease.taken + self.scenario.poller.lease_cap_s - timeout_s - READ_MARGIN_S,
        )
