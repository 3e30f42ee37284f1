"""One uncut shot or not, by the sizes of packets."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from recognition.decode import open_clip
from recognition.decoding.shots import PacketSize, is_one_shot
from recognition.faces import Rgb
from tests.footage import plain, write_clip

STEADY = [PacketSize(1000, True), *[PacketSize(size, False) for size in (300, 100, 310, 90, 280)]]


def test_small_changes_after_one_key_frame_are_one_shot() -> None:
    assert is_one_shot(STEADY)


def test_a_gesture_in_a_still_picture_is_no_cut() -> None:
    assert is_one_shot([PacketSize(1000, True), *[PacketSize(size, False) for size in (5, 6, 95, 5)]])


@pytest.mark.parametrize(
    "packets",
    [
        [],
        [PacketSize(1000, False), *STEADY[1:]],
        [*STEADY, PacketSize(200, True)],
        [*STEADY, PacketSize(630, False), PacketSize(620, False)],
        [*STEADY, PacketSize(560, False)],
    ],
    ids=["no packet", "no key frame first", "a second key frame", "as large as a key frame", "one that stands out"],
)
def test_what_speaks_of_a_cut_is_not_one_shot(packets: list[PacketSize]) -> None:
    assert not is_one_shot(packets)


def scene(seed: int, count: int) -> list[Rgb]:
    """A textured picture under a camera's grain."""
    random = np.random.default_rng(seed)
    picture = np.kron(random.integers(20, 235, (24, 32, 3)), np.ones((8, 8, 1)))
    return [(picture + random.integers(-4, 5, picture.shape)).astype(np.uint8) for _ in range(count)]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [(scene(1, 20), True), (scene(1, 10) + scene(2, 10), False), ([plain(64, 48, 9)] * 40, None)],
    ids=["one scene", "a hard cut", "four seconds"],
)
def test_a_clip_tells_whether_it_is_one_shot(tmp_path: Path, frames: list[Rgb], expected: bool | None) -> None:
    path = write_clip(tmp_path / "clip.mp4", frames)
    with open_clip(io.BytesIO(path.read_bytes())) as clip:
        first = next(clip.frames([0.0]))
        assert clip.single_shot is expected
    assert first.time_s == 0.0


def test_all_course_clips_are_one_shot(course: Path) -> None:
    for path in sorted((course / "videos").glob("*.mp4")):
        with path.open("rb") as file, open_clip(file) as clip:
            assert clip.single_shot, path.name
