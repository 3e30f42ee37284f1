"""`poller.ports.Queue` in memory, with SQS' bad habits: receipts change, messages come twice, deletes get lost.

tests/contract/poller/test_memory_queue.py holds it to what moto's SQS does through the real adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from poller.ports import Delivery


@dataclass
class Message:
    """A message and, once it was received, its newest receipt."""

    message_id: str
    body: str
    attributes: dict[str, str]
    visible_at: float
    count: int = 0
    receipt: str = ""


@dataclass
class MemoryQueue:
    """`now` and `sleep` are the clock's. After `deliveries` receives a message goes to `dead` instead."""

    name: str
    now: Callable[[], float]
    sleep: Callable[[float], None]
    dead: MemoryQueue | None = None
    deliveries: int = 5
    messages: list[Message] = field(default_factory=list)
    sent: int = 0
    loses_deletes: int = 0
    before_delete: Callable[[Message], None] = lambda message: None

    def receive(self, at_most: int, wait_s: int, visibility_s: int) -> list[Delivery]:
        if not self._visible():
            self.sleep(wait_s)
        return [self._deliver(message, visibility_s) for message in self._visible()[:at_most]]

    def delete(self, receipts: Sequence[str]) -> frozenset[str]:
        """What a stale receipt names stays, and so does what is lost; neither is told."""
        for message in [each for each in self.messages if each.receipt in receipts]:
            self.before_delete(message)
            if self.loses_deletes:
                self.loses_deletes -= 1
            else:
                self.messages.remove(message)
        return frozenset()

    def set_visibility(self, seconds: Mapping[str, int]) -> frozenset[str]:
        for message in self.messages:
            if message.receipt in seconds:
                message.visible_at = self.now() + seconds[message.receipt]
        return frozenset()

    def send(self, body: str, attributes: Mapping[str, str]) -> None:
        self.put(body, attributes)

    def put(self, body: str, attributes: Mapping[str, str] | None = None, delay_s: float = 0.0) -> None:
        """A new message, to be seen after `delay_s`."""
        self.sent += 1
        message_id = f"{self.name}-{self.sent}"
        self.messages.append(Message(message_id, body, dict(attributes or {}), self.now() + delay_s))

    def show_all(self) -> None:
        """Deliver what is hidden once more, as SQS may at any time."""
        for message in self.messages:
            message.visible_at = min(message.visible_at, self.now())

    def _visible(self) -> list[Message]:
        """What may be received now; what has been delivered too often is moved away on the way."""
        visible = [each for each in self.messages if each.visible_at <= self.now()]
        for message in [each for each in visible if self.dead and each.count >= self.deliveries]:
            self.messages.remove(message)
            visible.remove(message)
            if self.dead:
                self.dead.put(message.body)
        return visible

    def _deliver(self, message: Message, visibility_s: int) -> Delivery:
        message.count += 1
        message.receipt = f"{message.message_id}/{message.count}"
        message.visible_at = self.now() + visibility_s
        return Delivery(message.message_id, message.receipt, message.body, message.count)
