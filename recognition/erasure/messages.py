"""The output queue and its dead letters: results under way that tell of a student.

The surprising rule: looking counts as a delivery, for SQS shows a message only by handing it out. What a poller holds
at that moment is not seen; it strips the student itself, because it remembers whom it has erased.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from recognition.erasure.places import Subject, Trace
from recognition.erasure.traces import told_by
from wire.erasure_message import read_erasure
from wire.errors import WireError
from wire.result_json import write_result


@dataclass(frozen=True, slots=True)
class Message:
    """A message in our hands for a while. `attributes` are its sender's."""

    body: str
    receipt: str
    attributes: dict[str, str] = field(default_factory=dict)


class MessageQueue(Protocol):
    """A queue to look through."""

    def take(self) -> list[Message]:
        """All that can be had, each hidden from others for two minutes."""
        ...

    def put_back(self, messages: Sequence[Message]) -> None:
        """Let others see them again."""
        ...

    def replace(self, message: Message, body: str) -> None:
        """Send `body` instead, then delete the message; nothing is sent if `body` is empty."""
        ...


@dataclass(frozen=True, slots=True)
class Messages:
    """See `places.Place`."""

    queue: MessageQueue
    name: str

    def find(self, subject: Subject) -> list[Trace]:
        """The messages that tell of the student; they stay hidden until they are erased, or the two minutes over."""
        taken = self.queue.take()
        telling = [each for each in taken if _tells(each.body, subject.student_id)]
        self.queue.put_back([each for each in taken if each not in telling])
        return [Trace("message", each) for each in telling]

    def erase(self, subject: Subject, traces: Sequence[Trace]) -> None:
        """Send each anew without the student. One that cannot be read goes for good."""
        for message in [each.target for each in traces]:
            result = told_by(message.body.encode(), subject.student_id).result
            self.queue.replace(message, write_result(result.without(subject.student_id)) if result else "")


def _tells(body: str, student_id: str) -> bool:
    """Whether it tells of the student; the very request to forget does not count."""
    with contextlib.suppress(WireError):  # neither an erasure nor JSON: whether it holds the id, `told_by` says
        if read_erasure(body):
            return False
    return told_by(body.encode(), student_id).concerns
