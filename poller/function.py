"""The Lambda function behind `ports.Function`: one request an invocation, unless the work certainly never started.

Knows no boto3: `aws` hands in the call. The surprising rule: trying again is bounded by the caller's patience while
the function is busy (a slot frees sooner or later), but by a few tries while no connection comes about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from poller.errors import FunctionFailed, NotStarted, Unreachable
from poller.patience import backoff
from poller.ports import Attempt
from poller.replies import error_type

CONNECT_TRIES = 5


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response to an invocation. `raised`: the function failed, which comes with status 200."""

    content: bytes
    raised: bool
    request_id: str


class LambdaFunction:
    """See `ports.Function`. `call` makes one request and raises `AwsError`."""

    def __init__(self, call: Callable[[bytes], Response]) -> None:
        self._call = call

    def invoke(self, payload: bytes, attempt: Attempt) -> bytes:
        """Invoke and wait for the answer's bytes."""
        retrying = Retrying(
            retry=retry_if_exception_type(NotStarted),
            wait=backoff,
            stop=_GiveUp(attempt),
            sleep=attempt.pause,
            reraise=True,
        )
        response = retrying(self._once, payload, attempt)
        if response.raised:
            raise FunctionFailed("Invoke", error_type(response.content), hint=response.request_id)
        return response.content

    def _once(self, payload: bytes, attempt: Attempt) -> Response:
        if not attempt.begin():
            raise NotStarted("Invoke", "NoLonger")
        try:
            return self._call(payload)
        except NotStarted:
            attempt.never_started()
            raise


class _GiveUp:
    """tenacity's stop: when the caller wants no more, or after a few failures to connect."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._unconnected = 0

    def __call__(self, state: RetryCallState) -> bool:
        if state.outcome and isinstance(state.outcome.exception(), Unreachable):
            self._unconnected += 1
        return self._unconnected >= CONNECT_TRIES or not self._attempt.may_wait(state.upcoming_sleep)
