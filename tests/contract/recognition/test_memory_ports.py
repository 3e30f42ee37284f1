"""What tests/chaos plays with in memory behaves as the real thing: one test body over both."""

from __future__ import annotations

from typing import Any

import pytest

from recognition.aws.clips import S3Clips
from recognition.aws.jobs import DynamoJobs
from recognition.aws.outputs import S3Store
from recognition.errors import ClipSuperseded
from recognition.jobs import Begun, Entry, Finished, Held, Jobs
from recognition.sections import Session
from tests.chaos.memory_jobs import MemoryJobs
from tests.chaos.memory_s3 import MemoryS3
from wire.result_message import Location
from wire.s3_event import Upload

UPLOAD = Upload("clips", "cam.mp4", "v1", "e", "0A", 1)
CSV = Location("results", "cam.mp4.csv")
ENTRY = Entry(Session("cse546", "2026-11-23T0900"), 105.0, "{}")


@pytest.fixture(params=["memory", "moto"])
def jobs(request: pytest.FixtureRequest) -> Jobs:
    if request.param == "memory":
        return MemoryJobs()
    return DynamoJobs(request.getfixturevalue("stage").dynamodb, "jobs")


@pytest.fixture(params=["memory", "moto"])
def s3(request: pytest.FixtureRequest) -> Any:
    return MemoryS3() if request.param == "memory" else request.getfixturevalue("stage").s3


@pytest.mark.fault(31)
def test_a_lock_holds_until_after_its_deadline_and_the_result_kept_is_handed_on(jobs: Jobs) -> None:
    assert jobs.begin(UPLOAD, 100.0, 160.0) == Begun()
    assert jobs.begin(UPLOAD, 160.0, 220.0) == Held(160.0)
    jobs.keep(UPLOAD, "kept", ENTRY)
    assert jobs.begin(UPLOAD, 161.0, 220.0) == Begun("kept")


def test_only_its_holder_lets_a_lock_go(jobs: Jobs) -> None:
    jobs.begin(UPLOAD, 100.0, 160.0)
    jobs.release(UPLOAD, 150.0, 101.0)
    assert jobs.begin(UPLOAD, 102.0, 170.0) == Held(160.0)
    jobs.release(UPLOAD, 160.0, 103.0)
    assert jobs.begin(UPLOAD, 103.0, 170.0) == Held(103.0)
    assert jobs.begin(UPLOAD, 104.0, 170.0) == Begun()


def test_what_is_finished_stays_so(jobs: Jobs) -> None:
    jobs.begin(UPLOAD, 100.0, 160.0)
    jobs.finish(UPLOAD, "no_face", 110.0)
    jobs.release(UPLOAD, 160.0, 111.0)
    assert jobs.begin(UPLOAD, 9e9, 9.1e9) == Finished("no_face")


def put(s3: Any, body: bytes) -> Upload:
    answer = s3.put_object(Bucket="clips", Key="cam.mp4", Body=body)
    return Upload("clips", "cam.mp4", answer["VersionId"], answer["ETag"].strip('"'), "01", len(body))


def test_a_version_is_read_though_it_was_overwritten_but_not_once_its_key_is_deleted(s3: Any) -> None:
    first = put(s3, b"first")
    put(s3, b"second")
    assert S3Clips(s3).open(first).read() == b"first"
    s3.delete_object(Bucket="clips", Key="cam.mp4")
    with pytest.raises(ClipSuperseded):
        S3Clips(s3).open(first)


def test_a_newer_versions_object_is_neither_replaced_nor_removed(s3: Any) -> None:
    older, newer = (Upload("clips", "cam.mp4", f"v{n}", "e", f"0{n}", 1) for n in (1, 2))
    store = S3Store(s3)
    assert store.put(older, CSV, b"older", "text/csv")
    assert store.put(newer, CSV, b"newer", "text/csv")
    assert not store.put(older, CSV, b"older", "text/csv")
    store.remove(older, CSV)
    assert (store.is_newest(older, CSV), store.is_newest(newer, CSV)) == (False, True)
    assert s3.get_object(Bucket="results", Key=CSV.key)["Body"].read() == b"newer"
    store.remove(newer, CSV)
    assert store.is_newest(older, CSV)


@pytest.mark.parametrize("condition", [{"IfNoneMatch": "*"}, {"IfMatch": '"another"'}])
def test_a_put_whose_condition_does_not_hold_is_refused(s3: Any, condition: dict[str, str]) -> None:
    s3.put_object(Bucket="results", Key="x", Body=b"there")
    with pytest.raises(Exception, match="PreconditionFailed"):
        s3.put_object(Bucket="results", Key="x", Body=b"not", **condition)
