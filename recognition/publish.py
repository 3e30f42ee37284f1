"""Gallery and rows to a stage: the rows first, so that nobody is in the gallery before being on the roster.

Only students with a valid consent are published; the others' templates stay where they were enrolled.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recognition.gallery import Gallery
from recognition.roster import Student


class WritableRoster(Protocol):
    def write(self, students: Collection[Student]) -> None:
        """Put the students' rows, replacing those with the same id."""
        ...


class WritableGalleries(Protocol):
    def publish(self, gallery: Gallery) -> str:
        """Store the gallery and point at it. Returns its key."""
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """What was published, and which enrolled students were not: nobody with a valid consent stands behind them."""

    gallery: Gallery
    key: str
    left_out: tuple[str, ...]


def publish(
    gallery: Gallery,
    students: Collection[Student],
    now: datetime,
    *,
    roster: WritableRoster,
    galleries: WritableGalleries,
) -> Published:
    """Write the rows and publish the gallery of those who may be named at `now`."""
    consenting = {student.student_id for student in students if student.may_be_named(now)}
    public = gallery.restricted_to(consenting)
    roster.write(students)
    left_out = tuple(student_id for student_id in gallery.student_ids if student_id not in consenting)
    return Published(public, galleries.publish(public), left_out)
