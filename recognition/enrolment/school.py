"""A student's photographs to the operator's files, and what these hold to the stage.

Knows no photograph's file and no cloud. The surprising rule: nobody's row but the student's own is changed. What the
stage says of the others is newer than a file, so that their rows are published as the stage has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from recognition.contended import until_unchanged
from recognition.enrolment.adding import photographs_of, with_photographs
from recognition.enrolment.files import OperatorFiles
from recognition.enrolment.gate import passes
from recognition.enrolment.judge import judge
from recognition.enrolment.taken import Judged, Known, Taken, known_from
from recognition.erasure.erased import ErasedStudents
from recognition.errors import EnrolmentError
from recognition.gallery import Gallery
from recognition.publish import Published, WritableGalleries, WritableRoster, publish, whom_it_drops
from recognition.register import registered
from recognition.roster import Student
from recognition.students_csv import Line


@dataclass(frozen=True, slots=True)
class Added:
    """What came of it: the student's row, and how many photographs are in the gallery's file now besides."""

    student: Student
    photographs: int


@dataclass(frozen=True, slots=True)
class School:
    """The operator's files and the stage that they are published to. `clock` gives the time with its zone."""

    files: OperatorFiles
    roster: WritableRoster
    galleries: WritableGalleries
    erased: ErasedStudents
    clock: Callable[[], datetime]

    def look_ahead(self, line: Line) -> Student:
        """The row that `line` comes to, with nothing written. Raises `StudentsError` where it cannot be used."""
        there = self.roster.students([line.student_id]).get(line.student_id)
        return registered(line, there, self.erased.of(line.student_id), self.clock())

    def record(self, line: Line) -> Student:
        """Write the row that `line` comes to. Raises `StudentsError`, and `StageChanged` where it has just changed."""
        there = self.roster.students([line.student_id]).get(line.student_id)
        noted = self.erased.of(line.student_id)
        student = registered(line, there, noted, self.clock())
        if there is None:
            self.roster.write([student])
            if noted:
                self.erased.lift(line.student_id)  # a new consent is a new beginning
        elif student != there:
            self.roster.replace([(student, there)])
        return student

    def add(self, line: Line, taken: Sequence[Taken], accepted: frozenset[Path]) -> Added:
        """Record the student's row with its consent, and add those photographs that pass to the files.

        They are judged anew, for somebody may have enrolled meanwhile. Raises `EnrolmentError` when none passes, or
        somebody else is enrolling, before anything is written. `publish` comes afterwards.
        """
        with self.files.held():
            gallery = self.files.gallery()
            self._refuse_to_drop(gallery)
            judged = judge_beside(gallery, taken, accepted)
            kept = [each.taken.seen for each in judged if passes(each, "refuse")]
            if not kept:
                raise EnrolmentError("none of the photographs can be enrolled as they are: nothing was changed")
            student = self.record(line)
            added = with_photographs(gallery, line.student_id, kept)
            self.files.keep(added, with_row(self.files.students(), student))
            return Added(student, len(kept))

    def publish(self) -> Published:
        """Publish what the files hold. Raises `EnrolmentError` where that would take people away."""
        with self.files.held():
            self._refuse_to_drop(self.files.gallery())
            return until_unchanged(self._publish)

    def _publish(self) -> Published:
        gallery, listed = self.files.gallery(), {each.student_id: each for each in self.files.students()}
        rows = {**listed, **self.roster.students({*listed, *gallery.student_ids})}
        return publish(
            gallery,
            list(rows.values()),
            self.clock(),
            roster=self.roster,
            galleries=self.galleries,
            erased=self.erased,
        )

    def _refuse_to_drop(self, gallery: Gallery) -> None:
        """The file of another machine, or none, must not take those away who were published from elsewhere."""
        if missing := whom_it_drops(gallery, self.galleries):
            raise EnrolmentError(
                f"the published gallery holds {len(missing)} student(s) who are not in {self.files.gallery_file}, and "
                "would lose them: bring the gallery's and the students' file here that they were published from "
                "(GALLERY_FILE, STUDENTS_FILE)"
            )


def judge_beside(gallery: Gallery, taken: Sequence[Taken], accepted: frozenset[Path] = frozenset()) -> list[Judged]:
    """Judge one student's new photographs against what is enrolled. Raises `EnrolmentError` as `photographs_of`."""
    enrolled = photographs_of(gallery)
    return judge(taken, known_from(gallery, enrolled) if gallery.student_ids else Known(), accepted)


def with_row(students: Sequence[Student], row: Student) -> list[Student]:
    """The rows with this one, instead of the student's earlier one if there is any."""
    return [*(each for each in students if each.student_id != row.student_id), row]
