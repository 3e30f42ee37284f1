"""An enrolment between the photographs and the decision: what a form told, what was seen, how it is judged.

The surprising rule: a photograph goes by its number and its name, since telephones call every picture the same; the
number of one that was taken off is not given again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from werkzeug.datastructures import FileStorage

from console.access import user
from console.kept import Kept, kept_here
from console.school import alone, the_files
from recognition.enrolment.school import School, judge_beside
from recognition.enrolment.taken import Judged, Taken
from recognition.enrolment.thumbnail import thumbnail
from recognition.errors import EnrolmentError, StudentsError
from recognition.gallery import Gallery
from recognition.one_line import one_line
from recognition.photograph import Seen, digest_of, look_at
from recognition.roster import Student
from recognition.students_csv import Line

HALF_AN_HOUR_S = 1800.0
MOST_AT_ONCE = 50
MOST_PHOTOGRAPHS = 12
LARGEST = 20 << 20
FIELDS = ("student", "name", "major", "year", "sections", "by", "until")


@dataclass(frozen=True, slots=True)
class Sent:
    """A photograph: its number from 1, what was seen, and a small JPEG, None where the file could not be read."""

    number: int
    taken: Taken
    picture: bytes | None


@dataclass(frozen=True, slots=True)
class Pending:
    """`line` is what the register is told; `judged` are the photographs' judgements, in their order."""

    line: Line
    title: str
    by: str
    photographs: tuple[Sent, ...] = ()
    judged: tuple[Judged, ...] = ()
    last_number: int = 0

    @property
    def taken(self) -> tuple[Taken, ...]:
        """What was seen on each."""
        return tuple(each.taken for each in self.photographs)

    @property
    def room(self) -> int:
        """How many photographs more it takes."""
        return MOST_PHOTOGRAPHS - len(self.photographs)


def told(form: Mapping[str, str], row: Student | None) -> Pending:
    """What the form says of a student: of a new one, or of the one whose `row` there is. Raises `StudentsError`."""
    said = {name: form.get(name, "").strip() for name in FIELDS}
    consent = {name: text for name, text in (("granted_by", said["by"]), ("expires_at", said["until"])) if text}
    if row is not None:
        if not consent and not row.may_be_enrolled(datetime.now(timezone.utc)):
            raise StudentsError("there is no valid consent on record: say who gave one")
        return Pending(Line(1, row.student_id, consent), row.name, user().name)
    if not said["student"] or not said["student"].isprintable():
        raise StudentsError("the id is missing, or holds what cannot be seen")
    if not said["name"] or not said["by"]:
        raise StudentsError("a name, and who gave the consent, are needed")
    sections = [each.strip() for each in re.split(r"[,;|\n]", said["sections"]) if each.strip()]
    facts: dict[str, object] = {name: said[name] for name in ("name", "major", "year") if said[name]}
    return Pending(
        Line(1, said["student"], {**facts, **({"sections": sections} if sections else {}), **consent}),
        said["name"],
        user().name,
    )


def looked_at(before: Pending, uploads: Sequence[FileStorage], school: School) -> Pending:
    """`before` with these photographs, all of them judged together.

    Raises `RecognitionError` where the student cannot be recorded as told, or there are none or too many photographs.
    """
    sent = [upload for upload in uploads if upload.filename]
    if not sent or len(sent) > before.room:
        raise EnrolmentError(f"choose 1 to {before.room} photographs, at most {MOST_PHOTOGRAPHS} in all")
    _refuse_another(before, school)
    gallery, found = school.files.gallery(), before
    judge_beside(gallery, [])  # refuses a gallery that cannot be added to, before the work
    for upload in sent:
        found = _with_photograph(found, upload)
    return _judged(found, gallery)


def without(before: Pending, number: int, school: School) -> Pending:
    """`before` less one photograph, the others judged anew: one of them may have been refused as the same as that."""
    left = tuple(each for each in before.photographs if each.number != number)
    return _judged(replace(before, photographs=left), school.files.gallery())


def pending() -> Kept[Pending]:
    """Those of the running console."""
    return kept_here("pending", HALF_AN_HOUR_S, MOST_AT_ONCE)


def take_out(student_id: str) -> dict[str, int]:
    """Take a student out of this console's files, as `OperatorFiles.take_out`, and forget what is being judged."""
    with alone():
        taken = the_files().take_out(student_id)
        pending().drop_those(lambda each: each.line.student_id == student_id)
    return taken


def _refuse_another(before: Pending, school: School) -> None:
    """A new student must not be somebody who is listed already under that id; and the row must be possible."""
    there = school.roster.students([before.line.student_id]).get(before.line.student_id)
    if there is not None and "name" in before.line.told:
        raise StudentsError(
            f"there is a student {there.student_id!r} already, {there.name!r}: add photographs on that student's page"
        )
    school.look_ahead(before.line)


def _judged(found: Pending, gallery: Gallery) -> Pending:
    return replace(found, judged=tuple(judge_beside(gallery, found.taken)))


def _with_photograph(before: Pending, upload: FileStorage) -> Pending:
    data, number = upload.stream.read(LARGEST + 1), before.last_number + 1
    name = Path(f"{number} · {one_line((upload.filename or '').replace('/', '-'))[-100:]}")
    seen, picture = _seen(data)
    sent = Sent(number, Taken(before.line.student_id, name, digest_of(data), seen), picture)
    return replace(before, photographs=(*before.photographs, sent), last_number=number)


def _seen(data: bytes) -> tuple[Seen, bytes | None]:
    from recognition.bootstrap import identifier

    if len(data) > LARGEST:
        return Seen(unreadable=f"not a readable photograph (larger than {LARGEST >> 20} MB)"), None
    with alone():  # the models are no place for two threads, nor is memory for eight large pictures at once
        seen = look_at(data, identifier())
        return seen, None if seen.unreadable else thumbnail(data, seen)
