"""What a person says of a face, and what the face is then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recognition.correct import correction_of, proposals
from recognition.corrections import Correction, Says, judged, read_correction, write_correction
from recognition.errors import RecognitionError, SetupError
from tests.decided import NOW, correction, face, finished, standing, student

ADA, STRANGER = face(1, "a"), face(2)


@pytest.mark.parametrize(
    ("said", "student_id", "answer", "by"),
    [
        ([], "a", "identified", ""),
        ([("is", "b")], "b", "identified", "1"),
        ([("is unknown", None)], None, "unknown", "1"),
        ([("is not", "a")], None, "unknown", "1"),
        ([("is not", "b")], "a", "identified", ""),
        ([("is", "b"), ("is not", "b")], None, "unknown", "2"),
        ([("is unknown", None), ("is", "c")], "c", "identified", "2"),
        ([("is", "c"), ("is", "b"), ("is", "a")], "a", "identified", "3"),
    ],
)
def test_the_latest_word_on_a_face_counts(
    said: list[tuple[Says, str | None]], student_id: str | None, answer: str, by: str
) -> None:
    corrections = [correction(ADA, says, whom, by=str(n)) for n, (says, whom) in enumerate(said, start=1)]
    (found,) = judged([ADA], corrections).faces
    assert (found.student_id, found.answer, found.corrected_by) == (student_id, answer, by)
    assert found.decided == ADA


def test_who_is_perhaps_a_student_is_so_for_sure_when_a_person_says_it() -> None:
    perhaps = face(1, "a", "uncertain")
    (found,) = judged([perhaps], [correction(perhaps, "is", "a")]).faces
    assert found.answer == "identified"


def test_a_correction_is_of_one_face_only() -> None:
    first, second = judged([ADA, STRANGER], [correction(STRANGER, "is", "b")]).faces
    assert (first.student_id, second.student_id) == ("a", "b")


def test_a_rerun_that_numbers_the_faces_otherwise_keeps_a_correction_at_its_face() -> None:
    renumbered = [replace(STRANGER, face=1), replace(ADA, face=2, box=(203, 98, 301, 201))]
    stranger, ada = judged(renumbered, [correction(ADA, "is", "b")]).faces
    assert (stranger.student_id, ada.student_id) == (None, "b")


@pytest.mark.parametrize(
    "moved",
    [face(1, "a", box=(500, 100, 599, 199)), face(1, "a", first_seen_s=3.0)],
    ids=["another place", "another moment"],
)
def test_a_correction_whose_face_is_not_found_again_is_told_and_moves_to_no_other(moved: object) -> None:
    said = correction(ADA, "is", "b")
    found = judged([moved], [said])  # type: ignore[list-item]
    assert found.gone == (said,)
    assert found.faces[0].student_id == "a"


def test_of_two_faces_in_reach_the_nearer_one_is_meant() -> None:
    near, nearer = face(1, "a", first_seen_s=1.1, box=(220, 100, 319, 199)), face(2, "c", first_seen_s=1.0, box=ADA.box)
    first, second = judged([near, nearer], [correction(ADA, "is", "b")]).faces
    assert (first.student_id, second.student_id) == ("a", "b")


def test_a_correction_comes_back_as_it_was() -> None:
    said = correction(ADA, "is", "x, y/é")
    assert read_correction(write_correction(said)) == said


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"box": [1]}', '{"box": 1}'])
def test_a_correction_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(RecognitionError, match="cannot be read"):
        read_correction(text)


@pytest.mark.parametrize(
    "other",
    [{"says": "is", "student_id": None}, {"says": "is unknown"}, {"says": "perhaps"}, {"by": " "}, {"by": "x" * 201}],
)
def test_a_correction_that_contradicts_itself_is_refused(other: dict[str, str]) -> None:
    fields = {"says": "is", "by": "me", "student_id": "a", **other}
    with pytest.raises(SetupError, match="a correction says"):
        Correction(1, 0.0, (0, 0, 9, 9), at=0.0, **fields)  # type: ignore[arg-type]


def test_a_correction_remembers_the_faces_place_who_said_it_and_when() -> None:
    said = correction_of(finished(ADA, STRANGER), standing("a", "b"), 2, "is", "b", "Prof. Noether")
    assert (said.face, said.second, said.box) == (2, STRANGER.first_seen_s, STRANGER.box)
    assert (said.by, said.at) == ("Prof. Noether", NOW.timestamp())


@pytest.mark.parametrize(
    ("number", "says", "student_id", "reason"),
    [
        (3, "is", "b", "its faces are: 1, 2"),
        (1, "is", "nobody", "no row, or no consent"),
        (1, "is", "d", "record the consent first"),
        (1, "is not", "b", "is not taken for 'b'"),
    ],
)
def test_a_correction_that_cannot_be_meant_is_refused(number: int, says: Says, student_id: str, reason: str) -> None:
    rows = {"a": student("a", "Ada"), "b": student("b", "Bob"), "d": student("d", "Dan", consent=None)}
    with pytest.raises(SetupError, match=reason):
        correction_of(finished(ADA, STRANGER), standing(rows=rows), number, says, student_id, "me")


def test_a_clip_that_was_not_looked_at_has_no_face_to_correct() -> None:
    with pytest.raises(SetupError, match="its faces are: none"):
        correction_of(finished(outcome="rejected"), standing(), 1, "is unknown", None, "me")


def test_only_faces_that_a_person_named_are_proposed_as_photographs_and_only_of_who_consents() -> None:
    said = [correction(STRANGER, "is", "b"), correction(face(3), "is", "d"), correction(face(4), "is unknown")]
    rows = {"b": student("b", "Bob"), "d": student("d", "Dan", consent=None)}
    older = finished(STRANGER, sequencer="00", corrections=[correction(STRANGER, "is", "b")])
    version = finished(ADA, STRANGER, face(3), face(4), corrections=said)
    (proposed,) = proposals([older, version], standing(rows=rows))
    assert (proposed.student_id, proposed.name, proposed.box) == ("b", "Bob", STRANGER.box)
    assert proposed.upload == version.upload
