"""What a tick has done so far, and whether it may go on. The one thing its threads share besides the leases.

The surprising rule: trouble never raises across threads. It is noted here, `halt` is set, and everybody winds up.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from enum import IntEnum

from poller.errors import AwsError, Unusable
from poller.logs import COUNTS, WAITS, log


class Exit(IntEnum):
    """The program's exit codes, the worst one wins: disk, then AWS, then messages left over."""

    FINE = 0
    LEFT_OVER = 1
    SETTINGS = 2
    AWS = 3
    DISK = 4


EXIT_MEANS = {
    Exit.FINE: "all is well, or another tick is running",
    Exit.LEFT_OVER: "some messages failed or were left while their work runs; SQS brings them back",
    Exit.SETTINGS: "settings are missing or bad, each is named",
    Exit.AWS: "AWS is unreachable, refuses us, or a queue or the function is missing",
    Exit.DISK: "a result could not be written; its message is kept",
}


class Tally:
    """Thread-safe counts, waits, troubles. `halt` set means: take nothing new; `terminated`: a signal is the reason."""

    def __init__(self) -> None:
        self.halt = threading.Event()
        self.terminated = threading.Event()
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._worst = Exit.FINE
        self._waits: dict[str, float] = {}

    def count(self, name: str, by: int = 1) -> None:
        """Count one of `COUNTS`."""
        with self._lock:
            self._counts[name] += by

    def counts(self) -> dict[str, int]:
        """All counts, zeros included."""
        with self._lock:
            return {name: self._counts[name] for name in COUNTS}

    def waited(self, name: str, sent: float | None, now: float) -> None:
        """Note how long, until `now`, a message had waited; `name` is one of `WAITS`. Epoch seconds, of two clocks.

        The clocks may differ: less than nothing counts as nothing. Without `sent` there is nothing to note.
        """
        if sent is None:
            return
        with self._lock:
            self._waits[name] = max(self._waits.get(name, 0.0), round(now - sent, 1))

    def waits(self) -> dict[str, float | None]:
        """The longest wait of each kind in seconds; None where none is known."""
        with self._lock:
            return {name: self._waits.get(name) for name in WAITS}

    def terminate(self) -> None:
        """Wind up because a signal asks for it."""
        self.terminated.set()
        self.halt.set()

    def trouble(self, code: Exit) -> None:
        """Note trouble that makes going on pointless."""
        with self._lock:
            self._worst = max(self._worst, code)
        self.halt.set()

    def aws_trouble(self, error: AwsError) -> None:
        """Report a call that failed for good, and wind up."""
        level = logging.ERROR if isinstance(error, Unusable) else logging.WARNING
        log(level, "aws_trouble", code=error.code, operation=error.operation, hint=error.hint)
        self.trouble(Exit.AWS)

    def troubled(self) -> bool:
        """Whether this tick met trouble that the next tick may meet again."""
        with self._lock:
            return self._worst > Exit.LEFT_OVER

    def exit_code(self) -> Exit:
        """The worst of what happened."""
        counts = self.counts()
        left = counts["failed"] + counts["held"] + counts["results_failed"]
        return max(self._worst, Exit.LEFT_OVER if left else Exit.FINE)
