"""Fakes at the poller's ports, named like them, and a clock that moves only when it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from poller.ports import Attempt, Delivery
from poller.settings import Settings
from wire.answer import Answer, Done, write_answer
from wire.result_csv import write_csv
from wire.result_json import write_result
from wire.result_message import Location, Result
from wire.s3_event import Upload, read_notification

ENVIRONMENT = {
    "REQUEST_QUEUE_URL": "https://sqs.test/1/requests",
    "OUTPUT_QUEUE_URL": "https://sqs.test/1/output",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.test/1/dead",
    "FUNCTION_NAME": "smart-classroom",
    "RESULTS_DIR": "/nowhere",
    "AWS_REGION": "us-east-1",
}


def settings(**changes: object) -> Settings:
    return replace(Settings.from_environment(ENVIRONMENT), **changes)  # type: ignore[arg-type]


def record(key: str = "clip.mp4", version: str = "v1") -> dict[str, object]:
    return {
        "eventVersion": "2.1",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "in"}, "object": {"key": key, "size": 9, "eTag": "e", "versionId": version}},
    }


def event(*records: object) -> str:
    return json.dumps({"Records": list(records) or [record()]})


def all_done(body: str) -> bytes:
    """The answer of a function that has served every readable record of `body` and refused the others."""
    notification = read_notification(body)
    done = tuple(Done(upload.job_id, "no_face") for upload in notification.uploads)
    return json.dumps(write_answer(Answer(done=done, refused=notification.faults))).encode()


def result(key: str = "room/clip 1.mp4", version: str = "v1", **changes: object) -> Result:
    plain = Result(
        upload=Upload("in", key, version, "e", "", 9),
        outcome="no_face",
        reason="",
        csv=write_csv([]),
        csv_location=Location("out", f"{key}.csv"),
        record_location=Location("out", f"{key}.json"),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def delivery(body: str = "", message_id: str = "m1", receipt: str = "r1", receive_count: int = 1) -> Delivery:
    return Delivery(message_id, receipt, body or event(), receive_count)


def result_delivery(of: Result | None = None, receipt: str = "r1") -> Delivery:
    return Delivery(f"message-{receipt}", receipt, write_result(of or result()), 1)


@dataclass
class FakeClock:
    """`wait` lets the time pass at once; `on_wait` may set events or raise, to end a loop."""

    time: float = 1000.0
    on_wait: Callable[[float], None] = lambda seconds: None

    def now(self) -> float:
        return 1_700_000_000.0 + self.time

    def monotonic(self) -> float:
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if not event.is_set():
            self.time += seconds
            self.on_wait(seconds)
        return event.is_set()


@dataclass
class FakeQueue:
    """Hands out `batches` one a poll, then nothing. `log` holds every call in order; `fail` makes a call raise."""

    batches: list[list[Delivery]] = field(default_factory=list)
    log: list[tuple[object, ...]] = field(default_factory=list)
    fail: dict[str, Exception] = field(default_factory=dict)
    undeletable: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()
    on_poll: Callable[[], None] = lambda: None

    def _enter(self, *call: object) -> None:
        self.log.append(call)
        if error := self.fail.get(str(call[0])):
            raise error

    def receive(self, at_most: int, wait_s: int, visibility_s: int) -> list[Delivery]:
        self._enter("receive", at_most, wait_s, visibility_s)
        self.on_poll()
        return self.batches.pop(0) if self.batches else []

    def delete(self, receipts: Sequence[str]) -> frozenset[str]:
        self._enter("delete", *receipts)
        return self.undeletable & set(receipts)

    def set_visibility(self, seconds: Mapping[str, int]) -> frozenset[str]:
        self._enter("hide", dict(seconds))
        return self.stale & set(seconds)

    def send(self, body: str, attributes: Mapping[str, str]) -> None:
        self._enter("send", body, dict(attributes))

    def calls(self, name: str) -> list[tuple[object, ...]]:
        return [call[1:] for call in self.log if call[0] == name]


@dataclass
class FakeFunction:
    """Begins, then does what it is told: answers with bytes or raises. `invoked` holds the bodies that were sent."""

    answer: Callable[[str], bytes] = all_done
    invoked: list[str] = field(default_factory=list)
    before_begin: Callable[[Attempt], None] = lambda attempt: None
    takes: int = 1000

    def at_once(self) -> int:
        return self.takes

    def invoke(self, payload: bytes, attempt: Attempt) -> bytes:
        from poller.errors import NotStarted

        self.before_begin(attempt)
        if not attempt.begin():
            raise NotStarted("Invoke", "NoLonger")
        body = json.loads(payload)["body"]
        self.invoked.append(body)
        return self.answer(body)


def raising(error: Exception) -> Callable[[str], bytes]:
    def answer(_: str) -> bytes:
        raise error

    return answer


def csv_files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.suffix == ".csv")
