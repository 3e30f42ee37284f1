"""The Lambda function in simulated time: its slots, its warm sandboxes, its table, and the time a clip takes.

Knows nothing of who invokes. The surprising rule: a clip's own seconds are drawn before the day begins, so that two
set-ups of the same seed work on the very same clips.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import simpy

from bench.simulation.arrivals import Seconds
from bench.simulation.scenario import Clip, Scenario


def service_times(clip: Clip, clips: int, rng: np.random.Generator) -> Seconds:
    """Seconds of a warm invocation for each clip."""
    if clip.exact_s:
        return np.full(clips, clip.exact_s)
    spread = rng.lognormal(-(clip.sigma**2) / 2, clip.sigma, clips)
    return np.asarray(spread * clip.cpu_s * clip.conversion + clip.waiting_s, dtype=np.float64)


@dataclass(slots=True)
class Used:
    """What the function did so far; `busy_s` is billed time."""

    invocations: int = 0
    throttled: int = 0
    cold: int = 0
    failed: int = 0
    most_running: int = 0
    busy_s: float = 0.0
    write_units: float = 0.0


@dataclass(slots=True)
class Lambda:
    """The running function."""

    env: simpy.Environment
    scenario: Scenario
    service_s: list[float]
    fails: set[int]
    running: int = 0
    used: Used = field(default_factory=Used)
    _idle_since: list[float] = field(default_factory=list)
    _table_free: float = 0.0

    def begin(self) -> bool:
        """Take a slot; False is a throttle."""
        if self.running >= self.scenario.function.concurrency:
            self.used.throttled += 1
            return False
        self.running += 1
        self.used.invocations += 1
        self.used.most_running = max(self.used.most_running, self.running)
        return True

    def work(self, clips: list[int]) -> Generator[simpy.Event, Any, list[bool]]:
        """Work on the clips one after the other in the slot taken; tells of each whether its result was sent."""
        began = self.env.now
        start_s = self._start_s()
        if start_s:
            yield self.env.timeout(start_s)
        served: list[bool] = []
        for clip in clips:
            spent = self.env.now - began
            takes = self.service_s[clip] + self._table_s()
            left = self.scenario.function.timeout_s + start_s - spent
            yield self.env.timeout(min(takes, max(left, 0.0)))
            served.append(takes <= left and clip not in self.fails)
            self.fails.discard(clip)  # what raised once is well the next time
        self.running -= 1
        self._idle_since.append(self.env.now)
        self.used.busy_s += self.env.now - began
        self.used.failed += served.count(False)
        return served

    def _start_s(self) -> float:
        """Seconds until a sandbox is there: none when a warm one is idle; the one used last is taken."""
        warm = self._idle_since.pop() if self._idle_since else None
        if warm is not None and self.env.now - warm <= self.scenario.function.idle_s:
            return 0.0
        self._idle_since.clear()  # the others have been idle for even longer
        self.used.cold += 1
        return self.scenario.function.start_s

    def _table_s(self) -> float:
        """Seconds that the table's throttling adds: its units flow evenly, a second's worth may be saved up."""
        units, now = self.scenario.writes_a_clip, self.env.now
        self.used.write_units += units + self.scenario.index_writes_a_clip
        self._table_free = max(self._table_free, now - 1.0) + units / self.scenario.table_writes
        return max(0.0, self._table_free - now)
