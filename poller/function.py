"""The Lambda function behind `ports.Function`: one request an invocation, unless the work certainly never started.

Knows no boto3: `aws` hands in the call. The surprising rule: trying again is bounded by the caller's patience while
the function is busy (a slot frees sooner or later, and whoever waits is told), but by a few tries while no connection
comes about.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from poller.errors import FunctionFailed, NotStarted, Unreachable
from poller.patience import backoff
from poller.ports import Attempt
from poller.replies import error_type
from poller.slots import Slots

CONNECT_TRIES = 5


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response to an invocation. `raised`: the function failed, which comes with status 200."""

    content: bytes
    raised: bool
    request_id: str


class LambdaFunction:
    """See `ports.Function`. `call` makes one request and raises `AwsError`; `now` is monotonic seconds."""

    def __init__(self, call: Callable[[bytes], Response], now: Callable[[], float] = time.monotonic) -> None:
        self._call, self._slots = call, Slots(now)

    def at_once(self) -> int:
        """How many invocations it seems to take at once."""
        return self._slots.at_once()

    def invoke(self, payload: bytes, attempt: Attempt) -> bytes:
        """Invoke and wait for the answer's bytes."""
        tries = _Tries(self._call, self._slots, payload, attempt)
        retrying = Retrying(
            retry=retry_if_exception_type(NotStarted),
            wait=backoff,
            stop=_GiveUp(attempt),
            sleep=tries.sleep,
            reraise=True,
        )
        response = retrying(tries.once)
        if response.raised:
            raise FunctionFailed("Invoke", error_type(response.content), hint=response.request_id)
        return response.content


@dataclass
class _Tries:
    """One invocation's tries. Between two of them it waits for its backoff, or until a slot is freed for it."""

    call: Callable[[bytes], Response]
    slots: Slots
    payload: bytes
    attempt: Attempt
    least_s: float = 0.0
    ended: int = 0
    has_slot: bool = False

    def once(self) -> Response:
        """Send it, if it is still wanted."""
        if not self.has_slot:
            self.slots.take()
        self.has_slot, self.ended = False, self.slots.ended()
        if not self.attempt.begin():
            self.slots.give_back()
            raise NotStarted("Invoke", "NoLonger")
        over = self.slots.free
        try:
            return self.call(self.payload)
        except NotStarted as error:
            self.attempt.never_started()
            self.least_s = error.retry_after_s
            unreachable = isinstance(error, Unreachable)
            over = self.slots.give_back if unreachable else partial(self.slots.refuse, self.ended)
            raise
        finally:
            over()

    def sleep(self, seconds: float) -> None:
        """Not shorter than AWS asks for; the rest of it ends as soon as a slot is free."""
        if least_s := min(self.least_s, seconds):
            self.attempt.pause(least_s, threading.Event())
        if seconds > least_s:
            turn = self.slots.stand_in_line(self.ended)
            self.attempt.pause(seconds - least_s, turn)
            self.has_slot = self.slots.leave(turn)


class _GiveUp:
    """tenacity's stop: when the caller wants no more, or after a few failures to connect."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._unconnected = 0

    def __call__(self, state: RetryCallState) -> bool:
        if state.outcome and isinstance(state.outcome.exception(), Unreachable):
            self._unconnected += 1
        return self._unconnected >= CONNECT_TRIES or not self._attempt.may_wait(state.upcoming_sleep)
