"""The function struck in the middle of its work, on a real local AWS: what it leaves behind is always mended."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from recognition.aws import calls
from recognition.decode import sandbox
from recognition.decoding.sandbox import Sandbox
from recognition.errors import RecordsFailed
from recognition.gallery import Gallery
from recognition.identify import Finding, Identifier
from recognition.stopwatch import Stopwatch
from tests.chaos.dying_function import LOCKED_S, Stub, responder
from tests.chaos.local_stage import LocalStage, local_stage
from wire.answer import Answer, read_answer
from wire.result_json import read_result
from wire.result_message import Result
from wire.s3_event import Upload, read_notification

ROOT = Path(__file__).parents[2]
NOW = 1_790_000_000.0

CALLS = [
    "UpdateItem",  # lock
    "HeadObject",  # is the clip there
    "GetObject",  # the gallery's pointer
    "GetObject",  # the gallery
    "GetObject",  # the clip
    "BatchGetItem",  # students
    "HeadObject",
    "PutObject",  # the roll call
    "HeadObject",
    "PutObject",  # the record
    "HeadObject",
    "PutObject",  # the picture
    "HeadObject",  # is the roll call still ours
    "UpdateItem",  # keep the result
    "SendMessage",
    "UpdateItem",  # finish
]
"""Every call that the work on one clip makes the first time, in order."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStage]:
    with local_stage(tmp_path_factory.mktemp("local")) as running:
        yield running


@pytest.fixture(autouse=True)
def led_to_the_stage(stage: LocalStage, no_real_cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what keeps tests from any cloud, for this one on the loopback."""
    for name, value in stage.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    stage.messages()


def run(stage: LocalStage, event: dict[str, Any], dies_after: int = 0, **environment: str) -> Any:
    """The function in a process of its own."""
    told = {"settings": asdict(stage.settings), "now": NOW, "dies_after": dies_after, "event": event}
    command = [sys.executable, "-m", "tests.chaos.dying_function", json.dumps(told)]
    environ = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=120)


def answer_at(stage: LocalStage, now: float, event: dict[str, Any], **more: Any) -> Answer:
    return read_answer(json.dumps(responder(stage.settings, now, **more).respond(event)))


def upload_in(event: dict[str, Any]) -> Upload:
    return read_notification(event["body"]).uploads[0]


def the_result(stage: LocalStage) -> Result:
    """What the messages say; they must all say the same."""
    (text,) = set(stage.messages())
    return read_result(text)


@pytest.mark.fault(29)
def test_the_calls_after_which_it_is_killed_are_all_it_makes(stage: LocalStage) -> None:
    done = run(stage, stage.upload("all.mp4"))
    assert json.loads(done.stdout) == CALLS, done.stderr


@pytest.mark.fault(29)
@pytest.mark.fault(31)
@pytest.mark.parametrize("nth", range(1, len(CALLS) + 1), ids=lambda nth: f"{nth}-{CALLS[nth - 1]}")
def test_killed_after_any_call_it_converges_once_the_lock_has_expired(stage: LocalStage, nth: int) -> None:
    event = stage.upload(f"killed-{nth}.mp4")
    upload = upload_in(event)
    died = run(stage, event, dies_after=nth)
    assert died.returncode == -signal.SIGKILL, died.stderr
    if nth < len(CALLS):
        held = answer_at(stage, NOW + LOCKED_S, event)
        assert [(item.job_id, item.until) for item in held.in_work] == [(upload.job_id, NOW + LOCKED_S)]
        assert not held.done
    answer = answer_at(stage, NOW + LOCKED_S + 1, event)
    assert [(item.job_id, item.outcome) for item in answer.done] == [(upload.job_id, "recognised")]
    result = the_result(stage)
    assert (result.upload, [student.name for student in result.students]) == (upload, ["Ada"])
    assert stage.object(f"{upload.key}.csv").decode() == result.csv
    assert read_result(stage.object(f"{upload.key}.json")).students == result.students
    assert stage.object(f"{upload.key}.jpg").startswith(b"\xff\xd8")
    job = stage.job(upload.job_id)
    assert job["state"] == {"S": "done"}
    assert "result" not in job


@pytest.mark.fault(30)
def test_of_many_at_once_on_one_version_one_works_and_the_others_say_until_when(stage: LocalStage) -> None:
    event = stage.upload("contested.mp4")
    others_answered, works = threading.Semaphore(0), []

    def meanwhile() -> None:
        works.append(1)
        for _ in range(5):
            assert others_answered.acquire(timeout=60)

    def invoke(_: int) -> Answer:
        answer = answer_at(stage, NOW, event, stub=Stub(meanwhile))
        others_answered.release()
        return answer

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(invoke, range(6)))
    assert len(works) == 1
    assert sorted(len(answer.done) for answer in answers) == [0, 0, 0, 0, 0, 1]
    assert {item.until for answer in answers for item in answer.in_work} == {NOW + LOCKED_S}
    assert len(stage.messages()) == 1


class Throttled:
    """Answers the first `times` requests of an operation as a throttled DynamoDB does; the retries are real."""

    def __init__(self, operation: str, times: int) -> None:
        self._operation, self.left = operation, times

    def client(self, made: Any) -> Any:
        made.meta.events.register(f"before-send.dynamodb.{self._operation}", self._answer)
        return made

    def _answer(self, request: Any, **_: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        if self.left <= 0:
            return None
        self.left -= 1
        body = (
            b'{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "slow"}'
        )
        answer = AWSResponse(request.url, 400, {"content-type": "application/x-amz-json-1.0"}, None)
        answer._content = body
        return answer


@pytest.fixture
def throttle(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(calls, "LONGEST_WAIT_S", 0.001)
    plain = calls.client

    def throttle(operation: str, times: int) -> Throttled:
        throttled = Throttled(operation, times)
        monkeypatch.setattr(calls, "client", lambda service: throttled.client(plain(service)))
        return throttled

    return throttle


@pytest.mark.fault(32)
@pytest.mark.parametrize("operation", ["UpdateItem", "BatchGetItem"])
def test_a_throttled_table_is_asked_again_and_costs_nobody_the_roll_call(
    stage: LocalStage, throttle: Any, operation: str
) -> None:
    throttled = throttle(operation, calls.ATTEMPTS - 1)
    answer_at(stage, NOW, stage.upload(f"throttled-{operation}.mp4"))
    assert throttled.left == 0
    assert the_result(stage).outcome == "recognised"


@pytest.mark.fault(32)
def test_a_table_throttled_for_good_fails_the_work_and_leaves_the_version_free(
    stage: LocalStage, throttle: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = stage.upload("throttled.mp4")
    throttled = throttle("BatchGetItem", 1_000)
    with pytest.raises(RecordsFailed, match="ProvisionedThroughputExceeded"):
        answer_at(stage, NOW, event)
    assert stage.messages() == []
    throttled.left = 0
    assert answer_at(stage, NOW + 1, event).done
    assert the_result(stage).outcome == "recognised"


@pytest.mark.fault(32)
def test_a_student_missing_from_the_table_is_an_unknown_face(stage: LocalStage) -> None:
    row = stage.dynamodb.get_item(TableName="students", Key={"student_id": {"S": "ada"}})["Item"]
    stage.dynamodb.delete_item(TableName="students", Key={"student_id": {"S": "ada"}})
    try:
        answer_at(stage, NOW, stage.upload("missing.mp4"))
    finally:
        stage.dynamodb.put_item(TableName="students", Item=row)
    result = the_result(stage)
    assert (result.outcome, result.unknown_faces, result.students) == ("unknown", 1, ())


@pytest.mark.fault(35)
def test_control_characters_in_a_name_come_through_the_queue(stage: LocalStage) -> None:
    row = stage.dynamodb.get_item(TableName="students", Key={"student_id": {"S": "ada"}})["Item"]
    name = "A\x01d\x0ba\x7f\ufffe\U0001f393"
    stage.dynamodb.put_item(TableName="students", Item={**row, "name": {"S": name}})
    try:
        answer_at(stage, NOW, stage.upload("control.mp4"))
    finally:
        stage.dynamodb.put_item(TableName="students", Item=row)
    assert [student.name for student in the_result(stage).students] == [name]


@pytest.mark.fault(34)
def test_stale_files_in_the_temporary_folder_are_neither_read_nor_changed(stage: LocalStage, tmp_path: Path) -> None:
    for name in ("stale.mp4", "stale.mp4.csv", "current.json", "gallery.npz", "encoding", "numpy.py", "av.py"):
        (tmp_path / name).write_bytes(b"raise SystemExit('the temporary folder was read')")
        os.utime(tmp_path / name, (1000, 1000))
    before = {path.name: (path.stat().st_mtime, path.stat().st_atime, path.read_bytes()) for path in tmp_path.iterdir()}
    for path in tmp_path.iterdir():
        os.utime(path, (1000, 1000))
    done = run(stage, stage.upload("stale.mp4"), TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert the_result(stage).outcome == "recognised"
    after = {path.name: (path.stat().st_mtime, path.stat().st_atime, path.read_bytes()) for path in tmp_path.iterdir()}
    assert after == before


class Segfaulting:
    """The real models; what decodes the clip dies of SIGSEGV as soon as it has bytes to decode."""

    def __init__(self, identifier: Identifier) -> None:
        self._identifier = identifier

    def identify(self, file: BinaryIO, gallery: Gallery, watch: Stopwatch) -> Finding:
        class Fatal(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                for child in children_of(sandbox()):
                    os.kill(int(child.split()[1]), signal.SIGSEGV)
                return super().read(size)

        return self._identifier.identify(Fatal(file.read()), gallery, watch)


@pytest.mark.fault(33)
@pytest.mark.parametrize("bad", ["truncated", "not a clip", "segfault"])
def test_after_a_clip_that_cannot_be_decoded_the_same_process_answers_the_next_one_right(
    stage: LocalStage, identifier: Identifier, samples: Path, bad: str
) -> None:
    good = (samples / "clips" / "collins.mp4").read_bytes()
    body = {"truncated": good[: len(good) // 3], "not a clip": b"<html>" * 1000, "segfault": good}[bad]
    models = Segfaulting(identifier) if bad == "segfault" else identifier
    answer_at(stage, NOW, stage.upload(f"{bad}.mp4", body), stub=models)
    assert the_result(stage).outcome == "rejected"
    answer_at(stage, NOW, stage.upload(f"after {bad}.mp4", good), stub=identifier)
    result = the_result(stage)
    assert (result.outcome, result.unknown_faces) == ("unknown", 1)
    assert children_of(sandbox()) == []


def children_of(within: Sandbox) -> list[str]:
    listed = subprocess.run(["ps", "-e", "-o", "ppid=,pid="], check=True, capture_output=True, text=True)
    return [line for line in listed.stdout.splitlines() if line.split()[0] == str(within.nursery_pid)]
