"""How many invocations the function takes at once, learned from its refusals, and who may try next when one ends.

Knows no function and no queue. The surprising rule: what is learned is only ever a guess that holds for a while. Others
may use the function as well, so after some seconds without a refusal twice as many are tried; each guess that was
too high makes the next one later.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable

HOLDS_S = 10.0
HOLDS_AT_MOST_S = 60.0


class Slots:
    """The function's slots as one tick sees them; safe to use from every thread. `now` is monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._running = 0
        self._ended = 0
        self._at_once = sys.maxsize
        self._until, self._holds_s, self._guessed = 0.0, HOLDS_S, False
        self._line: deque[threading.Event] = deque()

    def at_once(self) -> int:
        """How many invocations to have out at most; beyond all bounds while none was refused."""
        with self._lock:
            if self._at_once < sys.maxsize and self._now() >= self._until:
                self._at_once, self._guessed = min(2 * self._at_once, sys.maxsize), True
                self._until = self._now() + self._holds_s
            return self._at_once

    def take(self) -> None:
        """Count an invocation that is about to be sent."""
        with self._lock:
            self._running += 1

    def ended(self) -> int:
        """How many invocations have ended so far."""
        with self._lock:
            return self._ended

    def free(self) -> None:
        """An invocation ended: the first in line takes its place."""
        with self._lock:
            self._running -= 1
            self._ended += 1
            if self._line and self._running < self._at_once:
                self._running += 1
                self._line.popleft().set()

    def give_back(self) -> None:
        """An invocation was not sent after all. That says nothing of the function, so nobody is called up."""
        with self._lock:
            self._running -= 1

    def refuse(self, ended: int) -> None:
        """An invocation was refused; `ended` is what `ended` said when it was sent.

        Those that ran meanwhile are all that fit, and those that ended since may have been running when it was refused.
        """
        with self._lock:
            self._running -= 1
            self._at_once = max(1, self._running + self._ended - ended)
            if self._guessed:
                self._holds_s = min(2 * self._holds_s, HOLDS_AT_MOST_S)
            self._until, self._guessed = self._now() + self._holds_s, False

    def stand_in_line(self, ended: int) -> threading.Event:
        """Wait for a slot; the event is set when the caller has it. `ended` is what `ended` said when it was refused.

        Nobody gets a slot for the asking: one must have been freed since.
        """
        turn = threading.Event()
        with self._lock:
            if self._ended > ended and self._running < self._at_once:
                self._running += 1
                turn.set()
            else:
                self._line.append(turn)
        return turn

    def leave(self, turn: threading.Event) -> bool:
        """Wait no longer; tell whether the caller has a slot."""
        with self._lock:
            if turn in self._line:
                self._line.remove(turn)
            return turn.is_set()
