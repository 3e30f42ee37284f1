"""The real clock behind `ports.Clock`."""

from __future__ import annotations

import threading
import time


class SystemClock:
    """This machine's time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some start; never steps back."""
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for `event` at most so long and tell whether it is set."""
        return event.wait(max(0.0, seconds))
