"""Who may be named: students, their consent, their sections.

A student without valid consent is never named, whatever the gallery says. The row in `student_table` and the entry in
a students file have one shape, converted here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from decimal import Decimal

from recognition.errors import StudentsError

MAX_TEXT = 200
NOT_IN_AN_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters and line breaks: an id is shown on one line, in a terminal too."""


@dataclass(frozen=True, slots=True)
class Consent:
    """Who agreed to the recognition, when, until when (ISO 8601 with zone; None: until it is withdrawn), and where.

    `scope` are the sections it was given for; empty: all of them.
    """

    granted_by: str
    granted_at: str
    expires_at: str | None = None
    scope: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.granted_by.strip():
            raise StudentsError("a consent must say by whom it was granted")
        moment(self.granted_at)
        if self.expires_at is not None:
            moment(self.expires_at)

    def is_valid(self, now: datetime) -> bool:
        """Whether it was granted by `now` and has not expired."""
        return moment(self.granted_at) <= now and (self.expires_at is None or now < moment(self.expires_at))

    def covers(self, section: str) -> bool:
        """Whether it was given for `section` (empty: a clip of none)."""
        return not self.scope or section in self.scope


@dataclass(frozen=True, slots=True)
class Student:
    """A row of `student_table`: no pictures, no embeddings. `sections` are those on whose rosters the student is."""

    student_id: str
    name: str
    major: str
    year: str
    consent: Consent | None = None
    sections: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for label, text in (("student_id", self.student_id), ("name", self.name)):
            if not text.strip():
                raise StudentsError(f"student {self.student_id!r}: {label} is empty")
        if NOT_IN_AN_ID.search(self.student_id):
            raise StudentsError(
                f"student {self.student_id[:20]!r}: student_id holds a control character or a line break"
            )
        if max(map(len, (self.student_id, self.name, self.major, self.year))) > MAX_TEXT:
            raise StudentsError(f"student {self.student_id[:20]!r}: a field is longer than {MAX_TEXT} characters")
        if not all(each.strip() and len(each) <= MAX_TEXT and "/" not in each for each in self.sections):
            raise StudentsError(f"student {self.student_id!r}: a section is empty, too long or holds a slash")

    def may_be_enrolled(self, now: datetime) -> bool:
        """Whether a valid consent is on record, for whatever section."""
        return self.consent is not None and self.consent.is_valid(now)

    def may_be_named(self, now: datetime, section: str = "") -> bool:
        """Whether a valid consent is on record that covers `section` (empty: a clip of none)."""
        return self.consent is not None and self.consent.is_valid(now) and self.consent.covers(section)


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
    row["sections"] = list(student.sections)
    if student.consent:
        row["consent"] = _present({**row["consent"], "scope": list(student.consent.scope)})
    return _present(row)


def _present(row: Mapping[str, object]) -> dict[str, object]:
    """What says something: a row written before there were sections and scopes is written as it was."""
    return {name: value for name, value in row.items() if value is not None and value != []}


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
        sections=_texts(row, "sections"),
    )


def _consent(student_id: str, row: Mapping[str, object]) -> Consent:
    """Nothing is made up: a misspelt or missing part is an error, never a consent that says less or more."""
    if unknown := sorted(set(row) - {"granted_by", "granted_at", "expires_at", "scope"}):
        raise StudentsError(f"student {student_id!r}: consent has no field {', '.join(unknown)}")
    try:
        expires_at = _text(row, "expires_at") or None
        return Consent(_text(row, "granted_by"), _text(row, "granted_at"), expires_at, _texts(row, "scope"))
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


def _texts(row: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list of texts, each once; absent and null are empty."""
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise StudentsError(f"{name} is {type(value).__name__}, not a list of texts")
    return tuple(dict.fromkeys(_text({name: each}, name) for each in value))
