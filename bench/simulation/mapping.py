"""Lambda's own pollers on the request queue (an event source mapping), as AWS documents their scaling.

The surprising rule: a batch occupies one slot and its clips are worked on one after the other; what fails of it comes
back alone, after the visibility timeout (partial batch responses).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import simpy

from bench.simulation.function import Lambda
from bench.simulation.queue import Queue, Steps
from bench.simulation.scenario import Scenario

MINUTE_S = 60.0
POLL_S = 20.0


@dataclass(slots=True)
class EventSource:
    """The mapping's pollers."""

    env: simpy.Environment
    scenario: Scenario
    queue: Queue
    function: Lambda
    served: Callable[[int], None]
    pollers: int = 0

    def scale(self) -> Steps:
        """Keep the first few pollers, and add more each minute while messages are left in the queue."""
        mapping = self.scenario.mapping
        self._add(min(mapping.at_first, mapping.maximum))
        while True:
            yield self.env.timeout(MINUTE_S)
            if len(self.queue):
                self._add(min(mapping.more_a_minute, mapping.maximum - self.pollers))

    def _add(self, count: int) -> None:
        for _ in range(count):
            self.pollers += 1
            self.env.process(self._poll())

    def _poll(self) -> Steps:
        mapping = self.scenario.mapping
        while True:
            batch = yield self.queue.receive(min(mapping.batch, 10), POLL_S)
            if not batch:
                if self.pollers > mapping.at_first:
                    break
                continue
            if not self.function.begin():  # above the reserved concurrency: the batch is put off
                for message in batch:
                    self.queue.give_back(message, mapping.visibility_s)
                continue
            fates = yield from self.function.work([message.clip for message in batch])
            for message, well in zip(batch, fates, strict=True):
                if well:
                    self.served(message.clip)
                    self.queue.delete(1)
                else:
                    self.queue.give_back(message, mapping.visibility_s)
        self.pollers -= 1
