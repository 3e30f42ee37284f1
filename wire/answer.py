"""The call the poller makes to the function and the answer it gets back.

The poller hands over the message's body verbatim; the function answers for every record in it. An answer that
does not account for each record is as good as none: `Answer.accounts_for` is what allows a message to be deleted.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from wire.errors import WireError
from wire.fields import Json, objects, parse_object, required
from wire.s3_event import Fault, Notification

CALL = 1
ANSWER = 1


@dataclass(frozen=True, slots=True)
class Done:
    """A version whose terminal outcome is stored and whose result message was sent."""

    job_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class InWork:
    """A version another invocation holds; `until` (seconds since the epoch) is when its lock expires at the latest."""

    job_id: str
    until: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the function did with each record of one event."""

    done: tuple[Done, ...] = ()
    refused: tuple[Fault, ...] = ()
    in_work: tuple[InWork, ...] = ()

    def accounts_for(self, notification: Notification) -> bool:
        """Whether every upload of `notification` is done or refused, so that its message has served."""
        done = {item.job_id for item in self.done}
        open_ids = [upload.job_id for upload in notification.uploads if upload.job_id not in done]
        return not self.in_work and len(open_ids) <= len(self.refused) - len(notification.faults)


def write_call(body: str) -> bytes:
    """The invocation's payload for one SQS body."""
    return json.dumps({"call": CALL, "body": body}).encode()


def read_call(event: Json) -> str:
    """The SQS body inside an invocation. Raises `WireError` for a newer poller's call."""
    if required(event, "call", int, "call") != CALL:
        raise WireError("call: the poller is newer than the function; deploy the function")
    return required(event, "body", str, "call")


def write_answer(answer: Answer) -> dict[str, object]:
    """The JSON object that the function returns."""
    return {"answer": ANSWER, **asdict(answer)}


def read_answer(payload: str | bytes) -> Answer:
    """The answer in an invocation's response. Raises `WireError` when it is empty, not JSON or not an answer."""
    body = parse_object(payload, "answer")
    if required(body, "answer", int, "answer") != ANSWER:
        raise WireError("answer: the function is newer than the poller; install the newer poller")
    return Answer(
        done=tuple(
            Done(required(item, "job_id", str, "answer.done"), required(item, "outcome", str, "answer.done"))
            for item in objects(body, "done", "answer")
        ),
        refused=tuple(
            Fault(
                required(item, "record", int, "answer.refused"),
                required(item, "reason", str, "answer.refused"),
            )
            for item in objects(body, "refused", "answer")
        ),
        in_work=tuple(
            InWork(
                required(item, "job_id", str, "answer.in_work"),
                required(item, "until", float, "answer.in_work"),
            )
            for item in objects(body, "in_work", "answer")
        ),
    )
