"""Who tries next when an invocation ends: the poller's own `poller.slots`, in simulated time.

Knows neither function nor queue. The surprising rule: the real class runs here, locks and all, so what a tick learns
from refusals is never described twice; only the waiting of a thread becomes a simulated event.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator
from typing import Any

import simpy

from poller.slots import Slots


class Line:
    """The tick's `Slots`, and an event for each process that stands in line, as no thread waits here."""

    def __init__(self, env: simpy.Environment) -> None:
        self.slots = Slots(lambda: float(env.now))
        self._env = env
        self._waiting: deque[tuple[threading.Event, simpy.Event]] = deque()

    def free(self) -> None:
        """An invocation ended; whoever takes its place is woken."""
        self.slots.free()
        while self._waiting and self._waiting[0][0].is_set():
            self._waiting.popleft()[1].succeed()

    def wait(self, seconds: float, ended: int) -> Generator[simpy.Event, Any, bool]:
        """Wait as long, or until a slot is free; tells whether there is one. `ended` as in `Slots.stand_in_line`."""
        turn = self.slots.stand_in_line(ended)
        if not turn.is_set():
            woken = self._env.event()
            place = (turn, woken)
            self._waiting.append(place)
            yield woken | self._env.timeout(seconds)
            if place in self._waiting:
                self._waiting.remove(place)
        return self.slots.leave(turn)
