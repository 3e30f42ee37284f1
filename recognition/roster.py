"""Who may be named: students, their consent, and the file they are kept in off the cloud.

A student without valid consent is never named, whatever the gallery says. The row in `student_table` and the entry in
a students file have one shape, converted here and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

from recognition.errors import StudentsError

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
    """The student in a mapping. `id` stands in for `student_id`, numbers for texts. Raises `StudentsError`."""
    consent = row.get("consent")
    if consent is not None and not isinstance(consent, Mapping):
        raise StudentsError(f"student {row.get('student_id')!r}: consent is not an object")
    return Student(
        student_id=str(row.get("student_id", row.get("id", ""))),
        name=str(row.get("name", "")),
        major=str(row.get("major", "")),
        year=str(row.get("year", "")),
        consent=_consent(consent) if consent else None,
    )


def _consent(row: Mapping[str, object]) -> Consent:
    expires_at = row.get("expires_at")
    return Consent(
        granted_by=str(row.get("granted_by", "")),
        granted_at=str(row.get("granted_at", "")),
        expires_at=None if expires_at is None else str(expires_at),
    )


def read_students(path: Path) -> list[Student]:
    """The students in a JSON file, which holds a list of objects. Raises `StudentsError`."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudentsError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise StudentsError(f"{path}: expected a list of students")
    students = [from_row(row) for row in rows]
    if len({student.student_id for student in students}) != len(students):
        raise StudentsError(f"{path}: a student_id occurs twice")
    return students


def write_students(path: Path, students: Collection[Student]) -> None:
    """Write the students file, readable by its owner only."""
    path.touch(mode=0o600)
    path.write_text(json.dumps([to_row(s) for s in students], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
