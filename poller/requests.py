"""Takes request messages, never more than can be started now, and gives each a thread of its own.

Knows the queue and `work`, not what becomes of a message. The surprising rule: while any message in hand still looks
for a free slot of the function, nothing more is received: it would only use up its lease and its deliveries. Nor is
more received than the function seems to take, whatever the settings allow.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

from poller.errors import AwsError
from poller.logs import log, log_unexpected
from poller.ports import BATCH, Delivery
from poller.tally import Exit
from poller.work import Work

LOOK_AGAIN_S = 1.0

Spawn = Callable[[Callable[[], None]], None]


def spawn(target: Callable[[], None]) -> None:
    """Run `target` in a thread that does not keep the program alive."""
    threading.Thread(target=target, daemon=True).start()


class Requests:
    """The receiving half of a tick."""

    def __init__(self, work: Work, spawn: Spawn = spawn) -> None:
        self._work, self._spawn = work, spawn
        self._lock = threading.Lock()
        self._in_flight = 0
        self._receiving = True
        self._freed = threading.Event()

    def run(self) -> None:
        """Receive until the window closes or the tick halts. Never raises."""
        try:
            while not self._work.tally.halt.is_set() and self._left() > 0:
                self._receive_what_fits()
        except AwsError as error:
            self._work.tally.aws_trouble(error)
        except Exception as error:
            log_unexpected(error)
            self._work.tally.count("failed")
        finally:
            with self._lock:
                self._receiving = False

    def finished(self) -> bool:
        """Whether nothing is in work and nothing will be."""
        with self._lock:
            return not self._receiving and self._in_flight == 0

    def free_slots(self) -> int:
        """How many messages could be started at once."""
        if any(lease.waits for lease in self._work.leases.held()):
            return 0
        at_once = min(self._work.settings.concurrency, self._work.function.at_once())
        with self._lock:
            return at_once - self._in_flight

    def _receive_what_fits(self) -> None:
        free = self.free_slots()
        if free <= 0:
            self._work.clock.wait(self._freed, LOOK_AGAIN_S)
            self._freed.clear()
            return
        wait_s = max(1, min(self._work.settings.wait_s, math.ceil(self._left())))
        for delivery in self._work.requests.receive(min(BATCH, free), wait_s, self._work.settings.visibility_s):
            self._take(delivery)

    def _left(self) -> float:
        return self._work.window.receives_until - self._work.clock.monotonic()

    def _take(self, delivery: Delivery) -> None:
        if not self._work.leases.take(delivery, self._work.clock.monotonic()):
            log(logging.WARNING, "already_in_work", message=delivery.message_id, receive_count=delivery.receive_count)
            return
        self._work.tally.count("received")
        self._work.tally.waited("request_wait_s", delivery.sent, self._work.clock.now())
        with self._lock:
            self._in_flight += 1
        try:
            self._spawn(lambda: self._carry_out(delivery))
        except RuntimeError:
            self._hand_back(delivery)

    def _hand_back(self, delivery: Delivery) -> None:
        """This machine has no thread left for it: wind up, or it would be received again at once."""
        log(logging.ERROR, "no_thread", message=delivery.message_id, hint="check ulimit -u and this machine's memory")
        self._work.tally.trouble(Exit.LEFT_OVER)
        if lease := self._work.leases.end(delivery.message_id):
            self._work.leave([lease])
        self._one_less()

    def _carry_out(self, delivery: Delivery) -> None:
        try:
            self._work.carry_out(delivery)
        finally:
            self._one_less()

    def _one_less(self) -> None:
        with self._lock:
            self._in_flight -= 1
        self._freed.set()
