"""Photographs to a gallery: a folder for each student, one face in each photograph.

A photograph with no face or with two would enrol the wrong person or nobody, a poor or a wrong one would spoil a
template: the gate refuses them, by name and with reason, every one that is wrong together. The surprising rule: what
is wrong with a photograph can depend on all the others, so that nothing is enrolled before everything was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from recognition.enrolment.folders import Folder
from recognition.enrolment.gate import Gate, passes, refuse
from recognition.enrolment.judge import judge
from recognition.enrolment.looking import Memory, look_at_file
from recognition.enrolment.taken import Judged, Taken
from recognition.gallery import Gallery, make_gallery
from recognition.identify import Identifier
from recognition.photograph import Seen
from recognition.roster import Student


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a run made: the gallery, the rows, and what was found of each photograph, enrolled or not; `without` are the
    students whose photographs were all left out, who have a row and are not in the gallery."""

    gallery: Gallery
    students: tuple[Student, ...]
    judged: tuple[Judged, ...]
    without: tuple[str, ...] = ()


def look_at_folders(
    folders: Iterable[Folder],
    identifier: Callable[[], Identifier],
    memory: Memory | None = None,
    done: Callable[[], None] = lambda: None,
) -> list[Taken]:
    """Look at every photograph that `memory` does not hold; `done` is called after each."""
    taken: list[Taken] = []
    for folder in folders:
        for path in folder.photographs:
            taken.append(look_at_file(folder.student.student_id, path, identifier, memory))
            done()
    return taken


def enrol(
    folders: Sequence[Folder],
    identifier: Identifier,
    *,
    gate: Gate = "refuse",
    skip_bad: bool = False,
    done: Callable[[], None] = lambda: None,
) -> Enrolment:
    """Look at every photograph, judge it and average each student's: `look_at_folders`, `judge` and `enrolled`."""
    judged = judge(look_at_folders(folders, lambda: identifier, done=done))
    return enrolled(folders, judged, gate=gate, skip_bad=skip_bad)


def enrolled(
    folders: Iterable[Folder], judged: Sequence[Judged], *, gate: Gate = "refuse", skip_bad: bool = False
) -> Enrolment:
    """The gallery of the photographs that pass the gate; with `skip_bad` the others are left out instead of refused.

    Raises `EnrolmentError` listing what is refused: a student left without any photograph, unless `skip_bad` leaves
    that one out, too, and in any case where that leaves nobody.
    """
    students = tuple(folder.student for folder in folders)
    kept: dict[str, list[Seen]] = {student.student_id: [] for student in students}
    for each in judged:
        if passes(each, gate):
            kept[each.taken.student_id].append(each.taken.seen)
    without = tuple(student_id for student_id, seen in kept.items() if not seen)
    if len(without) == len(kept) or not skip_bad:
        refuse(judged, without, gate=gate, skip_bad=skip_bad)
    kept = {student_id: seen for student_id, seen in kept.items() if seen}
    gallery = make_gallery(
        {
            student_id: [each.embedding for each in seen if each.embedding is not None]
            for student_id, seen in kept.items()
        },
        {student_id: [each.quality.score for each in seen if each.quality] for student_id, seen in kept.items()},
    )
    return Enrolment(gallery, students, tuple(judged), without)
