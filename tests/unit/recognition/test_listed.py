"""A list of students and folders of photographs: who belongs to whom, and every one that has no counterpart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import pytest

from recognition.enrolment.folders import Found
from recognition.enrolment.listed import Listed, listed
from recognition.errors import EnrolmentError, StudentsError
from recognition.roster import Consent, Student
from recognition.students_csv import Line

ROOT = Path("photographs")
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
OFFICE = Consent("office", "2026-09-01")
ADA = Line(2, "7", {"name": "Ada", "major": "art", "sections": ["cse546"]})


def folder(name: str, told: Mapping[str, object] | None = None, *, photographs: int = 1) -> Found:
    path = ROOT / name
    return Found(path, told or {}, tuple(path / f"{number}.jpg" for number in range(photographs)))


def join(found: list[Found], lines: list[Line], consent: Consent | None = None) -> Listed:
    return listed(ROOT, found, lines, consent, NOW)


def refused(found: list[Found], lines: list[Line]) -> str:
    with pytest.raises(StudentsError) as caught:
        join(found, lines)
    return str(caught.value)


def test_a_folder_gets_the_row_of_the_line_with_its_name() -> None:
    joined = join([folder("7", photographs=2)], [ADA], OFFICE)
    assert joined.folders[0].student == Student("7", "Ada", "art", "", OFFICE, ("cse546",))
    assert joined.folders[0].photographs == (ROOT / "7" / "0.jpg", ROOT / "7" / "1.jpg")
    assert (joined.without_photographs, joined.told) == ((), ())


def test_the_line_goes_before_the_students_own_file_but_for_its_empty_cells() -> None:
    file = {"name": "Ann", "year": "3", "consent": {"granted_by": "parents", "granted_at": "2026-01-01"}}
    (joined,) = join([folder("7", file)], [ADA], OFFICE).folders
    assert joined.student == Student("7", "Ada", "art", "3", Consent("parents", "2026-01-01"), ("cse546",))
    renewed = Line(2, "7", {"name": "Ada", "granted_by": "herself", "expires_at": "2027-07-31"})
    (joined,) = join([folder("7", file)], [renewed], OFFICE).folders
    assert joined.student.consent == Consent("herself", NOW.isoformat(), "2027-07-31")


@pytest.mark.parametrize(
    ("found", "line"),
    [
        pytest.param(folder("ada"), Line(2, "7/b", {"name": "Ada", "folder": "ada"}), id="in the line's cell"),
        pytest.param(folder("ada", {"student_id": "7/b"}), Line(2, "7/b", {"name": "Ada"}), id="in student.json"),
        pytest.param(folder("ada", {"id": 7}), Line(2, "7", {"name": "Ada"}), id="as a number in student.json"),
    ],
)
def test_a_folder_that_is_not_called_as_the_id_is_can_be_named(found: Found, line: Line) -> None:
    (joined,) = join([found], [line]).folders
    assert joined.student.student_id == line.student_id


@pytest.mark.parametrize("others", [[], [folder("8", photographs=0)]])
def test_a_line_without_photographs_is_taken_and_told(others: list[Found]) -> None:
    joined = join([folder("7"), *others], [ADA, Line(3, "8", {"name": "Bob", "sections": ["cse546"]})], OFFICE)
    assert [each.student.student_id for each in joined.folders] == ["7"]
    assert joined.without_photographs == (Student("8", "Bob", "", "", OFFICE, ("cse546",)),)
    (told,) = joined.told
    assert told.startswith("line 3: student '8' has no photographs: put them into 'photographs/8'")


@pytest.mark.parametrize("student_id", ["8/c", ".8", ".."])
def test_an_id_that_no_folder_can_have_is_told_with_what_to_do(student_id: str) -> None:
    (told,) = join([folder("7")], [ADA, Line(3, student_id, {"name": "Bob"})]).told
    assert told.endswith(f"no folder can be called '{student_id}'; name another one in a column `folder`")


def test_an_id_with_a_comma_may_be_a_folders_name() -> None:
    (joined,) = join([folder("7,b")], [Line(2, "7,b", {"name": "Ada"})]).folders
    assert joined.student.student_id == "7,b"


def test_every_folder_and_line_that_cannot_be_used_is_told_at_once() -> None:
    lines = [
        ADA,
        Line(3, "8", {"folder": "b"}),
        Line(4, "9", {"name": "Cyd", "folder": "b"}),
        Line(5, "10", {"name": "Dan", "expires_at": "2027-01-01"}),
        Line(6, "11", {"name": "Eve", "sections": ["a/b"]}),
        Line(7, "12", {"name": "Fay"}),
        Line(8, "13", {"name": "Gus"}),
    ]
    found = [folder("7"), folder("7x"), folder("12", {"student_id": "99"}), folder("13"), folder("g", {"id": "13"})]
    told = refused(found, lines)
    for each in (
        "line 4: folder 'b' is that of line 3, too",
        "folder 'photographs/7x' is on no line: add one, correct its name, or move it away",
        "line 7: student '12', but 'photographs/12/student.json' says '99': correct one of them",
        "line 8: two folders are its: 'photographs/13' and 'photographs/g'",
        "line 3: student '8': name is empty",
        "line 5: student '10': a consent must say by whom",
        "line 6: student '11': a section",
    ):
        assert each in told
    assert len(re.findall("\n", told)) == 7


def test_a_list_none_of_whose_students_has_photographs_enrols_nobody() -> None:
    with pytest.raises(EnrolmentError, match="no student of the list has photographs in photographs"):
        join([folder("7", photographs=0)], [ADA])
