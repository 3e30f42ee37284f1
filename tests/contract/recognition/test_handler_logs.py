"""Nothing that the function says names anybody: every record at DEBUG, what the runtime reports, stdout and stderr.

Words are planted wherever data comes in, in the paths that succeed and in those that fail, and then looked for.
"""

from __future__ import annotations

import io
import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from awslambdaric import bootstrap as runtime
from awslambdaric.lambda_runtime_log_utils import JsonFormatter
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from handler import face_recognition_handler
from recognition.aws.galleries import S3Galleries
from recognition.aws.jobs import DynamoJobs
from recognition.aws.outputs import SqsOutbox
from tests.contract.recognition.deployed_stage import upload
from tests.planted import KEY, MAJOR, NAME, SECRET, STUDENT_ID, TOKEN, WORDS, all_of, found_in
from wire.answer import write_call


class Runtime:
    """Lambda's runtime around the handler: it writes down what is raised, and tells the caller."""

    marshaller = LambdaMarshaller()

    def __init__(self) -> None:
        self.told: list[str] = []

    def log_error(self, lines: list[str]) -> None:
        self.told += lines

    def post_invocation_error(self, *report: object) -> None:
        self.told += map(str, report)

    def post_invocation_result(self, *_: object) -> None:
        """The answer goes to the caller; it is no log."""

    def invoke(self, event: object) -> None:
        deadline_ms = (time.time() + 60) * 1000
        runtime.handle_event_request(
            self, face_recognition_handler, "id", json.dumps(event), "application/json", "{}", "{}", "arn",
            deadline_ms, None, self,
        )  # fmt: skip


Say = Callable[[object], str]


@pytest.fixture
def said(
    planted: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Say]:
    """Invoke with an event; everything that was said meanwhile, by whomever. One of the logs cannot be written."""

    def invoke(event: object) -> str:
        capfd.readouterr()
        caplog.clear()
        function = Runtime()
        function.invoke(event)
        records = [all_of(record) + JsonFormatter().format(record) for record in caplog.records]
        return "\n".join([*records, *function.told, *capfd.readouterr(), *(str(each.message) for each in warned)])

    caplog.set_level(logging.DEBUG)
    unwritable = logging.StreamHandler(io.StringIO())
    unwritable.stream.close()
    monkeypatch.setattr(logging.getLogger(), "handlers", [*logging.getLogger().handlers, unwritable])
    caplog.set_level(logging.WARNING, "moto")  # AWS' own side: what it knows it may say
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        yield invoke


@pytest.fixture
def planted(enrolled: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stage, where Eileen Collins goes by a planted name, and the function by planted credentials."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    row(enrolled, name=NAME, major=MAJOR)
    return enrolled


def row(stage: Any, consent_by: str = "granted_by", **fields: str) -> None:
    consent = {"M": {consent_by: {"S": NAME}, "granted_at": {"S": "2026-01-01"}}}
    texts = {name: {"S": text} for name, text in {"year": "senior", **fields}.items()}
    item = {"student_id": {"S": "eileen_collins"}, "consent": consent, **texts}
    stage.dynamodb.put_item(TableName="students", Item=item)


def embeddings(stage: Any) -> list[str]:
    """The beginnings of the templates' numbers, as any program would print them."""
    templates = S3Galleries(stage.s3, "galleries").current().templates
    return [f"{abs(number):.6f}"[:7] for number in np.asarray(templates).ravel()[:40] if abs(number) > 0.01]


def poll(body: str) -> object:
    return json.loads(write_call(body))


def names_nobody(stage: Any, text: str) -> bool:
    private = (*WORDS, "eileen_collins", *embeddings(stage))
    assert found_in(text, private) == set()
    return True


def test_a_student_who_is_recognised_is_named_in_the_result_alone(planted: Any, samples: Path, said: Say) -> None:
    text = said(poll(upload(planted, samples / "clips" / "collins.mp4", KEY)))
    (message,) = planted.messages()
    assert {NAME, MAJOR, KEY} <= found_in(message)
    assert names_nobody(planted, text)


def test_a_machine_fault_that_quotes_everything_is_told_by_its_class_and_place(
    planted: Any, samples: Path, said: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        try:
            raise KeyError(f"{NAME} {STUDENT_ID} {SECRET}")
        except KeyError as error:
            raise RuntimeError(f"cannot send {KEY}: {error}") from error

    monkeypatch.setattr(SqsOutbox, "send", fail)
    monkeypatch.setattr(DynamoJobs, "release", fail)
    text = said(poll(upload(planted, samples / "clips" / "collins.mp4", KEY)))
    assert "RuntimeError at test_handler_logs.py" in text
    assert "lock not released" in text
    assert "RecordsFailed" in text
    assert names_nobody(planted, text)


def test_a_table_that_is_gone_is_told_without_the_clip(planted: Any, samples: Path, said: Say) -> None:
    body = upload(planted, samples / "clips" / "collins.mp4", KEY)
    planted.dynamodb.delete_table(TableName="students")
    text = said(poll(body))
    assert "ResourceNotFoundException" in text
    assert names_nobody(planted, text)


def test_a_row_that_cannot_be_read_is_told_without_the_student(planted: Any, samples: Path, said: Say) -> None:
    row(planted, consent_by="granted_bye", name=NAME, major=MAJOR)
    text = said(poll(upload(planted, samples / "clips" / "collins.mp4", KEY)))
    assert "cannot be read" in text
    assert names_nobody(planted, text)


def titled(folder: Path, codec: bytes) -> bytes:
    """A clip whose own metadata name somebody; of another `codec` than libav knows, it cannot be decoded."""
    path = folder / "titled.mp4"
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata.update({"title": NAME, "artist": NAME, "comment": f"{KEY} {STUDENT_ID}"})
        stream = container.add_stream("libx264", rate=10)
        stream.width = stream.height = 64
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode())
    clip = path.read_bytes()
    assert NAME.encode() in clip
    return clip.replace(b"avc1", codec)


@pytest.mark.parametrize(("codec", "outcome"), [(b"avc1", "no_face"), (b"zzzz", "rejected")])
def test_what_a_clip_says_about_itself_is_not_repeated(
    planted: Any, said: Say, tmp_path: Path, codec: bytes, outcome: str
) -> None:
    text = said(poll(upload(planted, titled(tmp_path, codec), KEY)))
    (message,) = planted.messages()
    assert json.loads(message)["outcome"] == outcome
    assert names_nobody(planted, text)


HOSTILE: dict[str, Callable[[str], str]] = {
    "no JSON": lambda body: f"{NAME} {KEY} {body}",
    "another event": lambda body: body.replace("ObjectCreated:Put", NAME),
    "another version": lambda body: body.replace('"2.1"', json.dumps(NAME)),
    "another bucket": lambda body: body.replace('"clips"', json.dumps(NAME)),
    "a sequencer that is none": lambda body: body.replace('"sequencer": "01"', f'"sequencer": {json.dumps(NAME)}'),
}


@pytest.mark.parametrize("way", ["poller", "queue", "direct"])
@pytest.mark.parametrize("spoil", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_event_that_is_refused_is_not_quoted(
    planted: Any, samples: Path, said: Say, spoil: Callable[[str], str], way: str
) -> None:
    body = spoil(upload(planted, samples / "clips" / "truncated.mp4", KEY))
    event = json.loads(body) if way == "direct" and spoil is not HOSTILE["no JSON"] else {"event": body}
    queued = {"Records": [{"messageId": "m1", "eventSource": "aws:sqs", "receiptHandle": TOKEN, "body": body}]}
    text = said(poll(body) if way == "poller" else queued if way == "queue" else event)
    assert text.strip() or way == "poller"
    assert names_nobody(planted, text)
