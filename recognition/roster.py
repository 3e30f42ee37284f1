"""Who may be named: students, their consent, and the file they are kept in off the cloud.

A student without valid consent is never named, whatever the gallery says. The row in `student_table` and the entry in
a students file have one shape, converted here and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from recognition.errors import StudentsError
from recognition.files import write_private

MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Consent:
    """Who agreed to the recognition, when, and until when (ISO 8601 with zone; None: until it is withdrawn)."""

    granted_by: str
    granted_at: str
    expires_at: str | None = None

    def __post_init__(self) -> None:
        if not self.granted_by.strip():
            raise StudentsError("a consent must say by whom it was granted")
        moment(self.granted_at)
        if self.expires_at is not None:
            moment(self.expires_at)

    def is_valid(self, now: datetime) -> bool:
        """Whether it was granted by `now` and has not expired."""
        return moment(self.granted_at) <= now and (self.expires_at is None or now < moment(self.expires_at))


@dataclass(frozen=True, slots=True)
class Student:
    """A row of `student_table`: no pictures, no embeddings."""

    student_id: str
    name: str
    major: str
    year: str
    consent: Consent | None = None

    def __post_init__(self) -> None:
        for label, text in (("student_id", self.student_id), ("name", self.name)):
            if not text.strip():
                raise StudentsError(f"student {self.student_id!r}: {label} is empty")
        if max(map(len, (self.student_id, self.name, self.major, self.year))) > MAX_TEXT:
            raise StudentsError(f"student {self.student_id[:20]!r}: a field is longer than {MAX_TEXT} characters")

    def may_be_named(self, now: datetime) -> bool:
        """Whether a valid consent is on record."""
        return self.consent is not None and self.consent.is_valid(now)


class Roster(Protocol):
    """Where students are looked up."""

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        """The rows there are among `student_ids`; whoever has none is left out."""
        ...


def moment(text: str) -> datetime:
    """An ISO 8601 date or time as an aware datetime; without a zone it is UTC. Raises `StudentsError`."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise StudentsError(f"{text!r} is not a date or time: write it as 2027-07-31") from error
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def to_row(student: Student) -> dict[str, object]:
    """The student as a plain mapping: an item of `student_table`, an entry of a students file."""
    row = asdict(student)
    return {name: value for name, value in row.items() if value is not None}


def from_row(row: Mapping[str, object]) -> Student:
    """The student in a mapping. `id` stands in for `student_id`, whole numbers for texts. Raises `StudentsError`."""
    student_id = _text(row, "student_id") or _text(row, "id")
    consent = row.get("consent")
    if consent is not None and not isinstance(consent, Mapping):
        raise StudentsError(f"student {student_id!r}: consent is not an object")
    return Student(
        student_id=student_id,
        name=_text(row, "name"),
        major=_text(row, "major"),
        year=_text(row, "year"),
        consent=_consent(student_id, consent) if consent is not None else None,
    )


def _consent(student_id: str, row: Mapping[str, object]) -> Consent:
    """Nothing is made up: a misspelt or missing part is an error, never a consent that says less or more."""
    if unknown := sorted(set(row) - {"granted_by", "granted_at", "expires_at"}):
        raise StudentsError(f"student {student_id!r}: consent has no field {', '.join(unknown)}")
    try:
        return Consent(_text(row, "granted_by"), _text(row, "granted_at"), _text(row, "expires_at") or None)
    except StudentsError as error:
        raise StudentsError(f"student {student_id!r}: {error}") from error


def _text(row: Mapping[str, object], name: str) -> str:
    """A text, or a whole number as one; absent and null are empty."""
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise StudentsError(f"{name} is {type(value).__name__}, not a text")
    text = str(value)
    if not text.isprintable() and any("\ud800" <= character <= "\udfff" for character in text):
        raise StudentsError(f"{name} holds half a character")
    return text


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
