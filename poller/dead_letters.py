"""One dead letter: where it came from, what it is about, and whether sending it back can help. Pure.

Knows the wire and the tick's own decision, no queue and no client. The surprising rule: a letter says where it came
from by its attribute, which the poller writes; SQS moves messages without one, so then the queue it lies in says it,
and where both dead-letter queues are one, the body.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from poller import decide
from poller.naming import short
from poller.ports import Delivery
from wire.erasure_message import read_erasure
from wire.errors import NewerSchemaError, WireError
from wire.result_json import read_result
from wire.s3_event import Notification, read_notification

Source = Literal["requests", "output"]
SOURCES: dict[str, Source] = {"requests": "requests", "output": "output"}
ID_DIGITS = 8


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message in a dead-letter queue. `lies_in` is the queue it was received from, None if that one serves both."""

    delivery: Delivery
    lies_in: Source | None

    @property
    def short_id(self) -> str:
        """The first digits of its id, enough to name it by."""
        return self.delivery.message_id[:ID_DIGITS]

    @property
    def source(self) -> Source | None:
        """The queue it came from; None if nothing tells."""
        told = SOURCES.get(self.delivery.attributes.get("queue", ""))
        return told or self.lies_in or _by_body(self.delivery.body)

    @property
    def reason(self) -> str:
        """Why it is here."""
        return self.delivery.attributes.get("reason") or "SQS moved it: its deliveries were used up"

    @property
    def jobs(self) -> list[str]:
        """The first twelve digits of the job ids it is about; none if it cannot be read."""
        try:
            if self.source == "output":
                uploads = [read_result(self.delivery.body).upload]
            else:
                uploads = list(read_notification(self.delivery.body).uploads)
        except WireError:
            return []
        return [short(upload.job_id) for upload in uploads]

    @property
    def hopeless(self) -> str:
        """Why it would only come straight back; empty if it is worth sending."""
        if self.source is None:
            return "nothing tells which queue it came from"
        return _unreadable_result(self.delivery.body) if self.source == "output" else self._unreadable_request()

    def _unreadable_request(self) -> str:
        step = decide.before(self.delivery.body)
        if isinstance(step, decide.Bury):
            return step.reason
        # With a reason it was the poller that set it aside, after the readable records were done. Without one SQS did,
        # perhaps before anything was.
        served = isinstance(step, Notification) and step.faults and "reason" in self.delivery.attributes
        return "its readable records are done, the others cannot be read" if served else ""


def _unreadable_result(body: str) -> str:
    try:
        if read_erasure(body) is None:
            read_result(body)
    except NewerSchemaError:
        return "it is of a newer schema: install the newer poller first"
    except WireError as error:
        return decide.as_reason(str(error))
    return ""


def _by_body(body: str) -> Source | None:
    try:
        read_notification(body)
    except WireError:
        return "output" if _looks_like_a_result(body) else None
    return "requests"


def _looks_like_a_result(body: str) -> bool:
    """Whether it is a result or an erasure, if perhaps one of a newer schema."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "schema" in value and ("upload" in value or "erasure" in value)
