"""The upload against moto's S3: what arrives, what is skipped, what is said."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import upload_bucket
import upload_workload
from boto3.s3.transfer import TransferConfig
from moto import mock_aws
from rich.console import Console

BUCKET = "clips-in"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "ACCESS_KEY_ID": "testing",
        "SECRET_ACCESS_KEY": "testing",
        "DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "INPUT_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for number in range(3):
        (tmp_path / f"clip {number}.mp4").write_bytes(b"clip" * (number + 1))
    return tmp_path


def run(*arguments: object) -> int:
    return upload_workload.main([str(argument) for argument in (*arguments, "--bucket", BUCKET)])


def versions(s3: Any) -> dict[str, int]:
    count: dict[str, int] = {}
    for version in s3.list_object_versions(Bucket=BUCKET).get("Versions", ()):
        count[version["Key"]] = count.get(version["Key"], 0) + 1
    return count


def test_every_clip_arrives_and_the_count_is_printed(s3: Any, clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(clips) == 0
    assert versions(s3) == {"clip 0.mp4": 1, "clip 1.mp4": 1, "clip 2.mp4": 1}
    assert capsys.readouterr().out == f"3 sent, 0 skipped (already there), bucket {BUCKET}\n"


def test_a_second_run_skips_what_is_there_and_sends_what_changed(
    s3: Any, clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(clips)
    (clips / "clip 1.mp4").write_bytes(b"CLIPclip")  # the same size
    assert run(clips) == 0
    assert versions(s3) == {"clip 0.mp4": 1, "clip 1.mp4": 2, "clip 2.mp4": 1}
    assert "1 sent, 2 skipped" in capsys.readouterr().out


def test_again_sends_everything(s3: Any, clips: Path) -> None:
    run(clips)
    run(clips, "--again")
    assert set(versions(s3).values()) == {2}


def test_a_clip_sent_in_parts_is_recognised_by_its_sha256(
    s3: Any, clips: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (clips / "clip 0.mp4").write_bytes(bytes(6 << 20))
    parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    monkeypatch.setattr(upload_bucket, "PARTS", parts)
    run(clips)
    assert s3.head_object(Bucket=BUCKET, Key="clip 0.mp4")["ETag"].endswith('-2"')
    run(clips)
    assert "0 sent, 3 skipped" in capsys.readouterr().out


def test_requests_repeat_the_clips_and_resume(s3: Any, clips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(clips, "--requests", 4, "--prefix", "load/")
    assert versions(s3) == {f"load/test_{n}.mp4": 1 for n in range(4)}
    assert s3.get_object(Bucket=BUCKET, Key="load/test_3.mp4")["Body"].read() == b"clip"
    assert run(clips, "--requests", 6, "--prefix", "load/") == 0
    assert "2 sent, 4 skipped" in capsys.readouterr().out


def test_a_wrong_bucket_is_named_with_where_the_right_one_is_told(
    s3: Any, clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upload_workload.main([str(clips), "--bucket", "no-such-bucket"]) == 1
    said = capsys.readouterr().err
    assert "NoSuchBucket" in said
    assert "check that no-such-bucket is the stage's input bucket (scripts/stack_env.py prints it)" in said
    assert "goes on where it stopped" not in said


def test_missing_credentials_are_answered_with_what_to_set(
    s3: Any, clips: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it may remember credentials of an earlier test
    assert run(clips) == 1
    assert "set AWS_PROFILE" in capsys.readouterr().err


def test_a_failure_on_the_way_says_how_to_go_on(
    s3: Any, clips: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: object) -> None:
        raise OSError("the network is gone")

    monkeypatch.setattr(upload_workload.Bucket, "send", break_off)
    assert run(clips) == 1
    said = capsys.readouterr().err
    assert "the network is gone" in said
    assert "the same command goes on where it stopped" in said


def test_a_folder_without_clips_is_said_so(s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no clip")
    assert run(tmp_path) == 1
    said = capsys.readouterr().err
    assert "no clips in" in said
    assert "notes.txt: not a clip" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["."], "set INPUT_BUCKET or say --bucket"),
        (["missing", "--bucket", "b"], "missing is not a folder"),
        ([".", "--bucket", "b", "--requests", "0"], "--requests must be 1 or more"),
    ],
)
def test_a_missing_setting_is_named(
    s3: Any, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        upload_workload.main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_progress_off_a_terminal_is_a_line_for_each_tenth() -> None:
    console = Console(file=io.StringIO(), force_terminal=False, width=80)
    with upload_workload.progress(100, console) as done:
        for _ in range(100):
            done()
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines == [f"uploading: {n} of 100" for n in range(10, 101, 10)]


def test_progress_on_a_terminal_is_a_bar() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with upload_workload.progress(2, console) as done:
        done()
        done()
    assert "2/2" in console.file.getvalue()  # type: ignore[attr-defined]
