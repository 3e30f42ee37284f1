"""Our adapters against AWS's own semantics, as moto keeps them: versions, conditions, batches, locks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from recognition.aws import calls
from recognition.aws.calls import call, error_code
from recognition.aws.clips import S3Clips
from recognition.aws.galleries import POINTER, S3Galleries
from recognition.aws.jobs import BY_SECTION, BY_TIME, NO_SECTION, DynamoJobs
from recognition.aws.outputs import S3Store
from recognition.aws.roster import DynamoRoster
from recognition.errors import ClipSuperseded, GalleryError, RecognitionError
from recognition.gallery_file import write_gallery
from recognition.jobs import Begun, Entry, Finished, Held
from recognition.roster import Consent, Student
from recognition.sections import Session
from tests.people import gallery_of
from wire.result_message import Location
from wire.s3_event import Upload

CONSENT = Consent("office", "2026-09-01", "2027-07-31")
ENTRY = Entry(Session("cse546", "2026-11-23T0900"), 105.0, "{}")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "LONGEST_WAIT_S", 0.001)


def put(stage: Any, body: bytes, key: str = "cam.mp4") -> Upload:
    answer = stage.s3.put_object(Bucket="clips", Key=key, Body=body)
    return Upload("clips", key, answer["VersionId"], answer["ETag"].strip('"'), "01", len(body))


def unversioned(upload: Upload) -> Upload:
    return Upload(upload.bucket, upload.key, "", upload.etag, "01", upload.size)


@pytest.mark.fault(17)
def test_a_clip_is_read_by_its_version_even_after_it_was_overwritten(stage: Any) -> None:
    first = put(stage, b"first")
    put(stage, b"second, longer")
    with S3Clips(stage.s3).open(first) as file:
        assert file.read() == b"first"


def test_a_clip_without_a_version_id_must_still_have_its_etag(stage: Any) -> None:
    first = unversioned(put(stage, b"first"))
    with S3Clips(stage.s3).open(first) as file:
        assert file.read() == b"first"
    put(stage, b"other")
    with pytest.raises(ClipSuperseded), S3Clips(stage.s3).open(first) as file:
        file.read()


@pytest.mark.fault(17)
def test_a_deleted_clip_is_superseded_though_its_version_remains(stage: Any) -> None:
    upload = put(stage, b"first")
    stage.s3.delete_object(Bucket="clips", Key="cam.mp4")
    with pytest.raises(ClipSuperseded):
        S3Clips(stage.s3).open(upload)


def test_a_version_deleted_for_good_is_superseded(stage: Any) -> None:
    upload = put(stage, b"first")
    put(stage, b"second")
    stage.s3.delete_object(Bucket="clips", Key="cam.mp4", VersionId=upload.version_id)
    with pytest.raises(ClipSuperseded), S3Clips(stage.s3).open(upload) as file:
        file.read()


def test_another_error_of_s3_is_not_taken_for_a_missing_clip(stage: Any) -> None:
    with pytest.raises(ClientError, match="InvalidRange"):
        S3Clips(stage.s3)._fetch(put(stage, b"12345"), 10, 20)


def test_a_published_gallery_is_read_back_and_kept_while_unchanged(stage: Any) -> None:
    galleries = S3Galleries(stage.s3, "galleries")
    published = gallery_of("ada")
    key = galleries.publish(published)
    assert key == f"gallery/dlib-resnet-v1/{published.version}.npz"
    first = galleries.current()
    assert np.array_equal(first.templates, published.templates)
    assert galleries.current() is first


def test_a_new_gallery_is_picked_up_without_a_restart(stage: Any) -> None:
    galleries = S3Galleries(stage.s3, "galleries")
    galleries.publish(gallery_of("ada"))
    galleries.current()
    S3Galleries(stage.s3, "galleries").publish(gallery_of("ada", "bob"))
    assert galleries.current().student_ids == ("ada", "bob")


def test_an_older_gallery_does_not_live_on_beside_the_published_one(stage: Any) -> None:
    galleries = S3Galleries(stage.s3, "galleries")
    galleries.publish(gallery_of("ada", "bob"))
    key = galleries.publish(gallery_of("ada"))
    stored = stage.s3.list_objects_v2(Bucket="galleries")["Contents"]
    assert {each["Key"] for each in stored} == {POINTER, key}


def test_without_a_published_gallery_the_error_says_how_to_publish_one(stage: Any) -> None:
    with pytest.raises(GalleryError, match="python -m recognition publish"):
        S3Galleries(stage.s3, "galleries").current()


@pytest.mark.parametrize(
    ("pointer", "reason"),
    [
        (b"{", "damaged"),
        (b"[]", "damaged"),
        (b'{"model": "dlib-resnet-v1"}', "damaged"),
        (b'{"model": "arcface", "key": "k", "version": "v"}', "enrol again"),
    ],
)
def test_a_pointer_with_one_thing_wrong_is_refused(stage: Any, pointer: bytes, reason: str) -> None:
    stage.s3.put_object(Bucket="galleries", Key=POINTER, Body=pointer)
    with pytest.raises(GalleryError, match=reason):
        S3Galleries(stage.s3, "galleries").current()


def test_a_gallery_file_exchanged_behind_its_pointer_is_refused(stage: Any) -> None:
    galleries = S3Galleries(stage.s3, "galleries")
    key = galleries.publish(gallery_of("ada"))
    stage.s3.put_object(Bucket="galleries", Key=key, Body=write_gallery(gallery_of("eve")))
    with pytest.raises(GalleryError, match="not the one"):
        galleries.current()


def test_rows_are_written_and_looked_up_by_id_missing_ones_left_out(stage: Any) -> None:
    roster = DynamoRoster(stage.dynamodb, "students")
    students = [Student(str(n), f"name {n}", "maths", "senior", CONSENT if n % 2 else None) for n in range(230)]
    roster.write(students)
    found = roster.students([str(n) for n in range(229, 450)])
    assert found == {"229": students[229]}
    assert len(roster.students([str(n) for n in range(150)])) == 150


def test_a_fault_in_one_of_many_batches_is_raised(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    roster = DynamoRoster(stage.dynamodb, "students")
    put = stage.dynamodb.batch_write_item

    def refused(RequestItems: Any) -> Any:  # noqa: N803
        rows = [each["PutRequest"]["Item"]["student_id"]["S"] for each in RequestItems["students"]]
        if "60" in rows:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "BatchWriteItem")
        return put(RequestItems=RequestItems)

    monkeypatch.setattr(stage.dynamodb, "batch_write_item", refused)
    with pytest.raises(ClientError, match="AccessDenied"):
        roster.write([Student(str(n), f"name {n}", "", "") for n in range(100)])


@pytest.mark.fault(32)
def test_a_batch_served_in_part_is_asked_for_until_it_is_whole(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    roster = DynamoRoster(stage.dynamodb, "students")
    roster.write([Student(str(n), f"name {n}", "", "") for n in range(3)])
    whole = stage.dynamodb.batch_get_item

    def in_parts(RequestItems: Any) -> Any:  # noqa: N803
        keys = RequestItems["students"]["Keys"]
        answer = whole(RequestItems={"students": RequestItems["students"] | {"Keys": keys[:1]}})
        rest = {"students": RequestItems["students"] | {"Keys": keys[1:]}} if keys[1:] else {}
        return answer | {"UnprocessedKeys": rest}

    monkeypatch.setattr(stage.dynamodb, "batch_get_item", in_parts)
    assert set(roster.students(["0", "1", "2"])) == {"0", "1", "2"}


@pytest.mark.fault(32)
def test_a_batch_never_served_ends_in_a_clear_error(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(RequestItems: Any) -> Any:  # noqa: N803
        return {"Responses": {"students": []}, "UnprocessedKeys": dict(RequestItems)}

    monkeypatch.setattr(stage.dynamodb, "batch_get_item", nothing)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(RecognitionError, match="throttled"):
        DynamoRoster(stage.dynamodb, "students").students(["1"])


UPLOAD = Upload("clips", "cam.mp4", "v1", "e", "0A", 1)


@pytest.mark.fault(30)
def test_one_invocation_at_a_time_holds_a_version(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    assert jobs.begin(UPLOAD, 100.0, 160.0) == Begun()
    assert jobs.begin(UPLOAD, 159.0, 220.0) == Held(160.0)


def test_a_lock_whose_answer_was_lost_is_known_as_our_own(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    update_item, calls_made = stage.dynamodb.update_item, []

    def lose_the_first_answer(**request: Any) -> Any:
        answer = update_item(**request)
        calls_made.append(request)
        if len(calls_made) == 1:
            raise EndpointConnectionError(endpoint_url="http://x")
        return answer

    monkeypatch.setattr(stage.dynamodb, "update_item", lose_the_first_answer)
    assert DynamoJobs(stage.dynamodb, "jobs").begin(UPLOAD, 100.0, 160.0) == Begun()


@pytest.mark.fault(31)
def test_a_lock_is_taken_over_only_after_its_deadline(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    jobs.begin(UPLOAD, 100.0, 160.0)
    assert jobs.begin(UPLOAD, 160.0, 220.0) == Held(160.0)
    assert jobs.begin(UPLOAD, 160.5, 220.0) == Begun()


def test_a_lock_let_go_is_free_at_once_but_only_by_its_holder(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    jobs.begin(UPLOAD, 100.0, 160.0)
    jobs.release(UPLOAD, 150.0, 101.0)
    assert jobs.begin(UPLOAD, 102.0, 170.0) == Held(160.0)
    jobs.release(UPLOAD, 160.0, 103.0)
    assert jobs.begin(UPLOAD, 103.5, 170.0) == Begun()


def test_letting_go_never_reopens_a_finished_version(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    jobs.begin(UPLOAD, 100.0, 160.0)
    jobs.finish(UPLOAD, "no_face", 110.0)
    jobs.release(UPLOAD, 160.0, 111.0)
    assert jobs.begin(UPLOAD, 9e9, 9.1e9) == Finished("no_face")


def test_a_finished_version_stays_finished(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    jobs.begin(UPLOAD, 100.0, 160.0)
    jobs.keep(UPLOAD, '{"schema": 1}', ENTRY)
    jobs.finish(UPLOAD, "no_face", 110.0)
    assert jobs.begin(UPLOAD, 9e9, 9.1e9) == Finished("no_face")
    item = stage.dynamodb.get_item(TableName="jobs", Key={"job_id": {"S": UPLOAD.job_id}})["Item"]
    assert "result" not in item, "names have no business in a finished entry"
    assert int(item["expires"]["N"]) > 110 + 24 * 3600
    assert item["decision"]["S"] == ENTRY.decision


def test_a_finished_version_is_found_by_its_section_and_session(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs", kept_days=30)
    jobs.begin(UPLOAD, 100.0, 160.0)
    jobs.keep(UPLOAD, '{"schema": 1}', ENTRY)
    jobs.finish(UPLOAD, "no_face", 110.0)
    found = stage.dynamodb.query(
        TableName="jobs",
        IndexName=BY_SECTION,
        KeyConditionExpression="#section = :section AND begins_with(ordering, :session)",
        ExpressionAttributeNames={"#section": "section"},
        ExpressionAttributeValues={":section": {"S": "cse546"}, ":session": {"S": "2026-11-23T0900#"}},
    )["Items"]
    assert [item["clip"]["S"] for item in found] == [UPLOAD.key]
    assert int(found[0]["expires"]["N"]) == 110 + 30 * 24 * 3600


def listed(stage: Any, under: str) -> list[dict[str, Any]]:
    """What the index by time lists there, newest first."""
    request = {
        "KeyConditionExpression": "listed_under = :there",
        "ExpressionAttributeValues": {":there": {"S": under}},
        "ScanIndexForward": False,
    }
    return list(stage.dynamodb.query(TableName="jobs", IndexName=BY_TIME, **request)["Items"])


def test_what_is_worked_on_and_what_is_done_is_listed_by_time_without_what_it_holds(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    for number, at in enumerate((9.0, 1000.0, 200.0)):
        upload = replace(UPLOAD, version_id=f"v{number}")
        jobs.begin(upload, at, at + 60)
        jobs.keep(upload, '{"schema": 1}', ENTRY)
    assert [float(row["at"]["N"]) for row in listed(stage, "working")] == [1000.0, 200.0, 9.0]
    a_week = 7 * 24 * 3600
    jobs.finish(upload, "no_face", 3 * a_week + 230.5)
    (row,) = listed(stage, "week 3")
    assert row == {
        "job_id": {"S": upload.job_id},
        "listed_under": {"S": "week 3"},
        "at": {"N": row["at"]["N"]},
        "outcome": {"S": "no_face"},
        "section": {"S": "cse546"},
    }
    assert float(row["at"]["N"]) == 3 * a_week + 230.5
    assert len(listed(stage, "working")) == 2


def test_a_clip_of_no_section_is_kept_as_such(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    jobs.begin(UPLOAD, 100.0, 160.0)
    jobs.keep(UPLOAD, '{"schema": 1}', Entry(Session(), 105.0))
    item = stage.dynamodb.get_item(TableName="jobs", Key={"job_id": {"S": UPLOAD.job_id}})["Item"]
    assert (item["section"]["S"], item["ordering"]["S"]) == (NO_SECTION, "#0000000105.000")


def test_a_kept_result_is_handed_to_whoever_begins_again(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    jobs.begin(UPLOAD, 100.0, 160.0)
    jobs.keep(UPLOAD, '{"schema": 1}', ENTRY)
    assert jobs.begin(UPLOAD, 161.0, 220.0) == Begun('{"schema": 1}')


def test_a_result_too_long_for_an_item_is_worked_out_again(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    jobs.begin(UPLOAD, 100.0, 160.0)
    jobs.keep(UPLOAD, "x" * 500_000, ENTRY)
    assert jobs.begin(UPLOAD, 161.0, 220.0) == Begun("")


def test_a_row_that_cannot_be_read_names_nobody_and_keeps_nobody_else_unnamed(stage: Any) -> None:
    roster = DynamoRoster(stage.dynamodb, "students")
    roster.write([Student("1", "Ada", "", "", CONSENT), Student("2", "Bob", "", "", CONSENT)])
    stage.dynamodb.update_item(
        TableName="students",
        Key={"student_id": {"S": "1"}},
        UpdateExpression="SET consent.granted_at = :text",
        ExpressionAttributeValues={":text": {"S": "Ada said yes"}},
    )
    assert set(roster.students(["1", "2"])) == {"2"}


def test_removing_what_is_not_there_is_no_error(stage: Any) -> None:
    place = Location("results", "cam.mp4.jpg")
    S3Store(stage.s3).remove(UPLOAD, place)
    stage.s3.put_object(Bucket=place.bucket, Key=place.key, Body=b"x")
    S3Store(stage.s3).remove(UPLOAD, place)
    with pytest.raises(ClientError):
        stage.object(place.key)


def test_what_a_newer_version_wrote_is_known_as_such_and_not_removed(stage: Any) -> None:
    assert write(stage, "0B", b"newer")
    place = Location("results", "cam.mp4.csv")
    S3Store(stage.s3).remove(UPLOAD, place)
    assert stage.object(place.key) == b"newer"
    assert not S3Store(stage.s3).is_newest(UPLOAD, place)
    assert S3Store(stage.s3).is_newest(replace(UPLOAD, sequencer="0C"), place)


def test_what_was_replaced_while_it_was_to_be_removed_stays(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Location("results", "cam.mp4.csv")
    write(stage, "0A", b"older")
    monkeypatch.setattr(stage.s3, "delete_object", refuse)
    S3Store(stage.s3).remove(UPLOAD, place)
    assert stage.object(place.key) == b"older"


def refuse(**request: Any) -> None:
    assert request["IfMatch"]
    raise refusal("PreconditionFailed", 412)


def write(stage: Any, sequencer: str, body: bytes) -> bool:
    upload = Upload("clips", "cam.mp4", f"v{sequencer}", "e", sequencer, 1)
    return S3Store(stage.s3).put(upload, Location("results", "cam.mp4.csv"), body, "text/csv")


@pytest.mark.fault(16)
def test_an_older_versions_result_never_replaces_a_newer_ones(stage: Any) -> None:
    assert write(stage, "0B", b"newer")
    assert not write(stage, "0A", b"older")
    assert stage.object("cam.mp4.csv") == b"newer"
    write(stage, "0C", b"newest")
    assert stage.object("cam.mp4.csv") == b"newest"


def test_the_same_versions_result_may_be_written_again(stage: Any) -> None:
    write(stage, "0A", b"once")
    write(stage, "0A", b"twice")
    assert stage.object("cam.mp4.csv") == b"twice"


def refusal(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Anything")


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (refusal("ThrottlingException", 400), calls.ATTEMPTS),
        (refusal("SlowDown", 503), calls.ATTEMPTS),
        (refusal("InternalError", 500), calls.ATTEMPTS),
        (EndpointConnectionError(endpoint_url="http://x"), calls.ATTEMPTS),
        (refusal("AccessDenied", 403), 1),
        (refusal("ResourceNotFoundException", 400), 1),
        (ValueError("ours"), 1),
    ],
)
def test_only_what_may_pass_is_tried_again_and_the_last_error_comes_out(error: Exception, attempts: int) -> None:
    made = 0

    def fail() -> None:
        nonlocal made
        made += 1
        raise error

    with pytest.raises(type(error)):
        call(fail)
    assert made == attempts


def test_an_error_that_is_no_services_has_no_code() -> None:
    assert error_code(ValueError()) == ""


def test_botocores_own_retries_are_off(stage: Any) -> None:
    assert stage.s3.meta.config.retries["total_max_attempts"] == 1
