"""The course of one tick: its threads, its bound, and how it ends when it is told to.

Knows the two halves and no client. The surprising rule: a function that was asked is never taken back. When the tick
must end before the answer, the message stays hidden until the function cannot be running any more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from poller.attempt import Window
from poller.durable import DurableDirectory
from poller.lease import Leases
from poller.logs import log
from poller.ports import Clock, Function, Queue, SignOfLife
from poller.requests import Requests, spawn
from poller.results import Progress, Results
from poller.settings import Settings
from poller.stopping import GRACE_S
from poller.tally import Exit, Tally
from poller.work import Work

LEAVE_S = 5.0
LOOK_S = 0.1


class Ports(Protocol):
    """The clients of a tick."""

    @property
    def requests(self) -> Queue: ...
    @property
    def output(self) -> Queue: ...
    @property
    def dead_letters(self) -> Queue: ...
    @property
    def output_dead_letters(self) -> Queue: ...
    @property
    def function(self) -> Function: ...
    @property
    def sign_of_life(self) -> SignOfLife: ...


@dataclass(frozen=True, slots=True)
class Course:
    """Everything one tick works with; `chance` draws from [0, 1), `began` is monotonic."""

    settings: Settings
    ports: Ports
    directory: DurableDirectory
    clock: Clock
    tally: Tally
    chance: Callable[[], float]
    began: float

    def drain(self, seconds: float = 0.0) -> bool:
        """Only file results: those that come within so many seconds, and what is waiting then. Returns like `run`."""
        until = self.clock.monotonic() + seconds

        def left_s() -> float:
            return 0.0 if self.tally.terminated.is_set() else until - self.clock.monotonic()

        return self._await_end(self._start_draining(lambda: left_s() <= 0, left_s))

    def run(self) -> bool:
        """Take requests and file results until nothing is left, the bound is reached or the grace is over.

        False: threads were left behind, in a long poll or waiting for the function, and may still touch the directory.
        """
        window = Window(self.clock.monotonic() + self.settings.receive_s, self.began + self.settings.bound_s)
        work = self._work(window)
        requests, stop = Requests(work), threading.Event()
        spawn(lambda: work.leases.run(stop, self.settings.heartbeat_s))
        spawn(requests.run)
        drained = self._start_draining(requests.finished, lambda: window.receives_until - self.clock.monotonic())
        ended = self._await_end(lambda: drained() and requests.finished())
        stop.set()
        return self._leave_all(work) and ended

    def _leave_all(self, work: Work) -> bool:
        """Hand back what is still leased, in a few seconds or not at all: leases run out by themselves, too."""
        done = threading.Event()

        def leave() -> None:
            if left := work.leases.end_all():  # waits for a heartbeat in flight
                work.leave(left)
            done.set()

        if work.leases.held():
            spawn(leave)
            if not self.clock.wait(done, LEAVE_S):
                log(logging.WARNING, "hand_back_unfinished")
                self.tally.trouble(Exit.LEFT_OVER)
                return False
        return True

    def _work(self, window: Window) -> Work:
        ports, settings = self.ports, self.settings
        leases = Leases(ports.requests, self.clock, settings.visibility_s, settings.lease_cap_s)
        return Work(
            requests=ports.requests,
            dead_letters=ports.dead_letters,
            function=ports.function,
            leases=leases,
            clock=self.clock,
            tally=self.tally,
            settings=settings,
            window=window,
            chance=self.chance,
        )

    def _start_draining(self, finished: Callable[[], bool], receiving_for: Callable[[], float]) -> Callable[[], bool]:
        progress = Progress(finished, receiving_for)
        results = Results(
            self.ports.output,
            self.ports.output_dead_letters,
            self.directory,
            self.tally,
            self.settings,
            progress,
            self.chance,
            self.clock,
        )
        done = threading.Event()

        def drain() -> None:
            results.run()
            done.set()

        spawn(drain)
        return done.is_set

    def _await_end(self, ended: Callable[[], bool]) -> bool:
        """Wait for the end, but no longer than allowed; tell whether it came."""
        until = self.began + self.settings.bound_s
        graceful = False
        never = threading.Event()
        while not ended():
            now = self.clock.monotonic()
            if self.tally.terminated.is_set() and not graceful:
                graceful, until = True, min(until, now + GRACE_S)
            if now >= until:
                log(logging.WARNING, "grace_over" if graceful else "bound_reached")
                self.tally.halt.set()
                return False
            self.clock.wait(never, LOOK_S)
        return True
