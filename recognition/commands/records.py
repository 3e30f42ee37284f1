"""What the verbs that look back ask a stage for: finished versions, students, the gallery, pictures.

Knows the environment's names and the adapters; decides nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recognition.errors import SetupError
from recognition.finished import FinishedVersion
from recognition.sections import DEFAULT, SectionRule
from recognition.standing import Standing, WholeRegister, standing_of

if TYPE_CHECKING:
    from recognition.aws.finished import DynamoFinished
    from recognition.aws.pictures import S3Pictures
    from recognition.gallery import Gallery
    from recognition.rollcall import ClipSeen
    from wire.result_message import Location

REQUIRED = ("JOB_TABLE", "STUDENT_TABLE", "GALLERY_BUCKET", "OUTPUT_BUCKET")


@dataclass(frozen=True, slots=True)
class Records:
    """A stage's records. `rule` tells a clip's section by its key."""

    finished: DynamoFinished
    register: WholeRegister
    gallery: Callable[[], Gallery]
    pictures: S3Pictures
    output_bucket: str
    rule: SectionRule

    def of_section(self, section: str, session: str | None) -> list[FinishedVersion]:
        """The finished versions of a section's clips. Raises `SetupError` where there are none."""
        found = self.finished.of(section, session)
        if found:
            return found
        sessions = sorted({each.session.name for each in self.finished.of(section)}) if session is not None else []
        there = (
            f"its sessions are: {', '.join(sessions)}" if sessions else "a clip's key must begin as SECTION_RULE says"
        )
        what = f"section {section!r}" + (f", session {session!r}" if session is not None else "")
        raise SetupError(f"no clip of {what} is finished; {there} ({self.rule.text})")

    def of_clip(self, key: str) -> FinishedVersion:
        """The version that counts of the clip with this key. Raises `SetupError` where there is none."""
        found = self.finished.of_clip(self.rule.session_of(key), key)
        if found is None:
            raise SetupError(f"no version of {key!r} is finished; name the clip by its whole key in the input bucket")
        return found

    def standing(self, section: str, versions: Sequence[FinishedVersion], also: Collection[str] = ()) -> Standing:
        """How the section's students stand now."""
        return standing_of(section, versions, self.register, self.gallery(), datetime.now(timezone.utc), also)

    def with_pictures(self, clips: Sequence[ClipSeen]) -> tuple[ClipSeen, ...]:
        """The clips, their pictures where they still are."""
        there = self.pictures.there([clip.picture for clip in clips if clip.picture])
        return tuple(clip.with_pictures(there) for clip in clips)

    def picture(self, version: FinishedVersion, place: Location | None) -> bytes | None:
        """The version's annotated picture, if it may be shown and is still there."""
        return self.pictures.of(version.upload, place) if place else None


def stage_records() -> Records:
    """The records of the stage in the environment. Raises `SetupError` naming what is not set."""
    from recognition.aws.calls import client
    from recognition.aws.finished import DynamoFinished
    from recognition.aws.galleries import S3Galleries
    from recognition.aws.pictures import S3Pictures
    from recognition.aws.roster import DynamoRoster
    from recognition.settings import require

    require(os.environ, REQUIRED)
    s3, dynamodb = client("s3"), client("dynamodb")
    return Records(
        finished=DynamoFinished(dynamodb, os.environ["JOB_TABLE"]),
        register=DynamoRoster(dynamodb, os.environ["STUDENT_TABLE"]),
        gallery=S3Galleries(s3, os.environ["GALLERY_BUCKET"]).current,
        pictures=S3Pictures(s3),
        output_bucket=os.environ["OUTPUT_BUCKET"],
        rule=SectionRule(os.environ.get("SECTION_RULE") or DEFAULT.text),
    )


def file_option(name: str, what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """An option that names a file to be written."""
    return click.option(name, type=click.Path(path_type=Path, dir_okay=False, writable=True), help=what)
