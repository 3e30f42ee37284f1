"""What the real handler prints for CloudWatch: valid, complete, once a clip, and nothing about anybody."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from handler import face_recognition_handler
from poller import sign_of_life
from recognition import bootstrap
from recognition.aws.galleries import S3Galleries
from recognition.aws.jobs import DynamoJobs
from recognition.aws.metrics import NAMESPACE, EmfMetrics
from recognition.aws.roster import DynamoRoster
from recognition.enrol import Enrolment
from recognition.errors import RecordsFailed
from recognition.metrics import STEPS
from tests.embedded_metrics import Document, combinations_of, documents_in, faults_of, values_of
from tests.s3_records import record_of
from wire.answer import read_answer, write_call
from wire.result_json import read_result
from wire.result_message import OUTCOMES, Result
from wire.s3_event import Upload

FUNCTION = "smart-classroom-test"
KEY = "seminar room/Zoë Quillfeather & Bo.mp4"


class Context:
    """Lambda's context, as far as the handler asks it."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class Function:
    """The deployed function: clips go in by their file's name, documents come out of its standard output."""

    def __init__(self, stage: Any, clips: Path, read: Callable[[], Any]) -> None:
        self.stage, self.clips, self.read = stage, clips, read

    def body(self, clip: str, key: str = KEY) -> str:
        """Upload a clip; what S3 says of it."""
        data = (self.clips / clip).read_bytes()
        put = self.stage.s3.put_object(Bucket="clips", Key=key, Body=data)
        upload = Upload("clips", key, put["VersionId"], put["ETag"].strip('"'), "01", len(data))
        return json.dumps({"Records": [record_of(upload)]})

    def call(self, body: str) -> str:
        """One invocation; all that it printed on standard output."""
        self.read()
        face_recognition_handler(json.loads(write_call(body)), Context())
        return str(self.read().out)

    def count(self, clip: str) -> list[Document]:
        """One invocation for a new clip; the documents it printed."""
        return documents_in(self.call(self.body(clip)))

    def result(self) -> Result:
        (message,) = self.stage.messages()
        return read_result(message)


@pytest.fixture
def function(
    stage: Any,
    samples: Path,
    enrolment: Enrolment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Function]:
    """A fresh process of the function, on a stage with the two sample students published."""
    for name in ("input_bucket", "output_bucket", "gallery_bucket", "student_table", "job_table", "output_queue_url"):
        monkeypatch.setenv(name.upper(), getattr(stage.settings, name))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", FUNCTION)
    DynamoRoster(stage.dynamodb, "students").write(enrolment.students)
    S3Galleries(stage.s3, "galleries").publish(enrolment.gallery)
    bootstrap.deployed_pipeline.cache_clear()
    yield Function(stage, samples / "clips", capsys.readouterr)
    bootstrap.deployed_pipeline.cache_clear()


@pytest.mark.parametrize(
    ("clip", "outcome", "faces", "compared"),
    [
        ("both of them.mp4", "recognised", 2, 2),
        ("stranger.mp4", "unknown", 1, 1),
        ("empty room.mp4", "no_face", 0, 0),
        ("truncated.mp4", "rejected", 0, 0),
    ],
)
def test_each_clip_is_counted_in_documents_that_cloudwatch_takes(
    function: Function, clip: str, outcome: str, faces: int, compared: int
) -> None:
    documents = function.count(clip)
    assert [fault for each in documents for fault in faults_of(each)] == []
    assert {each["FunctionName"] for each in documents} == {FUNCTION}
    assert values_of(documents, "Outcome", outcome=outcome) == [1]
    assert values_of(documents, "Faces") == [faces]
    similarities = values_of(documents, "Similarity")
    assert len(similarities) == compared
    assert all(-1 <= each <= 1 for each in similarities)


def test_the_similarities_are_those_of_the_result(function: Function) -> None:
    similarities = values_of(function.count("both of them.mp4"), "Similarity")
    assert sorted(similarities) == sorted(student.similarity for student in function.result().students)


def test_the_steps_of_a_clip_that_was_looked_at_are_timed(function: Function) -> None:
    documents = function.count("collins.mp4")
    took = {step: values_of(documents, "StepDuration", step=step) for step in STEPS}
    assert all(len(values) == 1 and values[0] > 0 for values in took.values()), took
    assert sum(took[step][0] for step in STEPS if step != "total") <= took["total"][0] + 1  # rounding


def test_nothing_printed_tells_who_or_where(function: Function) -> None:
    body = function.body("both of them.mp4")
    printed = function.call(body)
    result = function.result()
    students = [word for each in result.students for word in (each.student_id, each.name, *each.name.split())]
    places = [KEY, "Quillfeather", "seminar", "clips", "results", "galleries", "students", "jobs", "output"]
    identity = [result.upload.job_id[:12], result.upload.version_id, result.upload.etag]
    assert len(students) == 8
    assert printed
    assert [word for word in students + places + identity if word.casefold() in printed.casefold()] == []


def test_a_process_starts_cold_once(function: Function) -> None:
    cold = [values_of(function.count(clip), "ColdStart") for clip in ("truncated.mp4", "collins.mp4", "collins.mp4")]
    assert cold == [[1], [0], [0]]


def test_a_second_delivery_counts_nothing(function: Function) -> None:
    body = function.body("truncated.mp4")
    assert function.call(body)
    assert function.call(body) == ""


def test_a_clip_taken_up_after_a_crash_is_counted_once(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise ConnectionError

    body = function.body("collins.mp4")
    with monkeypatch.context() as broken:
        broken.setattr(DynamoJobs, "finish", crash)
        with pytest.raises(RecordsFailed):
            function.call(body)
    documents = documents_in(function.call(body))
    assert values_of(documents, "Outcome", outcome="recognised") == [1]
    assert values_of(documents, "Faces") == [1]
    assert values_of(documents, "StepDuration", step="detect") != []


def test_figures_that_cannot_be_printed_leave_the_result_as_it_is(
    function: Function, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(f"no space left for {KEY}")

    body = function.body("collins.mp4")
    monkeypatch.setattr(EmfMetrics, "count", refuse)
    with caplog.at_level(logging.WARNING):
        answer = face_recognition_handler(json.loads(write_call(body)), Context())
    assert [done.outcome for done in read_answer(json.dumps(answer)).done] == ["recognised"]
    assert [student.name for student in function.result().students] == ["Eileen Collins"]
    assert function.call(body) == ""  # finished: it does not come again
    (warning,) = [record for record in caplog.records if record.message == "clip not counted"]
    assert vars(warning)["error"] == "OSError"
    assert KEY not in str(vars(warning))


def test_a_stage_that_logs_errors_only_keeps_its_metrics(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    assert {each["level"] for each in function.count("truncated.mp4")} == {"ERROR"}


def test_off_lambda_nothing_is_printed(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME")
    assert function.call(function.body("truncated.mp4")) == ""


def test_a_stage_pays_for_no_more_metrics_than_outcomes_steps_and_three(function: Function) -> None:
    documents = function.count("collins.mp4")
    others = {("Outcome", f"FunctionName={FUNCTION}", f"outcome={each}") for each in OUTCOMES}
    steps = {("StepDuration", f"FunctionName={FUNCTION}", f"step={each}") for each in STEPS}
    single = {(name, f"FunctionName={FUNCTION}") for name in ("ColdStart", "Faces", "Similarity")}
    assert combinations_of(documents) <= others | steps | single
    assert len(others | steps | single) == 13


def test_the_poller_and_the_function_share_a_namespace(function: Function) -> None:
    documents = function.count("truncated.mp4")
    names = {each["Namespace"] for document in documents for each in document["_aws"]["CloudWatchMetrics"]}
    assert names == {NAMESPACE} == {sign_of_life.NAMESPACE}
