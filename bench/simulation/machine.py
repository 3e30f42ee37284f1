"""A VM's Python: many threads, of which one computes at a time.

Knows no tick. The surprising rule: nothing preempts, so whoever asks later ends later, and `free` alone says when.
"""

from __future__ import annotations

from dataclasses import dataclass

import simpy


@dataclass(slots=True)
class Machine:
    """One interpreter; `free` is when it is idle again, s."""

    env: simpy.Environment
    free: float = 0.0

    def compute(self, seconds: float) -> simpy.Event:
        """An event after `seconds` of this machine's time."""
        self.free = max(self.free, self.env.now) + seconds
        return self.env.timeout(self.free - self.env.now)
