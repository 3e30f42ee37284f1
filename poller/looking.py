"""Looks through dead-letter queues without taking anything out of them.

Knows queues, clock and what a signal asks for. SQS shows a message only by handing it out, so everything seen is hidden
from others meanwhile. The surprising rule: what was not deleted goes back at the end, whichever way the looking ends;
that is why a signal is only noted, between two calls, and never cuts one off.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from poller.dead_letters import DeadLetter, Source
from poller.ports import BATCH, Clock, MeasuredQueue

HIDE_S = 900
LOOK_S = HIDE_S - 120  # for longer than that, what was seen first would show up again
POLL_S = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A dead-letter queue; `serves` is None if it takes in what both source queues give up."""

    queue: MeasuredQueue
    serves: Source | None


@dataclass
class Looking:
    """One look through `places`. Use it in a `with`: its end puts back all that is still held."""

    places: Sequence[Place]
    clock: Clock
    stop: threading.Event
    cut_short: bool = False
    _held: dict[str, tuple[MeasuredQueue, str]] = field(default_factory=dict)
    _began: float = 0.0

    def __enter__(self) -> Looking:
        self._began = self.clock.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.put_back(list(self._held))

    def letters(self, at_most: int | None = None) -> Iterator[DeadLetter]:
        """Every letter once, in no order; `cut_short` tells afterwards whether there may have been more."""
        left = at_most
        for place in self.places:
            while left is None or left > 0:
                if self.stop.is_set() or self.clock.monotonic() - self._began > LOOK_S:
                    self.cut_short = True
                    return
                batch = place.queue.receive(BATCH if left is None else min(BATCH, left), POLL_S, HIDE_S)
                if not batch:
                    break
                fresh = [one for one in batch if one.message_id not in self._held]
                self._held |= {one.message_id: (place.queue, one.receipt) for one in batch}
                left = None if left is None else left - len(fresh)
                yield from (DeadLetter(one, place.serves) for one in fresh)
        self.cut_short = left == 0

    def delete(self, letter: DeadLetter) -> bool:
        """Take it out of its queue for good; False if SQS would not, and then it will show up again."""
        queue, receipt = self._held[letter.delivery.message_id]
        if queue.delete([receipt]):
            return False
        del self._held[letter.delivery.message_id]
        return True

    def put_back(self, message_ids: Sequence[str]) -> None:
        """Let others see these again at once. Raises `AwsError`; they come back by themselves within `HIDE_S`."""
        by_queue: dict[int, tuple[MeasuredQueue, list[str]]] = {}
        for message_id in message_ids:
            queue, receipt = self._held.pop(message_id)
            by_queue.setdefault(id(queue), (queue, []))[1].append(receipt)
        for queue, receipts in by_queue.values():
            queue.set_visibility(dict.fromkeys(receipts, 0))  # what SQS refuses comes back by itself as well
