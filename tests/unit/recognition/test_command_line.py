"""`python -m recognition`, as its users call it."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from recognition.gallery_file import read_gallery, write_gallery
from recognition.students_file import read_students
from tests.people import gallery_of
from tests.unit.recognition.command_line import Run


def test_enrol_then_identify_prints_a_table_and_writes_pictures(run: Run, samples: Path, tmp_path: Path) -> None:
    enrolled = run("enrol", samples / "photographs", "--consent-by", "office", "--consent-until", "2099-07-31")
    assert (enrolled.code, enrolled.err.count("warning")) == (0, 0)
    assert "2 student(s), threshold" in enrolled.out
    clips = [samples / "clips" / name for name in ("collins.mp4", "stranger.mp4", "truncated.mp4", "empty room.mp4")]
    shown = run("identify", *clips, "--students", "students.json", "--pictures", "drawn")
    assert shown.code == 0
    rows = [line for line in shown.out.splitlines() if ".mp4" in line]
    for clip, outcome in (("collins", "recognised"), ("stranger", "unknown"), ("truncated", "rejected")):
        assert any(clip in row and outcome in row for row in rows)
    assert "Eileen Collins" in shown.out
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["collins.mp4.jpg", "stranger.mp4.jpg"]


def test_without_a_students_file_ids_stand_for_names(run: Run, samples: Path) -> None:
    run("enrol", samples / "photographs")
    assert "eileen_collins" in run("identify", samples / "clips" / "collins.mp4").out


def test_whoever_enrols_without_consent_is_told_that_nobody_will_be_named(run: Run, samples: Path) -> None:
    enrolled = run("enrol", samples / "photographs")
    assert enrolled.code == 0
    assert "2 student(s) have no valid consent" in enrolled.err
    assert "--consent-by" in enrolled.err
    shown = run("identify", samples / "clips" / "collins.mp4", "--students", "students.json")
    assert "unknown" in shown.out
    assert "Collins" not in shown.out


def test_a_bad_photograph_is_one_clear_error_and_nothing_is_written(run: Run, samples: Path, tmp_path: Path) -> None:
    shutil.copytree(samples / "photographs", tmp_path / "photographs")
    (tmp_path / "photographs" / "grace_hopper" / "9.jpg").write_bytes(b"nonsense")
    refused = run("enrol", "photographs")
    assert refused.code == 1
    assert "grace_hopper/9.jpg: not a readable photograph (of no known kind)" in refused.err.splitlines()[-1]
    assert "Traceback" not in refused.err
    assert not (tmp_path / "gallery.npz").exists()
    assert run("enrol", "photographs", "--skip-bad-photographs").code == 0
    for path in (tmp_path / "photographs" / "grace_hopper").glob("*.jpg"):
        path.write_bytes(b"nonsense")
    left_out = run("enrol", "photographs", "--skip-bad-photographs")
    assert (left_out.code, "left out 1 student(s) without a good photograph: grace_hopper." in left_out.err) == (
        0,
        True,
    )


def test_an_empty_folder_is_one_clear_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "one for each student" in run("enrol", "empty").err


def test_a_consent_date_nobody_can_read_is_one_clear_error(run: Run, samples: Path) -> None:
    refused = run("enrol", samples / "photographs", "--consent-by", "office", "--consent-until", "next summer")
    assert refused.code == 1
    assert "write it as 2027-07-31" in refused.err


def test_import_legacy_writes_gallery_and_rows(run: Run, course: Path) -> None:
    assert run("import-legacy", course / "encoding", course / "student_data.json", "--consent-by", "office").code == 0
    assert len(read_gallery(Path("gallery.npz").read_bytes()).student_ids) == 11
    assert len(read_students(Path("students.json"))) == 8


def test_a_pickle_that_would_run_something_is_one_clear_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "encoding").write_bytes(pickle.dumps(print))
    (tmp_path / "students").write_text("[]")
    refused = run("import-legacy", "encoding", "students")
    assert refused.code == 1
    assert "builtins" in refused.err
    assert "refused" in refused.err


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_a_gallery_that_is_missing_or_broken_says_how_to_make_one(
    run: Run, samples: Path, content: bytes | None
) -> None:
    if content is not None:
        Path("gallery.npz").write_bytes(content)
    refused = run("identify", samples / "clips" / "collins.mp4")
    assert refused.code == 1
    assert "python -m recognition enrol" in refused.err


def test_clips_that_are_none_become_rows_and_names_are_text(run: Run, samples: Path, tmp_path: Path) -> None:
    shutil.copytree(samples / "photographs", tmp_path / "photographs")
    record = tmp_path / "photographs" / "grace_hopper" / "student.json"
    record.write_text(json.dumps({"name": "Grace [red]Hopper[/b] Łukasz 李明"}))
    run("enrol", "photographs", "--consent-by", "office")
    (tmp_path / "zero.mp4").write_bytes(b"")
    (tmp_path / "notes.mp4").write_text("notes")
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        shutil.copy(samples / "clips" / "hopper.mp4", tmp_path / folder / "[bold]cam.mp4")
    long = tmp_path / ("n" * 247 + ".mp4")
    shutil.copy(samples / "clips" / "hopper.mp4", long)
    clips = ["zero.mp4", "notes.mp4", "one/[bold]cam.mp4", "two/[bold]cam.mp4", long]
    shown = run("identify", *clips, "--students", "students.json")
    assert shown.code == 0
    assert shown.out.count("rejected") == 2
    assert len(list((tmp_path / "pictures").iterdir())) == 3
    assert "the file is empty" in " ".join(shown.out.split())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--consent-until", "2099-01-01"], "needs --consent-by"),
        (["--consent-by", "office", "--consent-until", ""], "is not a date"),
        (["--consent-by", "office", "--consent-until", "2001-01-01"], "is over already"),
        (["--gallery", "same", "--students", "same"], "two files"),
        (["--gallery", "no/such/gallery.npz"], "no folder"),
        (["--students", "/tmp"], "is a folder"),
    ],
)
def test_options_that_contradict_themselves_are_refused_before_any_work(
    run: Run, samples: Path, options: list[str], says: str
) -> None:
    refused = run("enrol", samples / "photographs", *options)
    assert refused.code in (1, 2)
    assert says in refused.err
    assert "enrolling" not in refused.err


def test_publish_to_a_bucket_that_is_not_there_is_one_clear_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "students.json").write_text("[]")
    (tmp_path / "gallery.npz").write_bytes(write_gallery(gallery_of("1")))
    monkeypatch.setenv("GALLERY_BUCKET", "nowhere")
    monkeypatch.setenv("STUDENT_TABLE", "nothing")
    with mock_aws():
        refused = run("publish")
    assert refused.code == 1
    assert refused.err.startswith("error: AWS: ")
    assert "NoSuchBucket" in refused.err


def test_a_clip_that_is_not_there_is_a_usage_error(run: Run) -> None:
    assert run("identify", "nowhere.mp4").code == 2


def test_a_second_opinion_by_the_cnn_can_be_asked_for(run: Run, samples: Path) -> None:
    run("enrol", samples / "photographs")
    shown = run("identify", samples / "clips" / "collins.mp4", "--detector", "hog+cnn")
    assert (shown.code, "eileen_collins" in shown.out) == (0, True)


def test_a_detector_nobody_knows_is_refused_with_those_there_are(run: Run, samples: Path) -> None:
    refused = run("identify", samples / "clips" / "collins.mp4", "--detector", "yolo")
    assert refused.code == 2
    assert "hog+cnn" in refused.err


def test_publish_without_settings_names_both(run: Run) -> None:
    refused = run("publish")
    assert refused.code == 1
    assert "GALLERY_BUCKET, STUDENT_TABLE" in refused.err


def test_publish_uploads_rows_and_the_gallery_of_those_who_consent(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent = {"granted_by": "office", "granted_at": "2026-01-01"}
    rows = [{"student_id": "1", "name": "Ada", "consent": consent}, {"student_id": "2", "name": "Bob"}]
    (tmp_path / "students.json").write_text(json.dumps(rows))
    (tmp_path / "gallery.npz").write_bytes(write_gallery(gallery_of("1", "2", "nobody")))
    monkeypatch.setenv("GALLERY_BUCKET", "galleries")
    monkeypatch.setenv("STUDENT_TABLE", "students")
    with mock_aws():
        s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
        s3.create_bucket(Bucket="galleries")
        dynamodb.create_table(
            TableName="students",
            KeySchema=[{"AttributeName": "student_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "student_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        published = run("publish")
        (stored,) = [each["Key"] for each in s3.list_objects_v2(Bucket="galleries", Prefix="gallery/dlib")["Contents"]]
        gallery = read_gallery(s3.get_object(Bucket="galleries", Key=stored)["Body"].read())
        assert dynamodb.scan(TableName="students")["Count"] == 2
    assert published.code == 0
    assert gallery.student_ids == ("1",)
    assert "1 student(s)" in published.out
    assert "left out 2 student(s)" in published.err
    assert "2, nobody" in published.err
