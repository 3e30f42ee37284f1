"""Photographs to a gallery, with the real models and public-domain faces."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recognition.enrol import enrol
from recognition.enrolment.folders import read_folders
from recognition.errors import EnrolmentError, StudentsError
from recognition.identify import Identifier
from recognition.photograph import read_photograph
from recognition.roster import Consent

CONSENT = Consent("office", "2026-09-01")


@pytest.fixture
def photographs(samples: Path, tmp_path: Path) -> Path:
    """A copy of the sample photographs that a test may spoil."""
    return Path(shutil.copytree(samples / "photographs", tmp_path / "photographs"))


def test_a_folder_for_each_student_becomes_a_gallery(photographs: Path, identifier: Identifier) -> None:
    done: list[None] = []
    made = enrol(read_folders(photographs, CONSENT), identifier, done=lambda: done.append(None))
    assert made.gallery.student_ids == ("eileen_collins", "grace_hopper")
    assert made.gallery.photographs == (3, 3)
    assert made.gallery.templates[0] @ made.gallery.templates[1] < made.gallery.threshold
    assert [student.name for student in made.students] == ["Eileen Collins", "Grace Hopper"]
    assert [student.consent for student in made.students] == [CONSENT, CONSENT]
    assert len(done) == 6  # photographs


def test_without_a_student_file_the_folders_name_is_id_and_name(photographs: Path) -> None:
    (photographs / "grace_hopper" / "student.json").unlink()
    hopper = read_folders(photographs, None)[1].student
    assert (hopper.student_id, hopper.name, hopper.consent) == ("grace_hopper", "grace_hopper", None)


def test_a_consent_on_record_is_kept(photographs: Path) -> None:
    file = photographs / "grace_hopper" / "student.json"
    mine = {"granted_by": "parents", "granted_at": "2025-09-01"}
    file.write_text(json.dumps(json.loads(file.read_text()) | {"consent": mine}))
    assert read_folders(photographs, CONSENT)[1].student.consent == Consent("parents", "2025-09-01")


def spoil(folder: Path, kind: str) -> None:
    first = Image.open(folder / "1.jpg").convert("RGB")
    wall = Image.new("RGB", first.size, (120, 130, 120))
    if kind == "no face":
        wall.save(folder / "4.jpg")
    elif kind == "2 faces":
        both = Image.new("RGB", (first.width * 2, first.height))
        both.paste(first, (0, 0))
        both.paste(first, (first.width, 0))
        both.save(folder / "4.jpg")
    else:
        (folder / "4.jpg").write_bytes(b"not a picture")


@pytest.mark.parametrize("kind", ["no face", "2 faces", "not a readable photograph"])
def test_a_bad_photograph_is_named_with_its_reason_and_nobody_is_enrolled(
    photographs: Path, identifier: Identifier, kind: str
) -> None:
    spoil(photographs / "grace_hopper", kind)
    with pytest.raises(EnrolmentError, match=rf"(?s)grace_hopper/4\.jpg: {kind}|grace_hopper/4\.jpg: .*{kind}"):
        enrol(read_folders(photographs, CONSENT), identifier)


def test_every_bad_photograph_is_listed_at_once(photographs: Path, identifier: Identifier) -> None:
    spoil(photographs / "grace_hopper", "no face")
    spoil(photographs / "eileen_collins", "2 faces")
    with pytest.raises(EnrolmentError) as caught:
        enrol(read_folders(photographs, CONSENT), identifier)
    assert "grace_hopper/4.jpg" in str(caught.value)
    assert "eileen_collins/4.jpg" in str(caught.value)


def test_bad_photographs_can_be_left_out(photographs: Path, identifier: Identifier) -> None:
    spoil(photographs / "grace_hopper", "no face")
    made = enrol(read_folders(photographs, CONSENT), identifier, skip_bad=True)
    assert made.gallery.photographs == (3, 3)
    assert [each.taken.photograph.name for each in made.judged if each.faults] == ["4.jpg"]


def test_a_student_left_without_a_photograph_stops_the_run_unless_bad_ones_are_skipped(
    photographs: Path, identifier: Identifier
) -> None:
    for path in (photographs / "grace_hopper").glob("*.jpg"):
        path.unlink()
    with pytest.raises(EnrolmentError, match="without a photograph: grace_hopper"):
        enrol(read_folders(photographs, CONSENT), identifier)
    made = enrol(read_folders(photographs, CONSENT), identifier, skip_bad=True)
    assert (made.gallery.student_ids, made.without) == (("eileen_collins",), ("grace_hopper",))
    assert [student.student_id for student in made.students] == ["eileen_collins", "grace_hopper"]
    for path in (photographs / "eileen_collins").glob("*.jpg"):
        path.unlink()
    with pytest.raises(EnrolmentError, match="without a photograph: eileen_collins, grace_hopper"):
        enrol(read_folders(photographs, CONSENT), identifier, skip_bad=True)


def test_hidden_folders_are_no_students(photographs: Path) -> None:
    (photographs / ".git").mkdir()
    assert [folder.student.student_id for folder in read_folders(photographs, None)] == [
        "eileen_collins",
        "grace_hopper",
    ]


def test_a_program_in_a_photographs_clothes_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")
    with pytest.raises(EnrolmentError, match="not a readable photograph"):
        read_photograph(tmp_path / "x.jpg")


def test_an_empty_folder_or_none_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(EnrolmentError, match="one for each student"):
        read_folders(tmp_path, None)
    with pytest.raises(EnrolmentError, match="not a folder"):
        read_folders(tmp_path / "nowhere", None)


def test_two_folders_of_one_student_are_refused(photographs: Path) -> None:
    file = photographs / "grace_hopper" / "student.json"
    file.write_text('{"student_id": "eileen_collins", "name": "x"}')
    with pytest.raises(EnrolmentError, match="same student_id: eileen_collins"):
        read_folders(photographs, None)


@pytest.mark.parametrize("content", ["{", "3", '"x"', "[]", '[["name", "x"]]', '{"name": 3.5}'])
def test_a_student_file_that_is_no_object_is_refused(photographs: Path, content: str) -> None:
    (photographs / "grace_hopper" / "student.json").write_text(content)
    with pytest.raises(StudentsError, match="grace_hopper"):
        read_folders(photographs, None)


def test_a_photograph_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert read_photograph(tmp_path / "turned.jpg").shape == (40, 20, 3)


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.zeros((100, 150, 3), np.uint8)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with pytest.raises(EnrolmentError, match="DecompressionBomb"):
        read_photograph(tmp_path / "bomb.png")
