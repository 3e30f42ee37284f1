"""An SQS standard queue in simulated time: visible messages, long polls, redelivery and the dead-letter queue.

The surprising rule: a long poll that waits is answered by the first message to come, alone; only a queue that holds
several hands out several. Duplicates, which a real queue may deliver, are left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

import simpy

Steps: TypeAlias = Generator[simpy.Event, Any, None]


@dataclass(slots=True)
class Message:
    """A clip's number, and how often it was handed out."""

    clip: int
    receives: int = 0


class Queue:
    """`requests` counts what SQS bills, `in_flight` what was handed out and neither deleted nor returned."""

    def __init__(self, env: simpy.Environment, longest_poll_s: float, max_receives: int) -> None:
        self._env, self._longest_poll_s, self._max_receives = env, longest_poll_s, max_receives
        self._visible: deque[Message] = deque()
        self._polls: deque[simpy.Event] = deque()
        self.requests = self.receives = 0
        self.in_flight = self.most_in_flight = self.most_visible = 0
        self.dead: list[Message] = []
        self.on_dead: Callable[[Message], None] = lambda message: None

    def put(self, message: Message) -> None:
        """Make a message visible; the longest waiting poll gets it."""
        while self._polls:
            poll = self._polls.popleft()
            if not poll.triggered:
                poll.succeed([self._hand_out(message)])
                return
        self._visible.append(message)
        self.most_visible = max(self.most_visible, len(self._visible))

    def receive(self, at_most: int, wait_s: float) -> simpy.Event:
        """An event with up to `at_most` messages as its value: at once if there are any, else as soon as one comes."""
        self.requests += 1
        poll = self._env.event()
        found = [self._hand_out(self._visible.popleft()) for _ in range(min(at_most, len(self._visible)))]
        if found:
            return poll.succeed(found)
        self._polls.append(poll)
        self._env.timeout(min(wait_s, self._longest_poll_s)).callbacks.append(lambda _: _end_in_vain(poll))
        return poll

    def delete(self, count: int) -> None:
        """One request that deletes up to ten messages."""
        self.requests += 1
        self.in_flight -= count

    def give_back(self, message: Message, seconds: float) -> None:
        """Let a message become visible again after `seconds`; after too many receives it is dead instead."""
        self.requests += 1
        self._env.timeout(seconds).callbacks.append(lambda _: self._return(message))

    def __len__(self) -> int:
        return len(self._visible)

    def _return(self, message: Message) -> None:
        self.in_flight -= 1
        if message.receives >= self._max_receives:
            self.dead.append(message)
            self.on_dead(message)
        else:
            self.put(message)

    def _hand_out(self, message: Message) -> Message:
        message.receives += 1
        self.receives += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        return message


def _end_in_vain(poll: simpy.Event) -> None:
    if not poll.triggered:
        poll.succeed([])
