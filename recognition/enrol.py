"""Photographs to a gallery: a folder for each student, one face in each photograph.

A photograph with no face or with two would enrol the wrong person or nobody: it is refused, by name and with its
reason, together with every other one that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recognition.errors import EnrolmentError, StudentsError
from recognition.gallery import Gallery, make_gallery
from recognition.identify import Identifier
from recognition.photograph import SUFFIXES, Photographed, Refusal, look_at_photograph
from recognition.roster import Consent, Student, from_row
from recognition.students_file import read_json

STUDENT_FILE = "student.json"


@dataclass(frozen=True, slots=True)
class Folder:
    """One student's folder: the row, and the photographs in it."""

    student: Student
    photographs: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a run made: the gallery, the rows, the photographs left out, and those enrolled that are `poor`."""

    gallery: Gallery
    students: tuple[Student, ...]
    refusals: tuple[Refusal, ...]
    poor: tuple[Refusal, ...] = ()


def read_folders(root: Path, consent: Consent | None) -> list[Folder]:
    """The students' folders under `root`, in order of name.

    `consent` is recorded for whoever has none in `student.json`. Raises `EnrolmentError` when there is nobody,
    `StudentsError` for a `student.json` that cannot be used.
    """
    if not root.is_dir():
        raise EnrolmentError(f"{root} is not a folder: expected a folder for each student with photographs in it")
    visible = (folder for folder in sorted(root.iterdir()) if folder.is_dir() and not folder.name.startswith("."))
    folders = [_read_folder(folder, consent) for folder in visible]
    if not folders:
        raise EnrolmentError(f"{root} holds no folders: expected one for each student with photographs in it")
    ids = [folder.student.student_id for folder in folders]
    if twice := sorted({student_id for student_id in ids if ids.count(student_id) > 1}):
        raise EnrolmentError(f"two folders give the same student_id: {', '.join(twice)}")
    return folders


def enrol(
    folders: Iterable[Folder],
    identifier: Identifier,
    *,
    skip_bad: bool = False,
    done: Callable[[], None] = lambda: None,
) -> Enrolment:
    """Embed every photograph and average each student's. `done` is called after each student.

    Raises `EnrolmentError` listing every refused photograph unless `skip_bad`; a student left without any
    photograph is an error all the same.
    """
    enrolled: dict[str, list[Photographed]] = {}
    refusals: list[Refusal] = []
    students: list[Student] = []
    for folder in folders:
        found = [look_at_photograph(path, identifier) for path in folder.photographs]
        refusals += [each for each in found if isinstance(each, Refusal)]
        enrolled[folder.student.student_id] = [each for each in found if not isinstance(each, Refusal)]
        students.append(folder.student)
        done()
    _refuse(refusals, [student_id for student_id, each in enrolled.items() if not each], skip_bad)
    gallery = make_gallery(
        {student_id: [each.embedding for each in faces] for student_id, faces in enrolled.items()},
        {student_id: [each.quality.score for each in faces] for student_id, faces in enrolled.items()},
    )
    return Enrolment(gallery, tuple(students), tuple(refusals), tuple(_poor(enrolled.values())))


def _poor(enrolled: Iterable[Sequence[Photographed]]) -> Iterator[Refusal]:
    for photographed in (each for faces in enrolled for each in faces):
        if faults := photographed.quality.faults():
            yield Refusal(photographed.photograph, f"the face is {' and '.join(faults)}")


def _refuse(refusals: list[Refusal], without: list[str], skip_bad: bool) -> None:
    lines = [f"  {refusal.photograph}: {refusal.reason}" for refusal in refusals]
    if without:
        lines.append(f"  students left without a photograph: {', '.join(without)}")
    if without or (refusals and not skip_bad):
        advice = (
            "replace these photographs" if without else "replace them, or leave them out with --skip-bad-photographs"
        )
        raise EnrolmentError("\n".join([f"{len(refusals)} photograph(s) refused, nobody enrolled; {advice}:", *lines]))


def _read_folder(folder: Path, consent: Consent | None) -> Folder:
    photographs = tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES))
    row: dict[str, object] = {"student_id": folder.name, "name": folder.name}
    file = folder / STUDENT_FILE
    if file.exists():
        written = read_json(file)
        if not isinstance(written, dict):
            raise StudentsError(f"{file}: not a JSON object")
        row |= written
    try:
        student = from_row(row)
    except StudentsError as error:
        raise StudentsError(f"{folder}: {error}") from error
    return Folder(student if student.consent else replace(student, consent=consent), photographs)
