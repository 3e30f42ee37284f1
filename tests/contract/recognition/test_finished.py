"""What `job_table` keeps of finished versions, read back; corrections written beside them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from recognition.aws.finished import DynamoFinished
from recognition.aws.jobs import DynamoJobs
from recognition.aws.outputs import S3Store
from recognition.aws.pictures import S3Pictures
from recognition.aws.roster import DynamoRoster
from recognition.decision import write_decision
from recognition.errors import RecognitionError
from recognition.finished import FinishedVersion
from recognition.jobs import Entry
from recognition.sections import Session
from tests.contract.recognition.worked import work
from tests.decided import SESSION, correction, decision, face, finished, student
from wire.result_message import Location

ADA = face(1, "a", runner_up="b")


@pytest.fixture
def records(stage: Any) -> DynamoFinished:
    return DynamoFinished(stage.dynamodb, "jobs")


def test_finished_versions_come_back_as_they_were(stage: Any, records: DynamoFinished) -> None:
    versions = [finished(ADA, face(2)), finished(clip="cam2.mp4", outcome="rejected", took_ms=12.5)]
    for version in versions:
        work(stage, version)
    assert sorted(records.of("cse546"), key=lambda each: each.upload.key) == versions


def test_a_correction_is_found_again_on_a_newer_version_of_the_same_bytes(stage: Any, records: DynamoFinished) -> None:
    first, again = finished(ADA), finished(face(1), sequencer="02")
    first, again = (replace(each, upload=replace(each.upload, etag="e")) for each in (first, again))
    work(stage, first)
    said = correction(ADA, "is", "b")
    records.correct(first, said)
    work(stage, again)
    assert records.of_clip(again.session, again.upload.key) == replace(again, corrections=(said,))


def test_a_version_without_a_name_is_known_by_etag_and_sequencer(stage: Any, records: DynamoFinished) -> None:
    plain = finished(ADA)
    version = replace(plain, upload=replace(plain.upload, version_id="", etag="e"))
    work(stage, version)
    assert records.of("cse546") == [version]


def test_one_session_is_asked_for_by_its_whole_name(stage: Any, records: DynamoFinished) -> None:
    for session in (SESSION, f"{SESSION}#2", f"{SESSION}0", ""):
        work(stage, finished(ADA, session=session))
    assert [each.session.name for each in records.of("cse546", SESSION)] == [SESSION]
    assert [each.session.name for each in records.of("cse546", "")] == [""]
    assert len(records.of("cse546")) == 4
    assert records.of("cse54") == []


def test_a_clip_of_no_section_is_found_by_its_key(stage: Any, records: DynamoFinished) -> None:
    plain = finished(ADA)
    version = replace(plain, session=Session(), upload=replace(plain.upload, key="cam.mp4"))
    work(stage, version)
    assert records.of_clip(Session(), "cam.mp4") == version


def test_of_one_clip_the_newest_version_is_given(stage: Any, records: DynamoFinished) -> None:
    for sequencer, at in (("0B", 100.0), ("0A", 200.0)):
        work(stage, finished(ADA, sequencer=sequencer, at=at))
    found = records.of_clip(Session("cse546", SESSION), f"cse546/{SESSION}/cam1.mp4")
    assert found is not None
    assert found.upload.sequencer == "0B"
    assert records.of_clip(Session("cse546", SESSION), "another.mp4") is None


def test_what_is_not_finished_is_left_out(stage: Any, records: DynamoFinished) -> None:
    version, jobs = finished(ADA), DynamoJobs(stage.dynamodb, "jobs")
    jobs.begin(version.upload, 100.0, 160.0)
    jobs.keep(version.upload, "kept", Entry(version.session, version.at, write_decision(decision(ADA))))
    assert records.of("cse546") == []


def test_more_than_a_page_of_versions_comes_whole(
    stage: Any, records: DynamoFinished, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        work(stage, finished(ADA, clip=f"{number}.mp4", at=1000.0 + number))
    monkeypatch.setattr(stage.dynamodb, "query", partial(stage.dynamodb.query, Limit=2))
    assert [each.upload.key[-5:] for each in records.of("cse546", SESSION)] == [f"{n}.mp4" for n in range(5)]


def test_a_record_that_cannot_be_read_is_told_with_its_clip(stage: Any, records: DynamoFinished) -> None:
    version = finished(ADA)
    work(stage, version)
    stage.dynamodb.update_item(
        TableName="jobs",
        Key={"job_id": {"S": version.upload.job_id}},
        UpdateExpression="SET decision = :other",
        ExpressionAttributeValues={":other": {"S": '{"schema": 2}'}},
    )
    (found,) = records.of("cse546")
    assert (found.decision, found.upload.key) == (None, version.upload.key)
    assert "cannot be read" in found.fault


def test_corrections_are_kept_in_order_beside_an_unchanged_decision(stage: Any, records: DynamoFinished) -> None:
    work(stage, finished(ADA))
    said = (correction(ADA, "is not", "a"), correction(ADA, "is", "b"))
    for each in said:
        (version,) = records.of("cse546")
        records.correct(version, each)
    (found,) = records.of("cse546")
    assert found.corrections == said
    assert found.decision == decision(ADA)
    assert found.judged.faces[0].student_id == "b"


@pytest.mark.parametrize("moved", [face(1, "a", box=(201, 99, 300, 198)), face(2)], ids=["found again", "gone"])
def test_a_rerun_of_the_version_keeps_its_corrections(stage: Any, records: DynamoFinished, moved: Any) -> None:
    version = finished(ADA)
    work(stage, version)
    records.correct(version, correction(ADA, "is", "b"))
    reopen(stage, version)
    work(stage, finished(moved, at=version.at + 100))
    (found,) = records.of("cse546")
    assert found.at == version.at + 100
    assert found.corrections == (correction(ADA, "is", "b"),)
    assert len(found.judged.gone) == (0 if moved.face == 1 else 1)


def reopen(stage: Any, version: FinishedVersion) -> None:
    """What an operator does who has a version worked on again."""
    stage.dynamodb.update_item(
        TableName="jobs",
        Key={"job_id": {"S": version.upload.job_id}},
        UpdateExpression="SET #state = :working, locked_until = :past",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":working": {"S": "working"}, ":past": {"N": "0"}},
    )


def test_a_version_that_is_not_finished_cannot_be_corrected(stage: Any, records: DynamoFinished) -> None:
    version = finished(ADA)
    with pytest.raises(RecognitionError, match="once more"):
        records.correct(version, correction(ADA, "is", "b"))
    assert "Item" not in stage.dynamodb.get_item(TableName="jobs", Key={"job_id": {"S": version.upload.job_id}})
    work(stage, version)
    reopen(stage, version)
    with pytest.raises(RecognitionError, match="once more"):
        records.correct(version, correction(ADA, "is", "b"))


def test_a_version_worked_on_since_it_was_looked_at_cannot_be_corrected(stage: Any, records: DynamoFinished) -> None:
    version = finished(ADA)
    work(stage, version)
    reopen(stage, version)
    work(stage, replace(version, at=version.at + 100))
    with pytest.raises(RecognitionError, match="once more"):
        records.correct(version, correction(ADA, "is", "b"))


def test_another_error_is_not_taken_for_a_version_that_changed(stage: Any) -> None:
    with pytest.raises(ClientError, match="ResourceNotFound"):
        DynamoFinished(stage.dynamodb, "nowhere").correct(finished(ADA), correction(ADA, "is", "b"))


def test_a_finished_version_is_found_by_its_job_alone(stage: Any, records: DynamoFinished) -> None:
    version = replace(finished(ADA, took_ms=12.5), usd=0.000012, reason="nobody seen")
    work(stage, version)
    assert records.by_job(version.upload.job_id) == version
    reopen(stage, version)
    assert records.by_job(version.upload.job_id) is None


@pytest.mark.parametrize("text", ["", "0" * 64, "<script>", "A" * 64, "0" * 5000, "0" * 64 + "\n"])
def test_a_text_that_is_no_finished_job_finds_none(stage: Any, records: DynamoFinished, text: str) -> None:
    assert records.by_job(text) is None


def test_a_sections_roster_is_found_among_the_rows(stage: Any) -> None:
    roster = DynamoRoster(stage.dynamodb, "students")
    here = [student(f"{n:03}", "Ada", sections=("cse546", "cse545")) for n in range(3)]
    roster.write([*reversed(here), student("9", "Eve", sections=("cse5460", "cse54")), student("8", "Fay")])
    assert roster.of_section("cse546") == here
    assert roster.of_section("cse5") == []


def test_a_roster_of_more_than_a_page_comes_whole(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    roster = DynamoRoster(stage.dynamodb, "students")
    roster.write([student(f"{n}", "Ada", sections=("cse546",) if n % 2 else ()) for n in range(9)])
    monkeypatch.setattr(stage.dynamodb, "scan", partial(stage.dynamodb.scan, Limit=2))
    assert [each.student_id for each in roster.of_section("cse546")] == ["1", "3", "5", "7"]


def test_a_picture_is_that_of_its_version_or_none(stage: Any) -> None:
    place, older, newer = Location("results", "cam1.jpg"), finished().upload, finished(sequencer="02").upload
    assert S3Pictures(stage.s3).of(older, place) is None
    S3Store(stage.s3).put(older, place, b"jpeg", "image/jpeg")
    assert S3Pictures(stage.s3).of(older, place) == b"jpeg"
    S3Store(stage.s3).put(newer, place, b"newer", "image/jpeg")
    assert S3Pictures(stage.s3).of(older, place) is None


def test_another_error_of_s3_is_not_taken_for_a_missing_picture(stage: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        S3Pictures(stage.s3).of(finished().upload, Location("nowhere", "cam1.jpg"))
