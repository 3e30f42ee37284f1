"""A student is forgotten on the deployed stage: recognised by the real function, filed by the poller, erased."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.pipeline
FORGOTTEN = "forget/me,1"  # an id that no other test publishes: a stage remembers whom it has erased
NAME = "Wilhelmina Quillfeather"


def test_a_student_is_forgotten_in_the_cloud_and_on_the_machine(pipeline: Any, samples: Path, tmp_path: Path) -> None:
    photographs = tmp_path / "photographs"
    shutil.copytree(samples / "photographs" / "eileen_collins", photographs / "forgotten")
    shutil.copytree(samples / "photographs" / "grace_hopper", photographs / "grace_hopper")
    row = {"student_id": FORGOTTEN, "name": NAME}
    (photographs / "forgotten" / "student.json").write_text(json.dumps(row))
    pipeline.recognition("enrol", photographs, "--consent-by", "the tests")
    pipeline.recognition("publish", "--drop")
    clips = tmp_path / "clips"
    clips.mkdir()
    shutil.copy(samples / "clips" / "both of them.mp4", clips / "both.mp4")
    pipeline.upload(clips)
    (before,) = pipeline.tick_until(1)
    assert NAME in {student.name for student in before.students}

    would = pipeline.recognition("forget", FORGOTTEN, "--dry-run")
    assert f"shown in '{before.upload.key}'" in would
    told = pipeline.recognition("forget", FORGOTTEN, "--receipt", "receipt.json", "--clips")
    pipeline.tick()

    assert "complete: a second look has found nothing" in told
    assert json.loads((tmp_path / "receipt.json").read_text())["complete"]
    (after,) = pipeline.files()
    assert after == before.without(FORGOTTEN)
    assert len(after.students) == 1, "the other student keeps the roll call"
    assert not [path for path in pipeline.results.iterdir() if NAME in path.read_text()]
    assert pipeline.events("erased")[0]["count"] == 2
    assert kept(pipeline, "OUTPUT_BUCKET") == {f"{before.upload.key}.csv": 1, f"{before.upload.key}.json": 1}
    assert kept(pipeline, "INPUT_BUCKET") == {}
    pipeline.recognition("publish")
    rows = pipeline.client("dynamodb").scan(TableName=pipeline.cloud.operator["STUDENT_TABLE"])["Items"]
    assert FORGOTTEN not in {each["student_id"]["S"] for each in rows}, "an older file brings nobody back"


def kept(pipeline: Any, bucket: str) -> dict[str, int]:
    """How many versions there are of each of this test's objects."""
    listed = pipeline.client("s3").list_object_versions(Bucket=pipeline.cloud.operator[bucket], Prefix=pipeline.prefix)
    keys = [each["Key"] for each in listed.get("Versions", [])]
    return {key: keys.count(key) for key in keys}
