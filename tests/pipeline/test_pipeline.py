"""Upload to S3, notification to SQS, tick, Lambda, DynamoDB, output queue, disk: through every real part."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from poller.settings_table import TABLE

pytestmark = pytest.mark.pipeline
ROOT = Path(__file__).parents[2]
BOUND_S = int(next(row.default for row in TABLE if row.field == "bound_s") or 0)


def sample_clips() -> ModuleType:
    """`scripts/sample_clips.py`, which knows what each of its clips must come out as."""
    spec = importlib.util.spec_from_file_location("sample_clips", ROOT / "scripts" / "sample_clips.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(ROOT / "scripts"))
    sys.modules["sample_clips"] = module
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "scripts"))
    return module


def test_every_sample_clip_comes_out_on_the_disk_as_what_it_shows(pipeline: Any, samples: Path) -> None:
    expected: dict[str, tuple[str, tuple[str, ...]]] = sample_clips().EXPECTED
    pipeline.upload(samples / "clips")
    results = pipeline.tick_until(len(expected))
    found = {
        pipeline.key_of(r): (r.outcome, tuple(sorted(student.student_id for student in r.students))) for r in results
    }
    assert found == {key: (outcome, tuple(sorted(ids))) for key, (outcome, ids) in expected.items()}
    assert all(pipeline.csv_of(result) == result.csv for result in results)
    assert pipeline.waiting("REQUEST_QUEUE_URL") == pipeline.waiting("OUTPUT_QUEUE_URL") == 0
    for result in results:
        if result.picture_location:
            picture = pipeline.client("s3").get_object(
                Bucket=result.picture_location.bucket, Key=result.picture_location.key
            )
            assert picture["Body"].read(2) == b"\xff\xd8"


@pytest.mark.fault(14)
def test_names_with_spaces_plus_and_unicode_arrive_as_they_are(pipeline: Any, samples: Path, tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    names = ["a b+c%2B.mp4", "Größe 🎓.mp4", "$(touch x); rm -rf.mp4", "-leading.mp4", "sub folder/deep/cam 1.mp4"]
    for name in names:
        (clips / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(samples / "clips" / "truncated.mp4", clips / name)
    pipeline.upload(clips)
    results = pipeline.tick_until(len(names))
    assert sorted(map(pipeline.key_of, results)) == sorted(names)
    assert {path.parent for path in pipeline.results.rglob("*.csv")} == {pipeline.results}


def test_one_name_uploaded_twice_with_other_content_gives_two_right_results(
    pipeline: Any, samples: Path, tmp_path: Path
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for clip in ("collins.mp4", "hopper.mp4"):
        shutil.copy(samples / "clips" / clip, clips / "cam.mp4")
        pipeline.upload(clips)
    results = pipeline.tick_until(2)
    assert sorted(student.student_id for result in results for student in result.students) == [
        "eileen_collins",
        "grace_hopper",
    ]
    newest = max(results, key=lambda result: result.upload.sequencer)
    stored = pipeline.client("s3").get_object(Bucket=newest.csv_location.bucket, Key=newest.csv_location.key)
    assert stored["Body"].read().decode() == newest.csv


def test_what_is_no_clip_becomes_a_rejected_result_with_a_reason(pipeline: Any, tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    (clips / "notes.mp4").write_text("these are my notes\n" * 99)
    (clips / "nothing.mp4").write_bytes(b"")
    pipeline.upload(clips)
    results = pipeline.tick_until(2)
    assert {pipeline.key_of(result): (result.outcome, result.reason) for result in results} == {
        "notes.mp4": ("rejected", "not a readable video file"),
        "nothing.mp4": ("rejected", "the file is empty"),
    }
    assert {pipeline.csv_of(result) for result in results} == {"name,major,year\r\n"}


@pytest.mark.fault(13)
def test_unreadable_messages_go_to_the_dead_letter_queue_with_the_reason_and_nothing_is_lost(
    pipeline: Any, samples: Path, tmp_path: Path
) -> None:
    pipeline.dead_letters()
    clips = tmp_path / "clips"
    clips.mkdir()
    shutil.copy(samples / "clips" / "truncated.mp4", clips / "good.mp4")
    truncated, foreign = '{"Records": [{"eventVer', json.dumps({"Records": [foreign_record()]})
    for body in (truncated, "[]", '{"Event": "s3:TestEvent"}', foreign):
        pipeline.send(body)
    pipeline.upload(clips)
    assert [pipeline.key_of(result) for result in pipeline.tick_until(1)] == ["good.mp4"]
    while pipeline.waiting("REQUEST_QUEUE_URL"):
        pipeline.tick()
    reasons = dict(pipeline.dead_letters())
    assert set(reasons) == {truncated, "[]", foreign}
    assert "not JSON" in reasons[truncated]
    assert "not this stage's input bucket" in reasons[foreign]


def foreign_record() -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "somebody-elses"}, "object": {"key": "cam.mp4", "size": 9, "sequencer": "01"}},
    }


@pytest.mark.parametrize(
    "pointer",
    [
        pytest.param(None, id="missing"),
        pytest.param(b'{"model": "another", "key": "gallery/another/1.npz", "version": "1"}', id="of another model"),
    ],
)
def test_a_gallery_that_cannot_be_used_keeps_the_message_until_one_is_published(
    pointer: bytes | None, pipeline: Any, samples: Path, tmp_path: Path
) -> None:
    place = {"Bucket": pipeline.cloud.operator["GALLERY_BUCKET"], "Key": "gallery/current.json"}
    if pointer is None:
        pipeline.client("s3").delete_object(**place)
    else:
        pipeline.client("s3").put_object(**place, Body=pointer)
    clips = tmp_path / "clips"
    clips.mkdir()
    shutil.copy(samples / "clips" / "collins.mp4", clips / "cam.mp4")
    pipeline.upload(clips)
    assert pipeline.tick() == 1
    assert pipeline.files() == []
    assert pipeline.waiting("REQUEST_QUEUE_URL") == 1
    pipeline.recognition("publish")
    (result,) = pipeline.tick_until(1)
    assert result.outcome == "recognised"


def test_the_log_names_no_student_no_clip_and_no_receipt(pipeline: Any, samples: Path) -> None:
    pipeline.upload(samples / "clips")
    pipeline.tick_until(6)
    text = json.dumps(pipeline.log)
    assert len([line for line in pipeline.log if line["event"] == "written"]) == 6
    for private in ("Collins", "Hopper", "eileen", "hopper.mp4", "mathematics", "ReceiptHandle"):
        assert private not in text
    assert '"event": "summary"' in text


def test_the_eight_course_clips_give_the_eight_right_csvs(course_pipeline: Any, course: Path) -> None:
    course_pipeline.upload(course / "videos")
    results = course_pipeline.tick_until(8)
    assert_right(course_pipeline, results, course)
    assert len(results) == 8


def assert_right(pipeline: Any, results: list[Any], course: Path) -> None:
    """Every result's CSV says what the course's mapping expects for its clip."""
    expected = dict(line.split(":") for line in (course / "mapping").read_text().split())
    for result in results:
        _, row = pipeline.csv_of(result).replace("freshmen", "freshman").split()
        assert row.split(",", 1)[1] == expected[pipeline.key_of(result)]


def test_the_hundred_request_workload_is_wholly_right_without_duplicates_or_dead_letters(
    course_pipeline: Any, course: Path
) -> None:
    course_pipeline.dead_letters()
    printed = course_pipeline.upload(course / "videos", "--requests", "100")
    assert "100 sent" in printed
    results = course_pipeline.tick_until(100)
    assert len(results) == len({result.upload.key for result in results}) == 100
    assert len(list(course_pipeline.results.glob("*.csv"))) == 100
    clips = sorted(path.stem for path in (course / "videos").glob("*.mp4"))
    alone = {clip: expected_row(course, clip) for clip in clips}
    for result in results:
        number = int(course_pipeline.key_of(result).removeprefix("test_").removesuffix(".mp4"))
        _, row = course_pipeline.csv_of(result).replace("freshmen", "freshman").split()
        assert row.split(",", 1)[1] == alone[clips[number % 8]]
    assert course_pipeline.dead_letters() == []
    assert course_pipeline.waiting("REQUEST_QUEUE_URL") == course_pipeline.waiting("OUTPUT_QUEUE_URL") == 0
    assert all(code in (0, 1) for code, _ in course_pipeline.ticks)
    assert not {"bound_reached", "grace_over"} & {line["event"] for line in course_pipeline.log}
    assert all(seconds <= BOUND_S for _, seconds in course_pipeline.ticks), "a tick outlived its bound"


def expected_row(course: Path, clip: str) -> str:
    lines = (line.split(":") for line in (course / "mapping").read_text().split())
    return {name.removesuffix(".mp4"): row for name, row in lines}[clip]
