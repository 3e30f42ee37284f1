"""Gallery and rows to a stage: the rows first, so that nobody is in the gallery before being on the roster.

Only students with a valid consent are published; the others' templates stay where they were enrolled. The surprising
rule: what the stage has of a student stays as it is, because an import there is newer than a file that lies about.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from recognition.erasure.erased import ErasedStudents, among
from recognition.errors import GalleryError
from recognition.gallery import Gallery
from recognition.one_line import one_line
from recognition.ports import Roster
from recognition.prevailing import prevailing, says_otherwise
from recognition.roster import Student

TOLD = 10
"""Students named where many may be meant."""


class WritableRoster(Roster, Protocol):
    def write(self, students: Collection[Student]) -> None:
        """Put the students' rows, replacing those with the same id."""
        ...

    def replace(self, pairs: Collection[tuple[Student, Student]]) -> None:
        """Put each first row instead of the second, which was read. Raises `StageChanged` when one changed."""
        ...

    def remove(self, student_id: str) -> None:
        """Delete a row, whether there is one or not."""
        ...


class WritableGalleries(Protocol):
    def current(self) -> Gallery:
        """The published gallery. Raises `GalleryError` when there is none to use."""
        ...

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
    has forgotten: of them not even a row is written. `kept` are those of whom the file says something else than the
    stage, which has the say.
    """

    gallery: Gallery
    key: str
    left_out: tuple[str, ...]
    withdrawn: tuple[str, ...]
    erased: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def publish(
    gallery: Gallery,
    students: Collection[Student],
    now: datetime,
    *,
    roster: WritableRoster,
    galleries: WritableGalleries,
    erased: ErasedStudents,
    drop: bool = False,
) -> Published:
    """Write the rows and publish the gallery of those who may be named at `now`.

    Of a student who has a row on the stage, that counts and not the file's, as `prevailing` has it: an older file
    brings neither a withdrawn consent back nor earlier sections, and whoever was erased not at all. Only
    `consent import` does.
    Raises `StageChanged` when somebody else publishes, withdraws or erases meanwhile, and, unless `drop` says so,
    `GalleryError` for a gallery that lacks somebody who is published: nothing is written then.
    """
    over = galleries.tag()
    if not drop:
        _refuse_to_drop(gallery, galleries)
    listed = [student.student_id for student in students]
    forgotten = among(listed, erased.digests())
    students = [student for student in students if student.student_id not in forgotten]
    there = roster.students([student.student_id for student in students])
    withdrawn = tuple(
        student.student_id
        for student in students
        if student.consent and student.student_id in there and there[student.student_id].consent is None
    )
    rows = [prevailing(each, there.get(each.student_id), now) for each in students]
    both = [(file, row) for file, row in zip(students, rows, strict=True) if file.student_id not in withdrawn]
    kept = tuple(row.student_id for file, row in both if says_otherwise(file, row))
    public = public_part(gallery, rows, now)
    _write(rows, there, roster)
    for student_id in among(listed, erased.digests()) - forgotten:
        roster.remove(student_id)  # whoever was erased since we looked has no row any more, and gets none
    told = forgotten.union(public.student_ids)
    left_out = tuple(each for each in gallery.student_ids if each not in told)
    key = galleries.publish(public, over)
    return Published(public, key, left_out, withdrawn, tuple(sorted(forgotten)), kept)


def public_part(gallery: Gallery, students: Collection[Student], now: datetime) -> Gallery:
    """What of a gallery may be published: those of `students` with a valid consent, and the sections' rosters."""
    consenting = {student.student_id for student in students if student.may_be_enrolled(now)}
    return replace(gallery.restricted_to(consenting), sections=_rosters(gallery, students, now))


def whom_it_drops(gallery: Gallery, galleries: WritableGalleries) -> list[str]:
    """Who is published and not in `gallery`, and so would be recognised no longer."""
    try:
        published = galleries.current()
    except GalleryError:  # none, a damaged one, or another model's: nobody can be taken away
        return []
    held = frozenset(gallery.student_ids)
    return [each for each in published.student_ids if each not in held]


def _refuse_to_drop(gallery: Gallery, galleries: WritableGalleries) -> None:
    if gone := whom_it_drops(gallery, galleries):
        others = f" and {len(gone) - TOLD} more" if len(gone) > TOLD else ""
        raise GalleryError(
            f"nothing was published: {len(gone)} student(s) who are published are not in this gallery: "
            f"{one_line(', '.join(gone[:TOLD]))}{others}. Enrol everybody into one gallery; or, if they are to be "
            "recognised no longer, run `python -m recognition publish --drop`"
        )


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
