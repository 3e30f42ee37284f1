"""The students of a school or a course in a JSON file, for who has no `student_table` at hand.

Knows files; what a student is, `roster` knows. Written whole or not at all, and readable by its owner only.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from recognition.errors import StudentsError
from recognition.files import write_private
from recognition.roster import Student, from_row, to_row


def read_json(path: Path) -> object:
    """The JSON in a file that somebody wrote by hand. Raises `StudentsError` with the file's name."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StudentsError(f"{path}: cannot be read as JSON ({error})") from error


def read_students(path: Path) -> list[Student]:
    """The students in a JSON file, which holds a list of objects. Raises `StudentsError`."""
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise StudentsError(f"{path}: expected a list of students")
    try:
        students = [from_row(row) for row in rows]
    except StudentsError as error:
        raise StudentsError(f"{path}: {error}") from error
    if len({student.student_id for student in students}) != len(students):
        raise StudentsError(f"{path}: a student_id occurs twice")
    return students


def write_students(path: Path, students: Collection[Student]) -> None:
    """Write the students file, whole or not at all, readable by its owner only."""
    rows = [to_row(student) for student in students]
    write_private(path, (json.dumps(rows, indent=2, ensure_ascii=False) + "\n").encode())
