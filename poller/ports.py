"""What a tick needs from the world: clients and a clock. `aws` and `clock` give the real ones, tests fakes.

All durations are seconds. The errors named here are those of `poller.errors`; an adapter raises no others.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

BATCH = 10
"""How many messages SQS takes or gives in one call at most."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of one message. The receipt belongs to the delivery, not to the message.

    `sent` is when the message was first sent to any queue, in epoch seconds on AWS's clock; None if the queue does not
    say. `attributes` are the text attributes that its sender gave it.
    """

    message_id: str
    receipt: str
    body: str
    receive_count: int
    sent: float | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Depth:
    """Roughly how many messages a queue holds: to be had, in somebody's hands, and not yet to be had."""

    visible: int
    in_flight: int
    delayed: int


class Queue(Protocol):
    """An SQS queue. Each method repeats what is safe to repeat, then raises `Transient`, `Refused` or `Unusable`."""

    def receive(self, at_most: int, wait_s: int, visibility_s: int) -> list[Delivery]:
        """Long-poll for 1 to 10 messages during `wait_s` (1 to 20)."""
        ...

    def delete(self, receipts: Sequence[str]) -> frozenset[str]:
        """Delete and return the receipts of what could not be deleted."""
        ...

    def set_visibility(self, seconds: Mapping[str, int]) -> frozenset[str]:
        """Hide each receipt's message for so long from now on; return the receipts that this failed for."""
        ...

    def send(self, body: str, attributes: Mapping[str, str]) -> None:
        """Send one message with text attributes."""
        ...


class MeasuredQueue(Queue, Protocol):
    """A queue that also tells how much is in it; for people, never for decisions."""

    def depth(self) -> Depth:
        """Approximate, and minutes old at times."""
        ...

    def hides_s(self) -> int:
        """For how many seconds it hides a message from whoever receives it without saying for how long."""
        ...


class Attempt(Protocol):
    """The caller's word on each try of one invocation; it may say no until the very moment of sending."""

    def begin(self) -> bool:
        """Called right before a request leaves. False: do not send."""
        ...

    def never_started(self) -> None:
        """The request that `begin` allowed was certainly not carried out."""
        ...

    def may_wait(self, seconds: float) -> bool:
        """Whether a next try after so long is still wanted."""
        ...

    def pause(self, seconds: float, turn: threading.Event) -> None:
        """Sleep, or less if `turn` is set or the tick is being stopped."""
        ...


class Function(Protocol):
    """The function. Waits and tries again only while the work never started."""

    def invoke(self, payload: bytes, attempt: Attempt) -> bytes:
        """The answer's bytes. Raises `NotStarted`, `UnknownOutcome`, `FunctionFailed`, `Refused` or `Unusable`."""
        ...

    def at_once(self) -> int:
        """How many invocations it seems to take at once, 1 or more; beyond all bounds while none was refused."""
        ...


class SignOfLife(Protocol):
    """Whoever raises the alarm when ticks stop finishing."""

    def send(self) -> None:
        """Say, once and without trying again, that a tick has finished. Raises `AwsError`."""
        ...


class Clock(Protocol):
    """The time and the only way to let some pass."""

    def now(self) -> float:
        """Seconds since the epoch, to compare with other machines' times."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, for durations on this machine."""
        ...

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for `event` at most so long and tell whether it is set."""
        ...
