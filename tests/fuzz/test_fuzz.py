"""Damaged clips end as frames or as a rejection, whatever is damaged; `scripts/fuzz.sh` tries a thousand and more."""

from __future__ import annotations

import io
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from recognition.decode import open_clip
from recognition.decoding.picture import KEPT_PIXELS
from recognition.decoding.sandbox import Sandbox
from recognition.errors import ClipRejected
from recognition.sample import MAX_FRAMES, sample_times
from tests.fuzz.corpus import KINDS, damaged, whole

INPUTS = int(os.environ.get("FUZZ_INPUTS", "66"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
BATCH = 22
WALL_S = 60.0  # a clip that takes longer here has found a way around the decoder's own bounds


@pytest.fixture(scope="module")
def ours() -> Iterator[Sandbox]:
    made = Sandbox(wall_s=WALL_S)
    made.prepare()
    yield made
    made.close()


def outcome(clip: bytes, within: Sandbox) -> str:
    """`frames`, or the reason of the rejection. Whatever else is raised fails the test."""
    try:
        with open_clip(io.BytesIO(clip), within) as opened:
            frames = list(opened.frames(sample_times(opened.duration_s)))
            assert opened.single_shot in (True, False, None)
    except ClipRejected as rejection:
        return str(rejection)
    assert 1 <= len(frames) <= MAX_FRAMES
    assert [frame.time_s for frame in frames] == sorted({frame.time_s for frame in frames})
    for frame in frames:
        height, width, channels = frame.rgb.shape
        assert channels == 3
        assert height * width <= 1.01 * KEPT_PIXELS
    return "frames"


def children_of(pid: int | None) -> list[str]:
    listed = subprocess.run(["ps", "-e", "-o", "ppid=,pid=,stat="], check=True, capture_output=True, text=True)
    return [line for line in listed.stdout.splitlines() if line.split()[0] == str(pid)]


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_the_undamaged_clips_are_decoded(kind: int, ours: Sandbox) -> None:
    assert outcome(whole(kind), ours) == "frames"


@pytest.mark.fuzz
@pytest.mark.parametrize("first", range(0, INPUTS, BATCH))
def test_a_damaged_clip_gives_frames_or_a_reason(
    first: int, ours: Sandbox, record_property: pytest.RecordProperty
) -> None:
    outcome(whole(0), ours)
    nursery, descriptors = ours.nursery_pid, len(list(Path("/dev/fd").iterdir()))
    outcomes = Counter(outcome(damaged(SEED + number), ours) for number in range(first, min(first + BATCH, INPUTS)))
    record_property("outcomes", dict(outcomes))
    assert "the clip made the decoder talk nonsense" not in outcomes
    assert ours.nursery_pid == nursery
    assert children_of(nursery) == []
    assert len(list(Path("/dev/fd").iterdir())) == descriptors
    assert outcome(whole(0), ours) == "frames"
