"""The demo's material: six clips of which five can be played, and photographs of two students."""

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import pytest
import sample_clips

from recognition.sections import DEFAULT


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("samples")
    sample_clips.make_samples(out)
    return out


def test_there_are_six_clips_and_each_has_an_expected_outcome(samples: Path) -> None:
    assert {path.name for path in (samples / "clips").iterdir()} == set(sample_clips.EXPECTED)
    assert len(sample_clips.EXPECTED) == 6


@pytest.mark.parametrize("name", sorted(set(sample_clips.EXPECTED) - {"truncated.mp4"}))
def test_a_whole_clip_plays_for_three_seconds(samples: Path, name: str) -> None:
    with av.open(str(samples / "clips" / name)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 1280, 720)
    assert frames == 45


def test_the_truncated_clip_cannot_be_opened(samples: Path) -> None:
    path = samples / "clips" / "truncated.mp4"
    assert path.stat().st_size > 10_000
    with pytest.raises(av.error.InvalidDataError):
        av.open(str(path))


def test_each_student_has_three_photographs_and_a_row(samples: Path) -> None:
    for student_id, row in sample_clips.STUDENTS.items():
        folder = samples / "photographs" / student_id
        assert len(list(folder.glob("*.jpg"))) == 3
        assert tuple(json.loads((folder / "student.json").read_text()).values()) == row


def test_with_sessions_every_clip_lies_in_one_of_the_section_that_the_students_are_in(tmp_path: Path) -> None:
    sample_clips.make_samples(tmp_path, sessions=True)
    clips = tmp_path / "clips"
    keys = [path.relative_to(clips).as_posix() for path in clips.rglob("*.mp4")]
    assert {key.rpartition("/")[2] for key in keys} == set(sample_clips.EXPECTED)
    assert {DEFAULT.session_of(key).section for key in keys} == {sample_clips.SECTION}
    assert {DEFAULT.session_of(key).name for key in keys} == set(sample_clips.SESSIONS)
    for student_id in sample_clips.STUDENTS:
        record = json.loads((tmp_path / "photographs" / student_id / "student.json").read_text())
        assert record["sections"] == [sample_clips.SECTION]


def test_the_same_pixels_are_made_on_every_run(samples: Path, tmp_path: Path) -> None:
    clip = tmp_path / "empty room.mp4"
    sample_clips.write_clip(clip, [])
    assert clip.read_bytes() == (samples / "clips" / clip.name).read_bytes()


def test_it_explains_itself() -> None:
    script = Path(sample_clips.__file__)
    said = subprocess.run([sys.executable, script, "-h"], capture_output=True, text=True, check=True, env=os.environ)
    assert "folder for photographs/ and clips/" in said.stdout
