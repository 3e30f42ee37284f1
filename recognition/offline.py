"""Clips on disk, without any cloud: the same steps as the function, a table instead of messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from rich.table import Table

from recognition.annotate import annotated_picture
from recognition.bootstrap import identifier
from recognition.consent import with_consent
from recognition.errors import ClipRejected
from recognition.gallery import Gallery
from recognition.results import Spent, result_of, result_without_faces
from recognition.roster import Consent, Student
from recognition.stopwatch import Stopwatch
from wire.result_message import Result
from wire.s3_event import Upload


@dataclass(frozen=True, slots=True)
class FileRoster:
    """The students of a students file; without one, everybody in the gallery goes by the id."""

    listed: Sequence[Student] | None

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        if self.listed is None:
            consent = Consent("no register off the cloud", "1970-01-01")
            return {each: Student(each, each, "", "", consent) for each in student_ids}
        return {student.student_id: student for student in self.listed if student.student_id in student_ids}


@dataclass(frozen=True, slots=True)
class Look:
    """A clip, its result, and where its picture was written (None: no face)."""

    clip: Path
    result: Result
    picture: Path | None


def look_at(clip: Path, gallery: Gallery, students: Sequence[Student] | None, pictures: Path) -> Look:
    """Identify whom `clip` shows and write the annotated picture into the folder `pictures`."""
    watch = Stopwatch()
    upload = Upload(bucket="local", key=clip.name, version_id="", etag="", sequencer="", size=clip.stat().st_size)
    try:
        with clip.open("rb") as file:
            found = identifier().identify(file, gallery, watch)
    except ClipRejected as error:
        spent = Spent(watch.timing_ms(), watch.total_s, 0)
        return Look(clip, result_without_faces(upload, "rejected", str(error), "local", spent), None)
    finding, named = with_consent(found, FileRoster(students), datetime.now(timezone.utc))
    jpeg = annotated_picture(finding, {student_id: student.name for student_id, student in named.items()})
    picture = pictures / f"{clip.name}.jpg" if jpeg else None
    if picture and jpeg:
        picture.write_bytes(jpeg)
    return Look(
        clip, result_of(upload, finding, gallery, named, "local", Spent(watch.timing_ms(), watch.total_s, 0)), picture
    )


def table(looks: Sequence[Look]) -> Table:
    """A row for each student seen, and for each clip that shows none."""
    drawn = Table(
        "clip", "outcome", "student", "similarity", "margin", "frames", "first seen", "unknown", "seconds", "picture"
    )
    for look in looks:
        result, seconds = look.result, f"{look.result.timing_ms['total'] / 1000:.2f}"
        ends = (str(result.unknown_faces), seconds, str(look.picture or result.reason))
        for seen in result.students:
            scores = (f"{seen.similarity:.3f}", f"{seen.margin:.3f}", str(seen.frames), f"{seen.first_seen_s:.1f} s")
            drawn.add_row(look.clip.name, result.outcome, seen.name, *scores, *ends)
        if not result.students:
            drawn.add_row(look.clip.name, result.outcome, "", "", "", "", "", *ends)
    return drawn
