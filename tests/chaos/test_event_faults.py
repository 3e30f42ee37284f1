"""Faults of the event: what is no notification, hostile keys, old versions, objects that are gone or not to be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.chaos.chaos_stage import ChaosStage

pytestmark = [pytest.mark.pipeline, pytest.mark.usefixtures("brisk")]
UNREADABLE = ["no JSON", "[]", "{}", '{"Records": [{"eventVersion": "3.0", "eventName": "ObjectCreated:Put"}]}']
TEST_EVENT = '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "clips"}'
KEYS = ["a b", "a+b", "a%2Bb", "🎓", "../../etc/passwd", "$(touch x)", "-rf", "x" * 900]


@pytest.mark.fault(12)
@pytest.mark.fault(13)
@pytest.mark.fault(15)
@pytest.mark.fault(19)
def test_what_cannot_be_served_is_set_aside_with_its_reason_and_its_neighbours_are_served(stage: ChaosStage) -> None:
    for key in ("first", "middle", "last"):
        stage.put(key)
    first, middle, last = stage.take_records(3)
    del middle["s3"]["object"]["key"]
    mixed = stage.send_event(first, middle, last)
    foreign = stage.send_event({**first, "s3": {**first["s3"], "bucket": {"name": "somebody-elses"}}})
    for body in (TEST_EVENT, *UNREADABLE):
        stage.send(body)
    stage.put("good")
    stage.settle()
    assert stage.keys() == ["first", "good", "last"]
    dead = dict(stage.dead_letters())
    assert set(dead) == {mixed, foreign, *UNREADABLE}
    assert all(dead.values())
    assert "record 1" in dead[mixed]
    assert "bucket" in dead[foreign]
    assert stage.balance() == {}


@pytest.mark.fault(14)
def test_whatever_a_key_looks_like_it_becomes_a_file_inside_the_results(stage: ChaosStage) -> None:
    for key in KEYS:
        stage.put(key)
    stage.settle()
    assert stage.keys() == sorted(KEYS)
    csv_files = list(stage.results.rglob("*.csv"))
    assert len(csv_files) == len(KEYS)
    assert {path.parent for path in csv_files} == {stage.results}
    assert [path.name for path in stage.folder.iterdir()] == ["results"]
    assert stage.balance() == {}


@pytest.mark.fault(16)
@pytest.mark.fault(17)
def test_an_old_event_never_brings_an_old_roll_call_back(stage: ChaosStage) -> None:
    """The older version's event comes after the newer one was served, and once more after its own."""
    old = stage.put("again", students=["s1"])
    new = stage.put("again")
    records = {record["s3"]["object"]["versionId"]: record for record in stage.take_records(2)}
    for version in (new, old, old):
        stage.send_event(records[version])
        stage.settle()
    assert {result.upload.version_id: result.outcome for result in stage.files()} == {old: "recognised", new: "no_face"}
    assert current_csv(stage, "again").splitlines() == ["name,major,year"]
    assert stage.balance() == {}


def current_csv(stage: ChaosStage, key: str) -> str:
    """The roll call that lies in the output bucket."""
    bucket = stage.cloud.operator["OUTPUT_BUCKET"]
    answer = stage.client("s3").get_object(Bucket=bucket, Key=f"{stage.prefix}{key}.csv")
    text: bytes = answer["Body"].read()
    return text.decode()


@pytest.mark.fault(17)
@pytest.mark.fault(18)
def test_what_is_gone_and_what_need_not_be_read_ends_without_a_download(stage: ChaosStage) -> None:
    bucket = stage.cloud.operator["INPUT_BUCKET"]
    version = stage.put("gone")
    stage.client("s3").delete_object(Bucket=bucket, Key=f"{stage.prefix}gone", VersionId=version)
    stage.put("empty", body=b"")
    stage.put("folder/", body=b"")
    stage.put("huge")
    records = stage.take_records(4)
    for record in records:
        told: dict[str, Any] = record["s3"]["object"]
        if told["key"].endswith("huge"):
            told["size"] = 5 << 30
    stage.send(json.dumps({"Records": records}))
    stage.settle()
    outcomes = {result.upload.key.removeprefix(stage.prefix): result.outcome for result in stage.files()}
    assert outcomes == {"gone": "superseded", "empty": "rejected", "folder/": "rejected", "huge": "rejected"}
    downloads = [call for call in stage.function.calls if call.operation == "GET"]
    assert [call.path for call in downloads if "gone" not in call.path] == []
    assert stage.balance() == {}
