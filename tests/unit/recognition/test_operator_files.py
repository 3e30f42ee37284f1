"""The operator's gallery and students' file: a student taken out of them, and nobody else touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from recognition.enrolment.adding import without_student
from recognition.enrolment.files import OperatorFiles
from recognition.enrolment.journal import Journal, journal_of
from recognition.errors import EnrolmentError, GalleryError, SetupError
from recognition.gallery import make_gallery
from recognition.photograph import Seen
from recognition.threshold import fitted_threshold
from tests.decided import student
from tests.people import direction, gallery_of

ADA, BOB = student("a", "Ada"), student("b", "Bob")


@pytest.fixture
def files(tmp_path: Path) -> OperatorFiles:
    return OperatorFiles(tmp_path / "gallery.npz", tmp_path / "students.json")


def test_a_school_begins_with_nobody(files: OperatorFiles) -> None:
    assert (files.gallery().student_ids, files.students(), files.holds("a")) == ((), [], {})


def test_who_is_taken_out_leaves_the_others_as_they_were(files: OperatorFiles) -> None:
    gallery = make_gallery({"a": [direction(0)] * 3, "b": [direction(1)] * 2}, {"a": [0.1] * 3, "b": [0.5, 0.6]})
    files.keep(gallery, [ADA, BOB])
    assert files.take_out("a") == {"templates": 3, "row": 1}
    rest = files.gallery()
    assert (rest.student_ids, rest.photographs, files.students()) == (("b",), (2,), [BOB])
    assert rest.enrolled is not None
    assert rest.enrolled.qualities.tolist() == [0.5, 0.6]
    assert files.take_out("a") == {}
    assert files.gallery_file.stat().st_mode & 0o777 == 0o600


def test_the_last_one_leaves_an_empty_gallery_that_begins_anew(files: OperatorFiles) -> None:
    files.keep(replace(gallery_of("a"), threshold=0.8, threshold_from="calibrated"), [ADA])
    files.take_out("a")
    assert (files.gallery().student_ids, files.gallery().threshold_from) == ((), "fitted")


def test_a_calibrated_threshold_moves_by_the_formula() -> None:
    before = replace(gallery_of("a", "b"), threshold=0.9, threshold_from="calibrated", fpir=0.05)
    after = without_student(before, "b")
    assert after.threshold == pytest.approx(0.9 + fitted_threshold([3]) - fitted_threshold([3, 3]), abs=1e-4)
    assert (after.threshold_from, after.fpir) == ("calibrated", 0.05)


def test_a_gallery_without_photographs_loses_the_student_too(files: OperatorFiles) -> None:
    files.keep(replace(gallery_of("a", "b"), enrolled=None), [ADA, BOB])
    assert files.take_out("a") == {"templates": 3, "row": 1}
    assert files.gallery().student_ids == ("b",)


def test_one_at_a_time_holds_them(files: OperatorFiles) -> None:
    files.keep(gallery_of("a"), [ADA])
    with Journal(journal_of(files.gallery_file)), pytest.raises(EnrolmentError, match="another enrolment"):
        files.take_out("a")
    with files.held(), pytest.raises(EnrolmentError, match="another enrolment"), files.held():
        pass
    assert not journal_of(files.gallery_file).exists()


def test_an_unfinished_enrolments_journal_is_left(files: OperatorFiles) -> None:
    with Journal(journal_of(files.gallery_file)) as journal:
        journal.put("digest", Seen((1, 1)))
    with files.held():
        pass
    assert journal_of(files.gallery_file).exists()


def test_places_that_cannot_be_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no folder"), OperatorFiles(tmp_path / "no" / "g", tmp_path / "s").held():
        pass
    with pytest.raises(SetupError, match="is a folder"), OperatorFiles(tmp_path / "g", tmp_path).held():
        pass
    (tmp_path / "g").write_bytes(b"nonsense")
    with pytest.raises(GalleryError):
        OperatorFiles(tmp_path / "g", tmp_path / "s").gallery()
