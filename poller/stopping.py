"""How a tick is stopped from outside: by a signal it winds up, and if it cannot, by its hard bound the program ends.

Knows the tally and nothing of queues. The surprising rule: signals are heard through a pipe that the interpreter
itself writes to, so that even a main thread stuck in a foreign call (a name that does not resolve) cannot miss one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from poller.logs import log
from poller.ports import Clock
from poller.requests import spawn
from poller.tally import Exit, Tally

GRACE_S = 10.0
MARGIN_S = 8.0  # for handing back, summing up and ending, after the bound or the grace
LOOK_S = 0.2
LAST_WORDS_S = 1.0
SIGNALS = (signal.SIGTERM, signal.SIGINT)

End = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class HardBound:
    """Ends the program by `end(code)` when a call that does not return holds up every other way of ending."""

    bound_s: float
    clock: Clock
    tally: Tally
    end: End

    def watch(self, over: threading.Event) -> None:
        """Wait until `over`, but no longer than the bound, or the grace after a signal, and a margin; then end."""
        until = self.clock.monotonic() + self.bound_s + MARGIN_S
        stopping = False
        while not self.clock.wait(over, LOOK_S):
            now = self.clock.monotonic()
            if self.tally.terminated.is_set() and not stopping:
                stopping, until = True, min(until, now + GRACE_S + MARGIN_S)
            if now >= until:
                self._end()
                return

    def _end(self) -> None:
        """Say so, unless whoever hangs holds the log; then end in any case."""
        try:
            words = threading.Thread(target=self._last_words, daemon=True)
            words.start()
            words.join(LAST_WORDS_S)
        finally:
            self.end(max(Exit.LEFT_OVER, self.tally.exit_code()))

    def _last_words(self) -> None:
        code = max(Exit.LEFT_OVER, self.tally.exit_code())
        log(logging.ERROR, "bound_reached", hint="a call did not return: check network, disk and credential_process")
        log(logging.INFO, "summary", **self.tally.counts(), exit_code=code.value)


@contextlib.contextmanager
def bounded(bound_s: float, clock: Clock, tally: Tally, end: End | None) -> Iterator[None]:
    """Keep the hard bound meanwhile. Without `end` there is none: a test's process must outlive its ticks."""
    over = threading.Event()
    if end is not None:
        bound = HardBound(bound_s, clock, tally, end)
        spawn(lambda: bound.watch(over))
    try:
        yield
    finally:
        over.set()


@contextlib.contextmanager
def obeying_signals(tally: Tally) -> Iterator[None]:
    """SIGTERM and SIGINT wind the tick up instead of ending the program. For the main thread only."""
    heard, told = os.pipe()
    os.set_blocking(told, False)

    def watch() -> None:
        with os.fdopen(heard, "rb", buffering=0) as pipe:
            while number := pipe.read(1):
                if number[0] in SIGNALS and not tally.terminated.is_set():
                    log(logging.INFO, "terminating")
                    tally.terminate()

    spawn(watch)
    previous_pipe = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    before = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(previous_pipe)
        os.close(told)  # and so ends the watch
