"""A face cut out of a clip."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from recognition.cut import cut_out
from recognition.decode import open_clip
from recognition.errors import ClipRejected
from recognition.sample import sample_times
from tests.footage import plain, write_clip


def test_what_is_around_the_face_ends_at_the_pictures_edge(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [plain(320, 240, 90)] * 5)
    with clip.open("rb") as file, Image.open(io.BytesIO(cut_out(file, 0.0, (-20, 200, 79, 260)))) as photograph:
        assert photograph.size == (138, 76)
        assert photograph.format == "JPEG"


@pytest.mark.parametrize("gop", [250, 10], ids=["one key frame", "a key frame each second"])
def test_each_frame_that_was_looked_at_is_found_again_by_its_kept_moment(tmp_path: Path, gop: int) -> None:
    frames = [plain(320, 240, 40 + 2 * n) for n in range(90)]
    clip = write_clip(tmp_path / "clip.mp4", frames, rate=30, gop=gop)
    with clip.open("rb") as file, open_clip(file) as opened:
        looked_at = [
            (frame.time_s, int(frame.rgb[100, 100, 0])) for frame in opened.frames(sample_times(opened.duration_s))
        ]
    assert len(looked_at) > 3
    for time_s, level in looked_at:
        with (
            clip.open("rb") as file,
            Image.open(io.BytesIO(cut_out(file, round(time_s, 3), (90, 90, 110, 110)))) as face,
        ):
            assert abs(face.getpixel((10, 10))[0] - level) <= 3


def test_a_moment_that_the_clip_does_not_show_is_told(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [plain(320, 240, 90)] * 5)
    with clip.open("rb") as file, pytest.raises(ClipRejected, match=r"no frame at 7\.000 s"):
        cut_out(file, 7.0, (0, 0, 99, 99))
