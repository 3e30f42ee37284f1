"""What the function is called with, whichever way it was called, and what it answers.

Three callers: S3 itself, an SQS event source mapping (partial batch responses), the poller. Each record stands for
itself: a bad or failing one neither blocks nor loses its neighbours. The surprising rule: a mapping takes every message
that is not reported for served, and all of them for failed when the function runs out of time; so none is begun late.
"""

from __future__ import annotations

import json
import logging
import math
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from recognition.errors import GalleryError, RecordsFailed
from wire.answer import Answer, Done, InWork, read_call, write_answer
from wire.errors import WireError
from wire.fields import objects, required
from wire.s3_event import Fault, Upload, read_notification

Event = Mapping[str, object]
Process = Callable[[Upload], Done | InWork]

ENOUGH_S = 30.0  # to begin one more message: most clips take a second or two, and a slow one makes its batch repeat

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Responder:
    """Turns an event into uploads, has each processed, and gives the caller its kind of answer.

    `time_left_s` tells how many seconds the invocation still has.
    """

    process: Process
    time_left_s: Callable[[], float] = lambda: math.inf

    def respond(self, event: Event) -> dict[str, object]:
        """The answer to `event`.

        Raises `WireError` for what nobody can read, `RecordsFailed` for what must come again. Only the poller is told
        of refused records and takes them to the dead-letter queue; the other callers see a failure, redrive it, and
        end in their own dead-letter queue.
        """
        if _is_from_queue(event):
            return {"batchItemFailures": [{"itemIdentifier": failed} for failed in self._failed_messages(event)]}
        if "call" in event:
            return write_answer(self._answer(read_call(event)))
        answer = self._answer(json.dumps(event))
        if not _is_served(answer):
            raise RecordsFailed(_why_not_served(answer))
        return write_answer(answer)

    def _failed_messages(self, event: Event) -> list[str]:
        failed = []
        for number, message in enumerate(objects(event, "Records", "event")):
            message_id = required(message, "messageId", str, "event.Records[]")
            begun = number == 0 or self.time_left_s() >= ENOUGH_S  # the first has all the time there is
            if reason := self._failure(message) if begun else "not begun: the function's time runs out":
                logger.error("message failed", extra={"message_id": message_id, "reason": reason})
                failed.append(message_id)
        return failed

    def _failure(self, message: Event) -> str:
        """Why the message must come again; empty if it has served."""
        try:
            answer = self._answer(required(message, "body", str, "event.Records[]"))
        except (WireError, RecordsFailed) as error:
            return str(error)
        return "" if _is_served(answer) else _why_not_served(answer)

    def _answer(self, body: str) -> Answer:
        notification = read_notification(body)
        done: list[Done] = []
        in_work: list[InWork] = []
        refused: list[Fault] = list(notification.faults)
        failures: list[Exception] = []
        for number, upload in notification.numbered_uploads:
            try:
                outcome = self.process(upload)
            except WireError as error:
                refused.append(Fault(number, str(error)))
            except Exception as error:
                logger.error("record failed", extra={"job_id": upload.job_id, "error": _where(error)})
                failures.append(error)
            else:
                done.append(outcome) if isinstance(outcome, Done) else in_work.append(outcome)
        if failures:
            raise RecordsFailed(_summary(failures)) from failures[0]
        return Answer(tuple(done), tuple(refused), tuple(in_work))


def _is_from_queue(event: Event) -> bool:
    records = event.get("Records")
    first = records[0] if isinstance(records, list) and records else None
    return isinstance(first, dict) and first.get("eventSource") == "aws:sqs"


def _is_served(answer: Answer) -> bool:
    return not answer.in_work and not answer.refused


def _why_not_served(answer: Answer) -> str:
    refusals = "; ".join(f"record {fault.record}: {fault.reason}" for fault in answer.refused)
    return refusals or "another invocation is at work on this object; the event must come again"


def _where(error: Exception) -> str:
    """The error's class and the way to it, without its message: that may quote a row, a key or a name."""
    places = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at " + " < ".join(f"{Path(p.filename).name}:{p.lineno}" for p in reversed(places))


def _summary(failures: list[Exception]) -> str:
    kinds = ", ".join(sorted({type(error).__name__ for error in failures}))
    advice = next((f": {error}" for error in failures if isinstance(error, GalleryError)), "")
    return f"{len(failures)} record(s) failed ({kinds}){advice}"
