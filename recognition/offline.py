"""Clips on disk, without any cloud: the same steps as the function, a table instead of messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from rich.table import Table
from rich.text import Text

from recognition.annotate import annotated_picture
from recognition.bootstrap import identifier
from recognition.consent import with_consent
from recognition.errors import ClipRejected
from recognition.file_roster import FileRoster
from recognition.gallery import Gallery
from recognition.pipeline import refuse_unread
from recognition.results import Spent, result_of, result_without_faces
from recognition.roster import Student
from recognition.search import search_in
from recognition.stopwatch import Stopwatch
from wire.result_message import Result
from wire.s3_event import Upload

COLUMNS = (
    "clip",
    "outcome",
    "student",
    "similarity",
    "margin",
    "frames",
    "first seen",
    "unknown",
    "seconds",
    "picture",
)


@dataclass(frozen=True, slots=True)
class Look:
    """A clip, its result, and where its picture was written (None: no face)."""

    clip: Path
    result: Result
    picture: Path | None


def free_name(pictures: Path, clip: Path, looks: Sequence[Look]) -> Path:
    """Where the clip's picture goes: clips of one name in several folders get a number."""
    same = sum(look.clip.name == clip.name for look in looks)
    name = clip.name.encode(errors="replace").decode()
    return pictures / (f"{_shortened(name)}-{same + 1}.jpg" if same else f"{_shortened(name)}.jpg")


def look_at(clip: Path, gallery: Gallery, students: Sequence[Student] | None, picture: Path, detector: str) -> Look:
    """Identify whom `clip` shows and write the annotated picture to `picture` if it shows anybody.

    `detector` is one of `detect.DETECTORS`.
    """
    watch = Stopwatch()
    name = clip.name.encode(errors="replace").decode()
    upload = Upload(bucket="local", key=name, version_id="local", etag="", sequencer="", size=clip.stat().st_size)
    try:
        refuse_unread(upload)
        with clip.open("rb") as file:
            found = identifier(detector).identify(file, gallery, watch)
    except ClipRejected as error:
        spent = Spent(watch.timing_ms(), watch.total_s, 0)
        return Look(clip, result_without_faces(upload, "rejected", str(error), "local", spent), None)
    finding, named = with_consent(found, FileRoster(students), datetime.now(timezone.utc))
    jpeg = annotated_picture(finding, {student_id: student.name for student_id, student in named.items()})
    if jpeg:
        picture.write_bytes(jpeg)
    spent = Spent(watch.timing_ms(), watch.total_s, 0)
    return Look(
        clip,
        result_of(upload, finding, search_in(gallery, "", beyond=False), named, "local", spent),
        picture if jpeg else None,
    )


def table(looks: Sequence[Look]) -> Table:
    """A row for each student seen, uncertain ones with a question mark, and for each clip that shows none.

    Names are text, whatever they look like.
    """
    drawn = Table(*COLUMNS)
    for look in looks:
        result, seconds = look.result, f"{look.result.timing_ms['total'] / 1000:.2f}"
        ends = (str(result.unknown_faces), seconds, str(look.picture or result.reason))
        shown = [(seen, "") for seen in result.students] + [(seen, "?") for seen in result.uncertain]
        for seen, doubt in shown:
            scores = (f"{seen.similarity:.3f}", f"{seen.margin:.3f}", str(seen.frames), f"{seen.first_seen_s:.1f} s")
            drawn.add_row(*_plain(result.upload.key, result.outcome, seen.name + doubt, *scores, *ends))
        if not shown:
            drawn.add_row(*_plain(result.upload.key, result.outcome, "", "", "", "", "", *ends))
    return drawn


def _plain(*cells: str) -> list[Text]:
    return [Text(cell) for cell in cells]


def _shortened(name: str) -> str:
    """Within the 255 bytes of a file name, with room for a number and the suffix."""
    return name.encode()[:230].decode(errors="ignore")
