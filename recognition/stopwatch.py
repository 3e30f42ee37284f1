"""How long each step took, for the result's `timing_ms`. The clock is passed in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up seconds under each name: `with watch("detect"): …`."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._started = clock()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = self._clock()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + self._clock() - start

    @property
    def total_s(self) -> float:
        """Seconds since the watch was made."""
        return self._clock() - self._started

    def timing_ms(self) -> dict[str, float]:
        """Milliseconds by step, and `total`."""
        steps = {**self._seconds, "total": self.total_s}
        return {name: round(seconds * 1000, 1) for name, seconds in steps.items()}
