"""The long clip: made by repeating packets, read from a bucket that counts, compared by the worse reading."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import av
import boto3
import pytest
from click.testing import CliRunner
from moto import mock_aws

from bench import longclip
from bench.bucket import NAME, Bucket
from bench.long import ROUND_S, write_rounds
from bench.longclip import figures
from bench.reading import Reading, middle, moments, read_clip
from tests.footage import plain, write_clip

SHORT = Reading("10 s", 10.0, 4_000_000, 12, 4_000_000, 4, 0.8, 1.0)
LONG = Reading("60 min", 3600.0, 1_000_000_000, 12, 10_000_000, 14, 0.4, 1.5)


@pytest.fixture
def ten_seconds(tmp_path: Path) -> io.BytesIO:
    """Ten seconds of 64 x 48 pixels, ten frames a second, a key frame every four seconds."""
    frames = [plain(64, 48, 2 * number) for number in range(10 * ROUND_S)]
    return io.BytesIO(write_clip(tmp_path / "one.mp4", frames, gop=40).read_bytes())


@pytest.mark.parametrize("index_first", [False, True])
def test_rounds_play_one_after_the_other_without_a_gap(
    ten_seconds: io.BytesIO, tmp_path: Path, index_first: bool
) -> None:
    write_rounds(ten_seconds, 3, tmp_path / "long.mp4", index_first=index_first)
    with av.open(str(tmp_path / "long.mp4")) as clip:
        assert clip.duration == 3 * ROUND_S * 1_000_000
        times = [float(frame.time or 0) for frame in clip.decode(video=0)]
    assert len(times) == 300
    assert all(later - earlier == pytest.approx(0.1) for earlier, later in pairwise(times))


def test_every_round_can_be_entered_at_its_key_frames(ten_seconds: io.BytesIO, tmp_path: Path) -> None:
    write_rounds(ten_seconds, 2, tmp_path / "long.mp4", index_first=False)
    with av.open(str(tmp_path / "long.mp4")) as clip:
        keys = [float(packet.pts * packet.time_base) for packet in clip.demux(video=0) if packet.is_keyframe]
    assert keys == pytest.approx([0, 4, 8, 10, 14, 18])


def test_the_index_is_where_it_was_asked_for(ten_seconds: io.BytesIO, tmp_path: Path) -> None:
    for index_first in (False, True):
        write_rounds(ten_seconds, 2, tmp_path / "long.mp4", index_first=index_first)
        data = (tmp_path / "long.mp4").read_bytes()
        assert (data.index(b"moov") < data.index(b"mdat")) == index_first


def test_a_short_clip_is_looked_at_as_often_as_a_long_one() -> None:
    assert moments(12.0, 3) == [2.0, 6.0, 10.0]
    assert len(moments(10.0)) == len(moments(3600.0))


def test_a_reading_counts_what_the_bucket_handed_out(ten_seconds: io.BytesIO, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(ten_seconds.getvalue())
    with mock_aws():
        bucket = Bucket(boto3.client("s3"))
        bucket.s3.create_bucket(Bucket=NAME)
        upload = bucket.put("clip", tmp_path / "clip.mp4")
        reading = read_clip(bucket, upload)
        bucket.take_away(upload)
        assert "Contents" not in bucket.s3.list_objects_v2(Bucket=NAME)
    assert (reading.frames, reading.seconds, reading.size) == (12, 10.0, upload.size)
    assert reading.bytes_fetched >= upload.size  # a small clip is one block
    assert reading.requests >= 1


def test_the_worse_of_the_long_clips_counts() -> None:
    found = figures(SHORT, [LONG, replace(LONG, bytes_fetched=20_000_000, cpu_s=1.2)])
    assert (found["bytes_share"], found["time_ratio"], found["wall_ratio"]) == (0.02, 1.5, 1.5)


def test_the_middle_reading_is_the_median_by_cpu_seconds() -> None:
    assert middle([replace(LONG, cpu_s=cpu_s) for cpu_s in (0.9, 0.1, 0.3)]).cpu_s == 0.3


def test_a_disk_that_is_too_small_is_refused_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000_000))
    ran = CliRunner().invoke(longclip.main, [])
    assert ran.exit_code == 2
    assert "set TMPDIR to a larger disk" in ran.output
