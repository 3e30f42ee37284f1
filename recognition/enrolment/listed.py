"""A list of students and their folders of photographs: what belongs together, and what has no counterpart.

Pure. The surprising rule: a folder that is on no line is refused, because a slip in its name would enrol somebody
under a made-up id; a line without photographs is taken, because that student is on the section's roster all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from recognition.enrolment.folders import STUDENT_FILE, Folder, Found
from recognition.errors import EnrolmentError, StudentsError
from recognition.register import student_of
from recognition.roster import Consent, Student
from recognition.students_csv import Line


@dataclass(frozen=True, slots=True)
class Listed:
    """Who is to be enrolled, from which photographs, in order of the folders' names, and whose row is all there is;
    `told` says of each of those what to do."""

    folders: tuple[Folder, ...]
    without_photographs: tuple[Student, ...] = ()
    told: tuple[str, ...] = ()


def listed(root: Path, found: Sequence[Found], lines: Sequence[Line], consent: Consent | None, now: datetime) -> Listed:
    """Each line with its folder under `root`: the one its cell `folder` names, else the one called as the id is, else
    the one whose `student.json` gives the id.

    What the line tells goes before `student.json`; an empty cell leaves what is there. `consent` is recorded for
    whoever has none in either. Raises `StudentsError` telling every line and folder that cannot be used,
    `EnrolmentError` when no line has photographs.
    """
    faults, folder_of = _matched(found, lines)
    folders: list[Folder] = []
    without: list[tuple[Student, str]] = []
    for line in lines:
        folder = folder_of.get(line.student_id)
        try:
            student = student_of(line, folder.told if folder else {}, now)
        except StudentsError as error:
            faults.append(f"line {line.number}: {error}")
            continue
        student = student if student.consent else replace(student, consent=consent)
        if folder and folder.photographs:
            folders.append(Folder(student, folder.photographs))
        else:
            without.append((student, _advice(root, line)))
    if faults:
        raise StudentsError("\n".join(["nobody was enrolled:", *(f"  {fault}" for fault in faults)]))
    if not folders:
        raise EnrolmentError(f"no student of the list has photographs in {root}")
    folders.sort(key=lambda folder: folder.photographs[0].parent)
    return Listed(tuple(folders), tuple(student for student, _ in without), tuple(advice for _, advice in without))


def _matched(found: Sequence[Found], lines: Sequence[Line]) -> tuple[list[str], Mapping[str, Found]]:
    """What is wrong with lines and folders together, and each listed student's folder."""
    faults: list[str] = []
    by_name: dict[str, Line] = {}
    for line in lines:
        if (first := by_name.setdefault(_folder_name(line), line)) is not line:
            faults.append(f"line {line.number}: folder {_folder_name(line)!r} is that of line {first.number}, too")
    by_id = {line.student_id: line for line in lines}
    matched: dict[str, Found] = {}
    for each in found:
        own = str(each.told.get("student_id") or each.told.get("id") or "")
        owner = by_name.get(each.path.name) or by_id.get(own)
        if owner is None:
            faults.append(f"folder {str(each.path)!r} is on no line: add one, correct its name, or move it away")
        elif own and own != owner.student_id:
            said = f"{str(each.path / STUDENT_FILE)!r} says {own!r}: correct one of them"
            faults.append(f"line {owner.number}: student {owner.student_id!r}, but {said}")
        elif (there := matched.setdefault(owner.student_id, each)) is not each:
            faults.append(f"line {owner.number}: two folders are its: {str(there.path)!r} and {str(each.path)!r}")
    return faults, matched


def _folder_name(line: Line) -> str:
    return str(line.told.get("folder", line.student_id))


def _advice(root: Path, line: Line) -> str:
    """What to do about a line without photographs."""
    name = _folder_name(line)
    says = f"line {line.number}: student {line.student_id!r} has no photographs"
    if "/" in name or name.startswith("."):
        return f"{says}: no folder can be called {name!r}; name another one in a column `folder`"
    return f"{says}: put them into {str(root / name)!r}, or name their folder in a column `folder`, and enrol again"
