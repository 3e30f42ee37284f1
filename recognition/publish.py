"""Gallery and rows to a stage: the rows first, so that nobody is in the gallery before being on the roster.

Only students with a valid consent are published; the others' templates stay where they were enrolled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from recognition.erasure.erased import ErasedStudents, among
from recognition.gallery import Gallery
from recognition.ports import Roster
from recognition.roster import Consent, Student, moment


class WritableRoster(Roster, Protocol):
    def write(self, students: Collection[Student]) -> None:
        """Put the students' rows, replacing those with the same id."""
        ...

    def replace(self, pairs: Collection[tuple[Student, Student]]) -> None:
        """Put each first row instead of the second, which was read. Raises `StageChanged` when a consent changed."""
        ...

    def remove(self, student_id: str) -> None:
        """Delete a row, whether there is one or not."""
        ...


class WritableGalleries(Protocol):
    def tag(self) -> str:
        """What is published now; empty if nothing is."""
        ...

    def publish(self, gallery: Gallery, over: str | None = None) -> str:
        """Store the gallery and point at it, over what `tag` gave. Returns its key. Raises `StageChanged`."""
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """What was published, and which enrolled students were not: nobody with a valid consent stands behind them.

    `withdrawn` are those whose row on the stage has no consent although the file has one, `erased` those whom the stage
    has forgotten: of them not even a row is written.
    """

    gallery: Gallery
    key: str
    left_out: tuple[str, ...]
    withdrawn: tuple[str, ...]
    erased: tuple[str, ...] = ()


def publish(
    gallery: Gallery,
    students: Collection[Student],
    now: datetime,
    *,
    roster: WritableRoster,
    galleries: WritableGalleries,
    erased: ErasedStudents,
    renew_consent: bool = False,
) -> Published:
    """Write the rows and publish the gallery of those who may be named at `now`.

    A consent that is missing from the student's row on the stage was withdrawn there, one granted later has replaced
    the file's: an older file does not bring its own back unless `renew_consent` says so. Nor does it whoever was
    erased: only a new consent does (`consent import`).
    Raises `StageChanged` when somebody else publishes, withdraws or erases meanwhile.
    """
    over = galleries.tag()
    listed = [student.student_id for student in students]
    forgotten = among(listed, erased.digests())
    students = [student for student in students if student.student_id not in forgotten]
    there = {} if renew_consent else roster.students([student.student_id for student in students])
    withdrawn = tuple(
        student.student_id
        for student in students
        if student.consent and student.student_id in there and there[student.student_id].consent is None
    )
    students = [replace(each, consent=_consent(each, there.get(each.student_id))) for each in students]
    public = public_part(gallery, students, now)
    _write(students, there, roster)
    for student_id in among(listed, erased.digests()) - forgotten:
        roster.remove(student_id)  # whoever was erased since we looked has no row any more, and gets none
    told = forgotten.union(public.student_ids)
    left_out = tuple(each for each in gallery.student_ids if each not in told)
    return Published(public, galleries.publish(public, over), left_out, withdrawn, tuple(sorted(forgotten)))


def public_part(gallery: Gallery, students: Collection[Student], now: datetime) -> Gallery:
    """What of a gallery may be published: those of `students` with a valid consent, and the sections' rosters."""
    consenting = {student.student_id for student in students if student.may_be_enrolled(now)}
    return replace(gallery.restricted_to(consenting), sections=_rosters(gallery, students, now))


def _consent(student: Student, there: Student | None) -> Consent | None:
    """What counts of the file's consent and the row's: a withdrawal, else the one granted last."""
    if there is None or student.consent is None:
        return student.consent
    on_stage = there.consent
    later = on_stage is None or moment(on_stage.granted_at) > moment(student.consent.granted_at)
    return on_stage if later else student.consent


def _write(students: Collection[Student], there: Mapping[str, Student], roster: WritableRoster) -> None:
    """The new rows, and those that differ, these on condition: a consent may be withdrawn at this moment."""
    roster.write([student for student in students if student.student_id not in there])
    known = [(student, there[student.student_id]) for student in students if student.student_id in there]
    roster.replace([(student, before) for student, before in known if student != before])


def _rosters(gallery: Gallery, students: Collection[Student], now: datetime) -> dict[str, tuple[str, ...]]:
    """For each section, who of its roster is in the gallery and may be named there. Nobody at all is a roster too."""
    enrolled = frozenset(gallery.student_ids)
    rosters: dict[str, list[str]] = {section: [] for student in students for section in student.sections}
    for student in students:
        for section in student.sections if student.student_id in enrolled else ():
            if student.may_be_named(now, section):
                rosters[section].append(student.student_id)
    return {section: tuple(roster) for section, roster in sorted(rosters.items())}
