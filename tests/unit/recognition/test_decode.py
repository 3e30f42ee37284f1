"""Video to frames: the right moments, upright, and a reason for what is no clip."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest

from recognition.decode import open_clip
from recognition.errors import ClipRejected
from recognition.faces import Frame
from recognition.sample import sample_times
from recognition.source import RangedReader
from tests.encoded import Kind, encode, looped
from tests.footage import plain, write_clip


def frames_at(path: Path, moments: list[float]) -> list[Frame]:
    with path.open("rb") as file, open_clip(file) as clip:
        return list(clip.frames(moments))


def test_each_moment_gives_the_frame_shown_then(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "ramp.mp4", [plain(64, 48, 5 * n) for n in range(50)])
    found = frames_at(path, [0.5, 2.5, 4.5])
    # up to three frames later: pictures that no other refers to are not decoded
    assert [frame.time_s for frame in found] == pytest.approx([0.65, 2.65, 4.65], abs=0.16)
    assert [float(frame.rgb.mean()) for frame in found] == pytest.approx([50 * f.time_s for f in found], abs=4)


def test_a_long_clip_is_entered_at_its_key_frames_without_decoding_the_rest(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "long.mp4", [plain(64, 48, n // 3) for n in range(600)], rate=10, gop=20)
    found = frames_at(path, sample_times(60.0))
    assert [round(frame.time_s, 1) for frame in found] == [0.0, 6.0, 12.0, 18.0, 24.0, 30.0, 38.0, 44.0, 50.0, 56.0]


@pytest.mark.parametrize("movflags", ["", "faststart"], ids=["index at the end", "index at the start"])
def test_a_long_clip_costs_the_bytes_of_its_sampled_frames(movflags: str) -> None:
    noise = np.random.default_rng(2).integers(0, 255, (20, 480, 640, 3), dtype=np.uint8)
    clip = looped(encode(Kind(gop=10), list(noise)), 150, movflags)
    reader = RangedReader(lambda first, last: clip[first : last + 1], len(clip))
    with open_clip(reader) as opened:  # type: ignore[arg-type]
        assert opened.duration_s == pytest.approx(300, abs=1)
        assert len(list(opened.frames(sample_times(300.0)))) == 12
    assert len(clip) > 200 << 20
    assert reader.bytes_read < 0.06 * len(clip)


def test_a_long_clip_with_a_single_key_frame_is_still_looked_at_all_over(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "one-key.mp4", [plain(64, 48, n // 3) for n in range(600)], gop=1000)
    times = [frame.time_s for frame in frames_at(path, sample_times(60.0))]
    assert times[0] == 0.0
    assert times[1:] == pytest.approx(sample_times(60.0)[1:], abs=0.31)


def test_padded_rows_do_not_skew_the_picture(tmp_path: Path) -> None:
    half = plain(854, 480, 0)
    half[:, 427:] = 255
    (frame,) = frames_at(write_clip(tmp_path / "wide.mp4", [half] * 3), [0.0])
    assert frame.rgb.shape == (480, 854, 3)
    assert frame.rgb.flags.c_contiguous
    assert frame.rgb[:, :400].max() < 40
    assert frame.rgb[:, 454:].min() > 215


@pytest.mark.parametrize(("codec", "suffix"), [("libx265", "mp4"), ("libvpx-vp9", "webm"), ("mpeg4", "avi")])
def test_other_codecs_and_containers_are_read(tmp_path: Path, codec: str, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip.{suffix}", [plain(128, 96, 130)] * 10, codec=codec)
    assert int(frames_at(path, [0.3])[0].rgb.mean()) == pytest.approx(130, abs=5)


def test_a_phones_rotation_is_undone(tmp_path: Path) -> None:
    upright = plain(48, 64, 0)
    upright[:32] = 255
    path = tmp_path / "phone.mp4"
    write_clip(path, [np.rot90(upright)] * 3)
    _set_rotation(path)
    (frame,) = frames_at(path, [0.0])
    assert frame.rgb.shape == (64, 48, 3)
    assert frame.rgb[:24].mean() > 200 > 50 > frame.rgb[40:].mean()


def _set_rotation(path: Path) -> None:
    """Write a quarter turn clockwise into the track header, as a phone does: the matrix is nine 32-bit numbers."""
    data = path.read_bytes()
    identity = b"".join(n.to_bytes(4, "big") for n in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
    turned = b"".join((n & 0xFFFFFFFF).to_bytes(4, "big") for n in (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000))
    at = data.index(identity, data.index(b"tkhd"))
    path.write_bytes(data[:at] + turned + data[at + 36 :])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"this is a text file, named .mp4\n" * 50,
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"\x00\x00\x00\x18ftypmp42" + bytes(4000),
        bytes(100_000),
    ],
)
def test_what_is_no_clip_is_rejected_with_a_reason(content: bytes) -> None:
    with (
        pytest.raises(ClipRejected, match=r"not a readable video|no video stream|no picture"),
        open_clip(io.BytesIO(content)) as clip,
    ):
        list(clip.frames([0.0]))


@pytest.mark.fault(33)
def test_a_clip_cut_off_before_its_index_is_rejected(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "whole.mp4", [plain(64, 48, n) for n in range(100)])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ClipRejected):
        frames_at(path, [0.0])


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_a_long_clip_whose_upload_broke_off_is_rejected_or_shows_its_beginning(tmp_path: Path, share: float) -> None:
    noise = np.random.default_rng(2).integers(0, 255, (300, 96, 128, 3), dtype=np.uint8)
    path = write_clip(tmp_path / "long.mp4", list(noise), rate=10, gop=10, options={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    moments = sample_times(30.0)
    try:
        found = frames_at(path, moments)
    except ClipRejected:
        found = []
    assert len(found) < len(moments)
    assert share < 0.5 or found


def test_a_clip_damaged_in_its_middle_still_shows_its_beginning(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (40, 240, 320, 3), dtype=np.uint8)
    path = write_clip(tmp_path / "clip.mkv", list(noise), gop=1)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    found = frames_at(path, [0.1, 1.0, 3.9])
    assert 1 <= len(found) <= 3
    assert found[0].time_s == pytest.approx(0.1)


@pytest.mark.fault(33)
def test_sound_alone_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 4096), dtype=np.float32), format="fltp", layout="mono")
        silence.sample_rate = 8000
        container.mux(stream.encode(silence))
        container.mux(stream.encode())
    with pytest.raises(ClipRejected, match="no video stream"):
        frames_at(path, [0.0])


@pytest.mark.parametrize("calls_before", [0, 2])
def test_a_network_error_while_reading_is_not_taken_for_a_broken_clip(tmp_path: Path, calls_before: int) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (30, 480, 640, 3), dtype=np.uint8)
    data = write_clip(tmp_path / "clip.mp4", list(noise), gop=1).read_bytes()
    calls = 0

    def fetch(first: int, last: int) -> bytes:
        nonlocal calls
        calls += 1
        if calls > calls_before:
            raise ConnectionResetError("the network is down")
        return data[first : last + 1]

    file = io.BufferedReader(RangedReader(fetch, len(data)), 1 << 20)
    with pytest.raises(ConnectionResetError), open_clip(file) as clip:  # type: ignore[arg-type]
        list(clip.frames([0.0, 1.0, 2.9]))
