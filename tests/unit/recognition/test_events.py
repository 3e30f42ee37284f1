"""The three ways the function is called, and the pipeline's order of work, with fakes at the ports."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from recognition.clip_file import MAX_CLIP_BYTES
from recognition.decision import read_decision
from recognition.errors import ClipSuperseded, GalleryError, RecordsFailed, StudentsError
from recognition.events import ENOUGH_S, Responder
from recognition.gallery import Gallery, make_gallery
from recognition.identify import Identifier
from recognition.jobs import Begun, Entry, Finished, Held, State
from recognition.pipeline import Pipeline
from recognition.roster import Student
from recognition.sections import Session
from wire.answer import Done, InWork, read_answer, write_call
from wire.errors import WireError
from wire.result_json import read_result
from wire.result_message import Location, Outcome
from wire.s3_event import Upload

NOW = 1_790_000_000.0


@dataclass
class Cloud:
    """All ports in memory. `log` is the order of what happened; `fail_at` raises there once."""

    clip: bytes = b"not a clip"
    log: list[str] = field(default_factory=list)
    jobs: dict[str, State] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    newer_there: bool = False
    newer_comes: bool = False  # once the CSV is written
    messages: list[str] = field(default_factory=list)
    fail_at: str = ""
    gone: bool = False
    gallery: Gallery = field(default_factory=lambda: make_gallery({}))

    def _step(self, name: str) -> None:
        self.log.append(name)
        if name == self.fail_at:
            self.fail_at = ""
            raise ConnectionError(f"no {name}")

    def begin(self, upload: Upload, now: float, deadline: float) -> State:
        self._step("begin")
        state = self.jobs.get(upload.job_id, Begun())
        if isinstance(state, Begun) or (isinstance(state, Held) and state.until < now):
            self.jobs[upload.job_id] = Held(deadline)
            return Begun(self.kept.get(upload.job_id, ""))
        return state

    def release(self, upload: Upload, deadline: float, now: float) -> None:
        self._step("release")
        if self.jobs[upload.job_id] == Held(deadline):
            self.jobs[upload.job_id] = Held(now)

    def keep(self, upload: Upload, result: str, entry: Entry) -> None:
        self._step("keep")
        self.entries.append(entry)
        self.kept[upload.job_id] = result

    def finish(self, upload: Upload, outcome: Outcome, now: float) -> None:
        self._step("finish")
        self.jobs[upload.job_id] = Finished(outcome)
        self.kept.pop(upload.job_id, None)

    def open(self, upload: Upload) -> BinaryIO:
        self._step("open")
        if self.gone:
            raise ClipSuperseded("deleted")
        return io.BytesIO(self.clip)

    def current(self) -> Gallery:
        self._step("gallery")
        return self.gallery

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        self._step("students")
        return {}

    def put(self, upload: Upload, location: Location, body: bytes, content_type: str) -> bool:
        self._step(f"put {Path(location.key).suffix}")
        if self.newer_there:
            return False
        self.objects[location.key] = body
        return True

    def is_newest(self, upload: Upload, location: Location) -> bool:
        self._step("is newest")
        return not (self.newer_there or self.newer_comes)

    def remove(self, upload: Upload, location: Location) -> None:
        self._step(f"remove {Path(location.key).suffix}")
        self.objects.pop(location.key, None)

    def send(self, text: str) -> None:
        self._step("send")
        self.messages.append(text)


def pipeline_on(cloud: Cloud, identifier: Identifier, now: float = NOW) -> Pipeline:
    return Pipeline(
        input_bucket="clips",
        output_bucket="results",
        identifier=lambda: identifier,
        clips=cloud,
        galleries=cloud,
        roster=cloud,
        jobs=cloud,
        store=cloud,
        outbox=cloud,
        clock=lambda: now,
    )


def upload(key: str = "cam.mp4", size: int = 10, bucket: str = "clips") -> Upload:
    return Upload(bucket, key, "v1", "e", "01", size)


def outcomes(cloud: Cloud) -> list[tuple[str, str]]:
    return [(result.outcome, result.reason) for result in map(read_result, cloud.messages)]


def test_everything_is_stored_before_the_message_and_the_message_before_the_end(identifier: Identifier) -> None:
    cloud = Cloud()
    assert pipeline_on(cloud, identifier).process(upload(), NOW + 60) == Done(upload().job_id, "rejected")
    order = ["begin", "open", "gallery", "put .csv", "put .json", "remove .jpg", "keep", "send", "finish"]
    assert cloud.log == order


@pytest.mark.fault(18)
@pytest.mark.parametrize(
    ("key", "size", "reason"),
    [("folder/", 0, "folder"), ("cam.mp4", 0, "empty"), ("cam.mp4", MAX_CLIP_BYTES + 1, "allowed")],
)
def test_what_need_not_be_read_is_rejected_without_reading(
    identifier: Identifier, key: str, size: int, reason: str
) -> None:
    cloud = Cloud()
    pipeline_on(cloud, identifier).process(upload(key, size), NOW + 60)
    assert "open" not in cloud.log
    ((outcome, why),) = outcomes(cloud)
    assert outcome == "rejected"
    assert reason in why


def test_a_clip_that_is_gone_is_superseded(identifier: Identifier) -> None:
    cloud = Cloud(gone=True)
    pipeline_on(cloud, identifier).process(upload(), NOW + 60)
    assert outcomes(cloud) == [("superseded", "deleted")]


def test_a_repeat_does_no_work_and_sends_nothing(identifier: Identifier) -> None:
    cloud = Cloud()
    pipeline = pipeline_on(cloud, identifier)
    first = pipeline.process(upload(), NOW + 60)
    assert pipeline.process(upload(), NOW + 60) == first
    assert len(cloud.messages) == 1
    assert cloud.log.count("open") == 1


@pytest.mark.fault(31)
def test_a_version_in_work_is_left_alone_until_its_lock_expires(identifier: Identifier) -> None:
    cloud = Cloud(jobs={upload().job_id: Held(NOW + 30)})
    assert pipeline_on(cloud, identifier).process(upload(), NOW + 60) == InWork(upload().job_id, NOW + 30)
    assert pipeline_on(cloud, identifier, NOW + 31).process(upload(), NOW + 90) == Done(upload().job_id, "rejected")


STEPS = ["open", "gallery", "put .csv", "put .json", "remove .jpg", "keep", "send", "finish"]


@pytest.mark.fault(29)
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_converges_when_the_message_comes_again(identifier: Identifier, step: str) -> None:
    cloud = Cloud(fail_at=step)
    with pytest.raises(ConnectionError):
        pipeline_on(cloud, identifier).process(upload(), NOW + 60)
    pipeline_on(cloud, identifier, NOW + 1).process(upload(), NOW + 120)
    assert cloud.jobs[upload().job_id] == Finished("rejected")
    assert set(cloud.objects) == {"cam.mp4.csv", "cam.mp4.json"}
    assert len(cloud.messages) == (2 if step == "finish" else 1)
    assert len(set(cloud.messages)) == 1, "a second answer differs from the first"
    assert cloud.kept == {}


def test_a_result_kept_before_a_crash_is_sent_as_it_is_without_working_again(identifier: Identifier) -> None:
    cloud = Cloud(fail_at="send")
    with pytest.raises(ConnectionError):
        pipeline_on(cloud, identifier).process(upload(), NOW + 60)
    (kept,) = cloud.kept.values()
    cloud.clip = b"something else by now"
    pipeline_on(cloud, identifier, NOW + 1).process(upload(), NOW + 120)
    assert cloud.messages == [kept]
    assert cloud.log.count("open") == 1


def test_beside_a_newer_versions_csv_nothing_of_an_older_one_is_written(samples: Path, identifier: Identifier) -> None:
    cloud = Cloud(clip=(samples / "clips" / "collins.mp4").read_bytes(), newer_there=True)
    pipeline_on(cloud, identifier).process(upload(), NOW + 60)
    assert cloud.objects == {}
    assert [step for step in cloud.log if step.startswith(("put", "remove"))] == ["put .csv", "remove .jpg"]
    assert len(cloud.messages) == 1


def test_a_picture_put_while_a_newer_version_finished_is_taken_back(samples: Path, identifier: Identifier) -> None:
    cloud = Cloud(clip=(samples / "clips" / "collins.mp4").read_bytes(), newer_comes=True)
    pipeline_on(cloud, identifier).process(upload(), NOW + 60)
    assert "put .jpg" in cloud.log
    assert "cam.mp4.jpg" not in cloud.objects


def test_an_earlier_versions_picture_does_not_stay_beside_a_result_without_one(identifier: Identifier) -> None:
    cloud = Cloud(objects={"cam.mp4.jpg": b"somebody"})
    pipeline_on(cloud, identifier).process(upload(), NOW + 60)
    assert "cam.mp4.jpg" not in cloud.objects


def test_a_lock_that_cannot_be_released_expires_and_hides_no_error(identifier: Identifier) -> None:
    cloud = Cloud(gone=True)
    pipeline = pipeline_on(cloud, identifier)
    broken = replace(pipeline, store=Broken("store"), jobs=BrokenRelease(cloud))
    with pytest.raises(ConnectionError, match="store"):
        broken.process(upload(), NOW + 60)
    assert pipeline.process(upload(), NOW + 60) == InWork(upload().job_id, NOW + 60)


@dataclass
class Broken:
    name: str

    def put(self, upload: Upload, location: Location, body: bytes, content_type: str) -> bool:
        raise ConnectionError(self.name)

    def is_newest(self, upload: Upload, location: Location) -> bool:
        raise ConnectionError(self.name)

    def remove(self, upload: Upload, location: Location) -> None:
        raise ConnectionError(self.name)


@dataclass
class BrokenRelease:
    cloud: Cloud

    def begin(self, upload: Upload, now: float, deadline: float) -> State:
        return self.cloud.begin(upload, now, deadline)

    def keep(self, upload: Upload, result: str, entry: Entry) -> None:
        self.cloud.keep(upload, result, entry)

    def finish(self, upload: Upload, outcome: Outcome, now: float) -> None:
        self.cloud.finish(upload, outcome, now)

    def release(self, upload: Upload, deadline: float, now: float) -> None:
        raise ConnectionError("release")


def test_the_sample_clip_of_two_strangers_is_drawn_and_counted(samples: Path, identifier: Identifier) -> None:
    cloud = Cloud(clip=(samples / "clips" / "both of them.mp4").read_bytes())
    pipeline_on(cloud, identifier).process(upload(), NOW + 60)
    (result,) = map(read_result, cloud.messages)
    assert (result.outcome, result.unknown_faces) == ("unknown", 2)
    assert cloud.objects["cam.mp4.jpg"].startswith(b"\xff\xd8")
    assert set(result.timing_ms) >= {"decode", "detect", "embed", "match", "draw", "total"}


@pytest.mark.fault(19)
def test_what_was_decided_is_kept_with_the_clips_session(samples: Path, identifier: Identifier) -> None:
    cloud = Cloud(clip=(samples / "clips" / "both of them.mp4").read_bytes())
    pipeline_on(cloud, identifier).process(upload("cse546/2026-11-23T0900/cam.mp4"), NOW + 60)
    (entry,) = cloud.entries
    assert (entry.session, entry.at) == (Session("cse546", "2026-11-23T0900"), NOW)
    (result,) = map(read_result, cloud.messages)
    assert entry.took_ms >= result.timing_ms["total"] > 0, "the storing is part of the work"
    assert [face.answer for face in read_decision(entry.decision).faces] == ["unknown", "unknown"]


def test_a_clip_that_is_none_is_kept_without_a_decision(identifier: Identifier) -> None:
    cloud = Cloud()
    pipeline_on(cloud, identifier).process(upload(), NOW + 60)
    (entry,) = cloud.entries
    assert entry == Entry(Session(), NOW, took_ms=entry.took_ms, reason="not a readable video file")
    assert entry.took_ms > 0


def test_a_foreign_bucket_is_refused_before_anything_is_touched(identifier: Identifier) -> None:
    cloud = Cloud()
    with pytest.raises(WireError, match="not this stage's input bucket"):
        pipeline_on(cloud, identifier).process(upload(bucket="somebody-elses"), NOW + 60)
    assert cloud.log == []


def s3_record(key: str, bucket: str = "clips") -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "size": 1, "versionId": "v1"}},
    }


def body_of(*keys: str) -> str:
    return json.dumps({"Records": [s3_record(key) for key in keys]})


def process(each: Upload) -> Done | InWork:
    """Answers by the key: `busy`, `broken`, `foreign`, else done."""
    if each.key == "busy":
        return InWork(each.job_id, NOW)
    if each.key == "broken":
        raise GalleryError("no gallery is published")
    if each.key == "foreign":
        raise WireError("a foreign bucket")
    return Done(each.job_id, "recognised")


def test_an_s3_event_is_answered_record_by_record() -> None:
    answer = read_answer(json.dumps(Responder(process).respond(json.loads(body_of("one", "two")))))
    assert [done.outcome for done in answer.done] == ["recognised", "recognised"]


@pytest.mark.parametrize("key", ["busy", "broken", "foreign"])
def test_an_s3_event_not_wholly_served_raises_so_that_it_comes_again(key: str) -> None:
    with pytest.raises(RecordsFailed):
        Responder(process).respond(json.loads(body_of("one", key)))


def test_the_pollers_call_learns_what_became_of_each_record() -> None:
    answer = read_answer(
        json.dumps(Responder(process).respond(json.loads(write_call(body_of("one", "busy", "foreign")))))
    )
    assert (len(answer.done), len(answer.in_work)) == (1, 1)
    assert [(fault.record, fault.reason) for fault in answer.refused] == [(2, "a foreign bucket")]


def test_a_machine_fault_raises_only_after_its_neighbours_are_finished() -> None:
    seen: list[str] = []

    def remember(each: Upload) -> Done | InWork:
        seen.append(each.key)
        return process(each)

    with pytest.raises(RecordsFailed, match=r"1 record\(s\) failed \(GalleryError\)"):
        Responder(remember).respond(json.loads(write_call(body_of("one", "broken", "three"))))
    assert seen == ["one", "broken", "three"]


def test_what_the_log_and_the_error_say_quotes_nothing_personal(caplog: pytest.LogCaptureFixture) -> None:
    def fail(each: Upload) -> Done | InWork:
        raise StudentsError("student 'grace_hopper': 'Grace said yes' is not a date")

    with pytest.raises(RecordsFailed) as caught:
        Responder(fail).respond(json.loads(write_call(body_of("room/grace.mp4"))))
    said = str(caught.value) + caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "StudentsError" in said
    assert "test_events.py" in said
    assert not [private for private in ("grace", "Grace", "room/") if private in said]


def test_a_queue_event_gets_partial_batch_failures() -> None:
    bodies = {"a": body_of("one"), "b": body_of("broken"), "c": "{", "d": body_of("busy"), "e": body_of("foreign")}
    bodies["f"] = '{"Event": "s3:TestEvent"}'
    answer = Responder(process).respond(queue_event(**bodies))
    assert answer == {"batchItemFailures": [{"itemIdentifier": name} for name in "bcde"]}


def queue_event(**bodies: str) -> dict[str, Any]:
    """What a mapping calls with: a message for each `message_id=body`."""
    return {"Records": [{"messageId": name, "eventSource": "aws:sqs", "body": body} for name, body in bodies.items()]}


def failed(answer: Mapping[str, Any]) -> list[str]:
    assert answer.keys() == {"batchItemFailures"}
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


@pytest.mark.parametrize("reason", ["rejected", "superseded", "no_face", "unknown"])
def test_what_is_wrong_with_a_clip_is_no_failure_of_its_message(reason: str) -> None:
    answer = Responder(lambda each: Done(each.job_id, reason)).respond(queue_event(a=body_of("one")))
    assert failed(answer) == []


def test_a_batch_of_which_every_message_failed_is_an_answer_and_no_error() -> None:
    assert failed(Responder(process).respond(queue_event(a=body_of("broken"), b="{"))) == ["a", "b"]


def test_a_message_fails_when_one_of_its_records_does_and_the_others_are_done() -> None:
    seen: list[str] = []

    def remember(each: Upload) -> Done | InWork:
        seen.append(each.key)
        return process(each)

    answer = Responder(remember).respond(queue_event(a=body_of("one", "broken", "three"), b=body_of("four")))
    assert failed(answer) == ["a"]
    assert seen == ["one", "broken", "three", "four"]


def test_what_cannot_be_read_is_reported_with_its_reason_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    Responder(process).respond(queue_event(a='{"Records": [{"eventVer'))
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "message failed")
    assert record.__dict__["message_id"] == "a"
    assert "not JSON" in record.__dict__["reason"]


def test_what_would_be_begun_late_is_left_for_another_invocation() -> None:
    seen: list[str] = []
    left = iter([ENOUGH_S, ENOUGH_S - 0.1, 0.0])

    def remember(each: Upload) -> Done | InWork:
        seen.append(each.key)
        return process(each)

    event = queue_event(a=body_of("one"), b=body_of("two"), c=body_of("three"), d=body_of("four"))
    assert failed(Responder(remember, lambda: next(left)).respond(event)) == ["c", "d"]
    assert seen == ["one", "two"]


def test_the_first_message_is_begun_however_little_time_the_function_has() -> None:
    assert failed(Responder(process, lambda: 1.0).respond(queue_event(a=body_of("one"), b=body_of("two")))) == ["b"]


@pytest.mark.parametrize(
    "event", [{}, {"Records": []}, {"Records": [3]}, {"call": 1}, {"call": 1, "body": "{"}, {"detail": 1}]
)
def test_an_event_nobody_can_read_is_an_error(event: dict[str, Any]) -> None:
    with pytest.raises((WireError, RecordsFailed)):
        Responder(process).respond(event)


@pytest.mark.fault(12)
def test_s3s_test_event_is_acknowledged() -> None:
    assert Responder(process).respond({"Event": "s3:TestEvent", "Bucket": "clips"})["done"] == ()
