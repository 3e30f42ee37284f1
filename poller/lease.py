"""The leases on the messages in work: who holds what, since when, and the heartbeat that keeps them hidden.

Knows a queue and a clock. The surprising rule: `end` waits for a heartbeat in flight and keeps later ones away from
the message, so that no heartbeat can follow the delete (SQS would count that as use of a stale receipt).
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from poller.errors import AwsError
from poller.logs import log
from poller.ports import BATCH, Clock, Delivery, Queue


@dataclass(frozen=True, slots=True)
class Lease:
    """A message in our hands. Times are monotonic seconds; `sent` is None while the function was not asked."""

    delivery: Delivery
    taken: float
    until: float
    sent: float | None = None
    throttled: bool = False

    @property
    def waits(self) -> bool:
        """Whether it was refused and has not been sent again yet: it looks for a free slot of the function."""
        return self.throttled and self.sent is None


class Leases:
    """All leases of one tick; safe to use from every thread."""

    def __init__(self, queue: Queue, clock: Clock, visibility_s: int, cap_s: int) -> None:
        self._queue, self._clock = queue, clock
        self._visibility_s, self._cap_s = visibility_s, cap_s
        self._leases: dict[str, Lease] = {}
        self._table = threading.Lock()  # guards the dictionary, never held during a call
        self._calls = threading.Lock()  # held during a heartbeat's call, and to end a lease

    def take(self, delivery: Delivery, received: float) -> bool:
        """Start a lease that SQS granted at `received`. False if this message is in work here already.

        The newer delivery's receipt then replaces the older one: only the newest is sure to delete.
        """
        with self._table:
            held = self._leases.get(delivery.message_id)
            until = received + self._visibility_s
            self._leases[delivery.message_id] = (
                replace(held, delivery=delivery, until=until) if held else Lease(delivery, received, until)
            )
            return held is None

    def end(self, message_id: str) -> Lease | None:
        """Stop the heartbeat for good and give the lease with its newest delivery; None if it is not held."""
        with self._calls, self._table:
            return self._leases.pop(message_id, None)

    def end_all(self) -> list[Lease]:
        """End every lease."""
        with self._calls, self._table:
            ended = list(self._leases.values())
            self._leases.clear()
            return ended

    def send(self, message_id: str) -> bool:
        """Note that the function is asked now. False, and it must not be, if the lease ended or ran out."""
        with self._table:
            lease, now = self._leases.get(message_id), self._clock.monotonic()
            if lease is None or now >= lease.until:
                return False
            self._leases[message_id] = replace(lease, sent=now)
            return True

    def unsend(self, message_id: str) -> None:
        """Note that the function was certainly not started after all."""
        with self._table:
            if lease := self._leases.get(message_id):
                self._leases[message_id] = replace(lease, sent=None, throttled=True)

    def get(self, message_id: str) -> Lease | None:
        """The lease on a message, if it is held."""
        with self._table:
            return self._leases.get(message_id)

    def held(self) -> list[Lease]:
        """A snapshot of all leases."""
        with self._table:
            return list(self._leases.values())

    def beat(self) -> None:
        """Extend every lease once, within its cap. What fails is tried again at the next beat."""
        held = self.held()
        for start in range(0, len(held), BATCH):
            ids = [lease.delivery.message_id for lease in held[start : start + BATCH]]
            try:
                self._extend(ids)
            except AwsError as error:
                log(logging.WARNING, "heartbeat_failed", code=error.code, count=len(ids))

    def run(self, stop: threading.Event, every_s: float) -> None:
        """Beat until `stop`."""
        while not self._clock.wait(stop, every_s):
            self.beat()

    def _extend(self, message_ids: Sequence[str]) -> None:
        with self._calls:
            now = self._clock.monotonic()
            seconds = {lease.delivery.receipt: s for lease, s in self._due(message_ids, now)}
            lost = self._queue.set_visibility(seconds) if seconds else frozenset()
            self._note(message_ids, {receipt: now + s for receipt, s in seconds.items() if receipt not in lost})
        if lost:
            log(logging.WARNING, "heartbeat_failed", code="batch entry failed", count=len(lost))

    def _due(self, message_ids: Sequence[str], now: float) -> Iterator[tuple[Lease, int]]:
        for lease in self.held():
            left = min(self._visibility_s, math.floor(lease.taken + self._cap_s - now))
            if lease.delivery.message_id in message_ids and left > 0:
                yield lease, left

    def _note(self, message_ids: Sequence[str], until: dict[str, float]) -> None:
        with self._table:
            for message_id in message_ids:
                lease = self._leases.get(message_id)
                if lease and lease.delivery.receipt in until:
                    self._leases[message_id] = replace(lease, until=until[lease.delivery.receipt])
