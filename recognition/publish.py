"""Gallery and rows to a stage: the rows first, so that nobody is in the gallery before being on the roster.

Only students with a valid consent are published; the others' templates stay where they were enrolled.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from recognition.gallery import Gallery
from recognition.ports import Roster
from recognition.roster import Student


class WritableRoster(Roster, Protocol):
    def write(self, students: Collection[Student]) -> None:
        """Put the students' rows, replacing those with the same id."""
        ...


class WritableGalleries(Protocol):
    def publish(self, gallery: Gallery) -> str:
        """Store the gallery and point at it. Returns its key."""
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """What was published, and which enrolled students were not: nobody with a valid consent stands behind them.

    `withdrawn` are those whose row on the stage has no consent although the file has one.
    """

    gallery: Gallery
    key: str
    left_out: tuple[str, ...]
    withdrawn: tuple[str, ...]


def publish(
    gallery: Gallery,
    students: Collection[Student],
    now: datetime,
    *,
    roster: WritableRoster,
    galleries: WritableGalleries,
    renew_consent: bool = False,
) -> Published:
    """Write the rows and publish the gallery of those who may be named at `now`.

    A consent that is missing from the student's row on the stage was withdrawn there: an older file does not bring it
    back unless `renew_consent` says so.
    """
    there = {} if renew_consent else roster.students([student.student_id for student in students])
    withdrawn = tuple(
        student.student_id
        for student in students
        if student.consent and student.student_id in there and there[student.student_id].consent is None
    )
    students = [replace(student, consent=None) if student.student_id in withdrawn else student for student in students]
    consenting = {student.student_id for student in students if student.may_be_enrolled(now)}
    public = replace(gallery.restricted_to(consenting), sections=_rosters(gallery, students, now))
    roster.write(students)
    left_out = tuple(student_id for student_id in gallery.student_ids if student_id not in consenting)
    return Published(public, galleries.publish(public), left_out, withdrawn)


def _rosters(gallery: Gallery, students: Collection[Student], now: datetime) -> dict[str, tuple[str, ...]]:
    """For each section, who of its roster is in the gallery and may be named there. Nobody at all is a roster too."""
    enrolled = frozenset(gallery.student_ids)
    sections = sorted({section for student in students for section in student.sections})
    return {
        section: tuple(
            student.student_id
            for student in students
            if section in student.sections and student.student_id in enrolled and student.may_be_named(now, section)
        )
        for section in sections
    }
