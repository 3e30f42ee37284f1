"""The real handler, the real models, real clips, and AWS as moto keeps it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from handler import face_recognition_handler
from recognition.aws.galleries import S3Galleries
from recognition.aws.roster import DynamoRoster
from recognition.errors import RecordsFailed, SetupError
from recognition.gallery import make_gallery
from recognition.legacy import import_students, read_legacy
from recognition.students_file import read_students
from tests.contract.recognition.deployed_stage import CONSENT, Context, call, upload
from wire.result_json import read_result
from wire.result_message import Result


def the_result(stage: Any) -> Result:
    (message,) = stage.messages()
    return read_result(message)


@pytest.mark.fault(32)
@pytest.mark.parametrize(
    ("clip", "outcome", "names", "unknown_faces"),
    [
        ("collins.mp4", "recognised", {"Eileen Collins"}, 0),
        ("both of them.mp4", "recognised", {"Eileen Collins", "Grace Hopper"}, 0),
        ("stranger.mp4", "unknown", set(), 1),
        ("empty room.mp4", "no_face", set(), 0),
        ("truncated.mp4", "rejected", set(), 0),
    ],
)
def test_a_clip_becomes_a_csv_a_record_a_picture_and_a_message(
    enrolled: Any, samples: Path, clip: str, outcome: str, names: set[str], unknown_faces: int
) -> None:
    answer = call(upload(enrolled, samples / "clips" / clip, f"cse546/{clip}"))
    result = the_result(enrolled)
    assert [done.outcome for done in answer.done] == [result.outcome] == [outcome]
    assert {student.name for student in result.students} == names
    assert result.unknown_faces == unknown_faces
    assert enrolled.object(f"cse546/{clip}.csv").decode() == result.csv
    assert read_result(enrolled.object(f"cse546/{clip}.json")) == result
    assert {row["name"] for row in csv.DictReader(io.StringIO(result.csv))} == names
    if outcome in ("recognised", "unknown"):
        assert enrolled.object(f"cse546/{clip}.jpg").startswith(b"\xff\xd8")
    assert result.cost.get("usd", 0) > 0


def test_a_second_delivery_gives_the_same_answer_and_no_second_message(enrolled: Any, samples: Path) -> None:
    body = upload(enrolled, samples / "clips" / "collins.mp4", "cam.mp4")
    assert call(body) == call(body)
    assert len(enrolled.messages()) == 1


def test_the_same_name_with_other_content_is_another_work(enrolled: Any, samples: Path) -> None:
    for clip in ("collins.mp4", "hopper.mp4"):
        call(upload(enrolled, samples / "clips" / clip, "cam.mp4"))
    results = [read_result(message) for message in enrolled.messages()]
    assert {student.name for result in results for student in result.students} == {"Eileen Collins", "Grace Hopper"}
    assert len({result.upload.job_id for result in results}) == 2


@pytest.mark.fault(32)
def test_a_student_whose_consent_is_withdrawn_is_not_named_any_more(enrolled: Any, samples: Path) -> None:
    enrolled.dynamodb.update_item(
        TableName="students", Key={"student_id": {"S": "eileen_collins"}}, UpdateExpression="REMOVE consent"
    )
    call(upload(enrolled, samples / "clips" / "both of them.mp4", "cam.mp4"))
    result = the_result(enrolled)
    assert [student.name for student in result.students] == ["Grace Hopper"]
    assert result.unknown_faces == 1
    assert b"Collins" not in enrolled.object("cam.mp4.json")
    assert b"eileen" not in enrolled.object("cam.mp4.json")


def test_an_sqs_event_and_an_s3_event_are_served_too(enrolled: Any, samples: Path) -> None:
    body = upload(enrolled, samples / "clips" / "collins.mp4", "one.mp4")
    record = {"messageId": "m1", "eventSource": "aws:sqs", "body": body}
    assert face_recognition_handler({"Records": [record]}, Context()) == {"batchItemFailures": []}
    direct = json.loads(upload(enrolled, samples / "clips" / "collins.mp4", "two.mp4"))
    assert face_recognition_handler(direct, Context())["done"]
    assert len(enrolled.messages()) == 2


def queue_record(message_id: str, body: str) -> dict[str, Any]:
    """A record as an event source mapping hands it over."""
    return {
        "messageId": message_id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1790000000000",
            "SenderId": "AIDAJQR6QDGQ7PATMSYEY",
            "ApproximateFirstReceiveTimestamp": "1790000000123",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:smart-classroom-requests",
        "awsRegion": "us-east-1",
    }


def test_of_a_batch_only_what_must_come_again_is_reported_and_the_rest_is_served(enrolled: Any, samples: Path) -> None:
    bad_clip = upload(enrolled, samples / "clips" / "truncated.mp4", "bad.mp4")
    good_clip = upload(enrolled, samples / "clips" / "collins.mp4", "good.mp4")
    late_clip = upload(enrolled, samples / "clips" / "hopper.mp4", "late.mp4")
    bodies = {"bad clip": bad_clip, "no json": "{", "good clip": good_clip, "late clip": late_clip}
    event = {"Records": [queue_record(message_id, body) for message_id, body in bodies.items()]}
    at_the_start, after_each = 300, (200, 100, 5)
    answer = face_recognition_handler(event, Context(at_the_start, *after_each))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "no json"}, {"itemIdentifier": "late clip"}]}
    results = [read_result(message) for message in enrolled.messages()]
    outcomes = {result.upload.key: result.outcome for result in results}
    assert outcomes == {"bad.mp4": "rejected", "good.mp4": "recognised"}


def test_a_machine_fault_behind_a_mapping_is_a_reported_failure_and_no_error(deployed: Any, samples: Path) -> None:
    body = upload(deployed, samples / "clips" / "collins.mp4", "cam.mp4")
    answer = face_recognition_handler({"Records": [queue_record("m1", body)]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert deployed.messages() == []


@pytest.mark.fault(14)
@pytest.mark.fault(35)
@pytest.mark.parametrize("key", ["a b+c.mp4", "Größe 🎓.mp4", "../../etc/passwd", "$(touch x).mp4", "-rf", "a\nb.mp4"])
def test_a_hostile_or_foreign_name_is_only_a_name(enrolled: Any, samples: Path, key: str) -> None:
    call(upload(enrolled, samples / "clips" / "truncated.mp4", key))
    assert the_result(enrolled).upload.key == key
    assert enrolled.object(f"{key}.csv") == b"name,major,year\r\n"


def test_an_empty_gallery_names_nobody_and_is_no_error(deployed: Any, samples: Path) -> None:
    S3Galleries(deployed.s3, "galleries").publish(make_gallery({}))
    call(upload(deployed, samples / "clips" / "collins.mp4", "cam.mp4"))
    assert the_result(deployed).outcome == "unknown"


def test_without_a_gallery_the_work_fails_with_advice_and_comes_again(deployed: Any, samples: Path) -> None:
    body = upload(deployed, samples / "clips" / "collins.mp4", "cam.mp4")
    with pytest.raises(RecordsFailed, match="python -m recognition publish"):
        call(body)
    assert deployed.messages() == []


def test_a_function_without_settings_names_every_missing_one(deployed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOB_TABLE")
    monkeypatch.delenv("OUTPUT_BUCKET")
    with pytest.raises(SetupError, match="OUTPUT_BUCKET, JOB_TABLE"):
        call('{"Event": "s3:TestEvent"}')


def test_the_eight_course_clips_get_their_eight_right_csvs(deployed: Any, course: Path) -> None:
    rows = read_students(course / "student_data.json")
    gallery, students = import_students(read_legacy(course / "encoding"), rows, CONSENT)
    DynamoRoster(deployed.dynamodb, "students").write(students)
    S3Galleries(deployed.s3, "galleries").publish(gallery)
    expected = dict(line.split(":") for line in (course / "mapping").read_text().split())
    for clip in sorted((course / "videos").glob("*.mp4")):
        call(upload(deployed, clip, clip.name))
        (student,) = the_result(deployed).students
        assert f"{student.major},{student.year.replace('freshmen', 'freshman')}" == expected[clip.name]
