"""What the clips' pages ask the stage for: versions, how their students stand, what of them may be shown.

No rule of its own: `recognition.rollcall` and `recognition.standing` say who may be named and what may be seen.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from flask import abort

from console.stage import the_stage
from recognition.finished import FinishedVersion, newest
from recognition.output_keys import output_key
from recognition.rollcall import ClipSeen, clip_seen
from recognition.standing import Standing, standings_of_seen
from wire.errors import WireError
from wire.result_json import read_result
from wire.result_message import Location

SMALL = (320, 180)


@dataclass(frozen=True, slots=True)
class Shown:
    """A finished version, as it may be shown now."""

    version: FinishedVersion
    seen: ClipSeen
    standing: Standing

    @property
    def named(self) -> list[tuple[str, str, float | None]]:
        """Id, name and similarity of whom it shows, surely or perhaps; the name of an uncertain one ends in "?".

        The similarity is None where a person named the face.
        """
        found = []
        for face in self.version.judged.faces:
            if face.student_id and self.standing.may_be_named(face.student_id):
                doubt = "" if face.answer == "identified" else "?"
                similarity = None if face.corrected_by else face.decided.similarity
                found.append((face.student_id, self.standing.name_of(face.student_id) + doubt, similarity))
        return found


def version_of(job_id: str) -> FinishedVersion:
    """The finished version with this job id; 404 where there is none."""
    found = the_stage().records.finished.by_job(job_id)
    if found is None:
        abort(404)
    return found


def among_its_kind(version: FinishedVersion) -> tuple[FinishedVersion, FinishedVersion | None]:
    """The version with what was said of the same bytes under other versions, and the clip's version that counts
    instead of it; None where it counts itself."""
    session, key = version.session, version.upload.key
    others = the_stage().records.finished.of(session.section, session.name)
    alike = [each for each in others if each.upload.key == key and each.upload.job_id != version.upload.job_id]
    counts = newest([*alike, version])  # itself as it was read, for an index is a moment behind
    return (counts, None) if counts and counts.upload.job_id == version.upload.job_id else (version, counts)


def shown(version: FinishedVersion, also: Iterable[str] = ()) -> Shown:
    """The version with how everybody of its section stands."""
    records = the_stage().records
    standing = records.standing(version.session.section, [version], list(also))
    return Shown(version, clip_seen(version, standing, records.output_bucket), standing)


def shown_all(versions: Iterable[FinishedVersion]) -> list[Shown]:
    """The versions in their order; the students are asked for once, and nobody's roster is read."""
    listed = list(versions)
    records = the_stage().records
    standings = standings_of_seen(listed, records.register, datetime.now(timezone.utc))
    sections = [standings[version.session.section] for version in listed]
    return [
        Shown(version, clip_seen(version, standing, records.output_bucket), standing)
        for version, standing in zip(listed, sections, strict=True)
    ]


def picture_of(found: Shown) -> bytes | None:
    """The annotated picture, if it may be shown and is still there."""
    return the_stage().records.picture(found.version, found.seen.picture)


def small(jpeg: bytes) -> bytes:
    """The picture for a list: within 320 × 180 pixels. It was drawn by us, so it can be read."""
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as picture:
        picture.draft("RGB", SMALL)  # lets the decoder leave out what is not needed
        picture.thumbnail(SMALL)
        made = io.BytesIO()
        picture.save(made, "JPEG", quality=80)
    return made.getvalue()


def file_of(found: Shown, suffix: str) -> tuple[bytes | None, str]:
    """A result's file (".csv", ".json") of this very version, or why it is not to be had."""
    records = the_stage().records
    upload = found.version.upload
    record = records.picture(found.version, Location(records.output_bucket, output_key(upload, ".json")))
    if record is None:
        return None, "It has expired, or another version of the clip has taken its place."
    if not _may_be_handed_out(record, found.standing):
        return None, (
            "It names a student who may not be named any longer. "
            "`python -m recognition consent enforce` takes such names out of what is stored."
        )
    if suffix == ".json":
        return record, ""
    csv = records.picture(found.version, Location(records.output_bucket, output_key(upload, suffix)))
    return csv, "" if csv is not None else "It has expired."


def _may_be_handed_out(record: bytes, standing: Standing) -> bool:
    try:
        result = read_result(record)
    except WireError:
        return False
    return all(standing.may_be_named(each.student_id) for each in (*result.students, *result.uncertain))


def names_of(standing: Standing) -> Mapping[str, str]:
    """Whoever of the section's roster may be named, by id, in order of name."""
    there = (row for row in standing.rows.values() if standing.may_be_named(row.student_id))
    return {row.student_id: row.name for row in sorted(there, key=lambda row: (row.name.casefold(), row.student_id))}
