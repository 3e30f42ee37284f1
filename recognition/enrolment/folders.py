"""A folder for each student: the photographs in it, and what its `student.json` says.

Knows files, looks at no photograph. The surprising rule: whatever is visible in a folder counts as a photograph,
however its name ends, so that nothing that somebody meant to be enrolled is passed over in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from recognition.errors import EnrolmentError, StudentsError
from recognition.roster import Consent, Student, from_row
from recognition.students_file import read_json

STUDENT_FILE = "student.json"
NO_PHOTOGRAPHS = frozenset({STUDENT_FILE, "thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Found:
    """A folder as it lies there; `told` is what is in its `student.json`, nothing without one."""

    path: Path
    told: Mapping[str, object]
    photographs: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Folder:
    """One student's folder: the row, and the photographs in it."""

    student: Student
    photographs: tuple[Path, ...]


def find_folders(root: Path) -> list[Found]:
    """The visible folders under `root`, in order of name.

    Raises `EnrolmentError` when there is none, `StudentsError` for a `student.json` that is no JSON object.
    """
    if not root.is_dir():
        raise EnrolmentError(f"{root} is not a folder: expected a folder for each student with photographs in it")
    visible = (folder for folder in sorted(root.iterdir()) if folder.is_dir() and not folder.name.startswith("."))
    found = [_found(folder) for folder in visible]
    if not found:
        raise EnrolmentError(f"{root} holds no folders: expected one for each student with photographs in it")
    return found


def read_folders(root: Path, consent: Consent | None) -> list[Folder]:
    """The students' folders under `root`, each named by the student's id unless its `student.json` says another.

    `consent` is recorded for whoever has none there. Raises `EnrolmentError` when there is nobody, `StudentsError` for
    a `student.json` that cannot be used.
    """
    folders = []
    for found in find_folders(root):
        try:
            student = from_row({"student_id": found.path.name, "name": found.path.name, **found.told})
        except StudentsError as error:
            raise StudentsError(f"{found.path}: {error}") from error
        folders.append(Folder(student if student.consent else replace(student, consent=consent), found.photographs))
    ids = (folder.student.student_id for folder in folders)
    if twice := sorted(student_id for student_id, count in Counter(ids).items() if count > 1):
        raise EnrolmentError(f"two folders give the same student_id: {', '.join(twice)}")
    return folders


def _found(folder: Path) -> Found:
    photographs = tuple(
        sorted(
            path
            for path in folder.iterdir()
            if not path.name.startswith(".") and path.name.lower() not in NO_PHOTOGRAPHS
        )
    )
    file = folder / STUDENT_FILE
    told = read_json(file) if file.exists() else {}
    if not isinstance(told, dict):
        raise StudentsError(f"{file}: not a JSON object")
    return Found(folder, told, photographs)
