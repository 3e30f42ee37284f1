"""The operator's own files: the gallery that keeps each photograph's embedding, and the students' rows.

One program at a time writes them: whoever holds the journal beside the gallery. The surprising rule: a school begins
without any, and what is not there is read as nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from recognition.enrolment.adding import without_student
from recognition.enrolment.journal import Journal, journal_of
from recognition.errors import SetupError
from recognition.files import require_place, write_private
from recognition.gallery import Gallery, make_gallery
from recognition.gallery_file import read_gallery, write_gallery
from recognition.roster import Student
from recognition.students_file import read_students, write_students


@dataclass(frozen=True, slots=True)
class OperatorFiles:
    """Where they lie."""

    gallery_file: Path
    students_file: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep everybody else from writing. Raises `EnrolmentError` where somebody is at it."""
        require_place(self.gallery_file)
        require_place(self.students_file)
        with ExitStack() as stack:
            try:
                journal = stack.enter_context(Journal(journal_of(self.gallery_file)))
            except OSError as error:
                raise SetupError(f"{self.gallery_file} cannot be written: {error.strerror}") from error
            try:
                yield
            finally:
                if not len(journal):
                    journal.remove()

    def gallery(self) -> Gallery:
        """The gallery; nobody's where there is no file. Raises `GalleryError` for a damaged one."""
        try:
            return read_gallery(self.gallery_file.read_bytes())
        except FileNotFoundError:
            return make_gallery({})
        except OSError as error:
            raise SetupError(f"{self.gallery_file} cannot be read: {error.strerror}") from error

    def students(self) -> list[Student]:
        """The rows; none where there is no file. Raises `StudentsError` for a damaged one."""
        return read_students(self.students_file) if self.students_file.exists() else []

    def keep(self, gallery: Gallery, students: Sequence[Student]) -> None:
        """Write both. Only while `held`."""
        write_private(self.gallery_file, write_gallery(gallery))
        write_students(self.students_file, students)

    def holds(self, student_id: str) -> dict[str, int]:
        """What both hold of a student: how many photographs' `templates`, and whether a `row`; only what there is."""
        gallery = self.gallery()
        counts = dict(zip(gallery.student_ids, gallery.photographs, strict=True))
        rows = sum(student.student_id == student_id for student in self.students())
        found = {"templates": counts.get(student_id, 0), "row": rows}
        return {what: count for what, count in found.items() if count}

    def take_out(self, student_id: str) -> dict[str, int]:
        """Take a student out of both; what they held. Raises `EnrolmentError` while somebody else holds them."""
        with self.held():
            found = self.holds(student_id)
            if "templates" in found:
                write_private(self.gallery_file, write_gallery(without_student(self.gallery(), student_id)))
            if "row" in found:
                rest = [student for student in self.students() if student.student_id != student_id]
                write_students(self.students_file, rest)
        return found
