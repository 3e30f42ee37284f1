"""Photographs to a gallery: a folder for each student, one face in each photograph.

A photograph with no face or with two would enrol the wrong person or nobody, a poor or a wrong one would spoil a
template: the gate refuses them, by name and with reason, every one that is wrong together. The surprising rule: what
is wrong with a photograph can depend on all the others, so that nothing is enrolled before everything was looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recognition.enrolment.gate import Gate, passes, refuse
from recognition.enrolment.judge import judge
from recognition.enrolment.looking import Memory, look_at_file
from recognition.enrolment.taken import Judged, Taken
from recognition.errors import EnrolmentError, StudentsError
from recognition.gallery import Gallery, make_gallery
from recognition.identify import Identifier
from recognition.photograph import Seen
from recognition.roster import Consent, Student, from_row
from recognition.students_file import read_json

STUDENT_FILE = "student.json"
NO_PHOTOGRAPHS = frozenset({STUDENT_FILE, "thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Folder:
    """One student's folder: the row, and the photographs in it."""

    student: Student
    photographs: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a run made: the gallery, the rows, and what was found of each photograph, enrolled or not."""

    gallery: Gallery
    students: tuple[Student, ...]
    judged: tuple[Judged, ...]


def read_folders(root: Path, consent: Consent | None) -> list[Folder]:
    """The students' folders under `root`, in order of name.

    `consent` is recorded for whoever has none in `student.json`. Everything visible in a folder counts as a photograph,
    whatever its name ends in. Raises `EnrolmentError` when there is nobody, `StudentsError` for a `student.json` that
    cannot be used.
    """
    if not root.is_dir():
        raise EnrolmentError(f"{root} is not a folder: expected a folder for each student with photographs in it")
    visible = (folder for folder in sorted(root.iterdir()) if folder.is_dir() and not folder.name.startswith("."))
    folders = [_read_folder(folder, consent) for folder in visible]
    if not folders:
        raise EnrolmentError(f"{root} holds no folders: expected one for each student with photographs in it")
    ids = (folder.student.student_id for folder in folders)
    if twice := sorted(student_id for student_id, count in Counter(ids).items() if count > 1):
        raise EnrolmentError(f"two folders give the same student_id: {', '.join(twice)}")
    return folders


def look_at_folders(
    folders: Iterable[Folder],
    identifier: Callable[[], Identifier],
    memory: Memory | None = None,
    done: Callable[[], None] = lambda: None,
) -> list[Taken]:
    """Look at every photograph that `memory` does not hold; `done` is called after each."""
    taken: list[Taken] = []
    for folder in folders:
        for path in folder.photographs:
            taken.append(look_at_file(folder.student.student_id, path, identifier, memory))
            done()
    return taken


def enrol(
    folders: Sequence[Folder],
    identifier: Identifier,
    *,
    gate: Gate = "refuse",
    skip_bad: bool = False,
    done: Callable[[], None] = lambda: None,
) -> Enrolment:
    """Look at every photograph, judge it and average each student's: `look_at_folders`, `judge` and `enrolled`."""
    judged = judge(look_at_folders(folders, lambda: identifier, done=done))
    return enrolled(folders, judged, gate=gate, skip_bad=skip_bad)


def enrolled(
    folders: Iterable[Folder], judged: Sequence[Judged], *, gate: Gate = "refuse", skip_bad: bool = False
) -> Enrolment:
    """The gallery of the photographs that pass the gate; with `skip_bad` the others are left out instead of refused.

    Raises `EnrolmentError` listing what is refused; a student left without any photograph is an error all the same.
    """
    students = tuple(folder.student for folder in folders)
    kept: dict[str, list[Seen]] = {student.student_id: [] for student in students}
    for each in judged:
        if passes(each, gate):
            kept[each.taken.student_id].append(each.taken.seen)
    refuse(judged, [student_id for student_id, seen in kept.items() if not seen], gate=gate, skip_bad=skip_bad)
    gallery = make_gallery(
        {
            student_id: [each.embedding for each in seen if each.embedding is not None]
            for student_id, seen in kept.items()
        },
        {student_id: [each.quality.score for each in seen if each.quality] for student_id, seen in kept.items()},
    )
    return Enrolment(gallery, students, tuple(judged))


def _read_folder(folder: Path, consent: Consent | None) -> Folder:
    photographs = tuple(
        sorted(
            path
            for path in folder.iterdir()
            if not path.name.startswith(".") and path.name.lower() not in NO_PHOTOGRAPHS
        )
    )
    row: dict[str, object] = {"student_id": folder.name, "name": folder.name}
    file = folder / STUDENT_FILE
    if file.exists():
        written = read_json(file)
        if not isinstance(written, dict):
            raise StudentsError(f"{file}: not a JSON object")
        row |= written
    try:
        student = from_row(row)
    except StudentsError as error:
        raise StudentsError(f"{folder}: {error}") from error
    return Folder(student if student.consent else replace(student, consent=consent), photographs)
