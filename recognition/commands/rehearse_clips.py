"""The half of `rehearse` that looks through clips: which gallery is which, and each clip looked at twice.

Knows files, the stage and the models. The surprising rule: of both galleries only those count who may be published
now, because that is what going back or publishing anew would bring.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from recognition.commands.material import stored_gallery
from recognition.gallery import Gallery
from recognition.sections import DEFAULT, SectionRule
from recognition.students_file import read_students

if TYPE_CHECKING:
    from recognition.looking_again import ClipFile, Look
    from recognition.rehearsal import Rehearsal, Rehearsed
    from recognition.standing import Register

VERSION = "a VERSION is of a stage: leave --now-gallery out, and set the stage's environment"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What would be otherwise (None: nothing), and how it is: the gallery's file (None: the published one), rosters and
    consents, the detector, whether others than a section's may be named."""

    threshold: float | None
    gallery: str | None
    detector: str | None
    now_gallery: Path | None
    students: Path | None
    now_detector: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class Material:
    """The gallery as it is and as it would be, and where students are looked up."""

    now: Gallery
    then: Gallery
    register: Register


def rehearsed_clips(folder: Path, section: str | None, session: str | None, wanted: Wanted) -> Rehearsal:
    """The clips in `folder`, of `section` and `session` where given, looked through as it is and as it would be."""
    from recognition.looking_again import Look, clips_in

    rule = SectionRule(os.environ.get("SECTION_RULE") or DEFAULT.text)
    clips = clips_in(folder, rule, section, session)
    if wanted.gallery and wanted.gallery.endswith(".npz") and not Path(wanted.gallery).is_file():
        raise click.UsageError(f"there is no file {wanted.gallery}")
    at = datetime.now(timezone.utc)
    found = _of_files(wanted, wanted.now_gallery, at) if wanted.now_gallery else _of_stage(wanted, at)
    now = Look(found.now, wanted.now_detector, beyond=wanted.beyond)
    then = Look(found.then, wanted.detector or wanted.now_detector, wanted.threshold, wanted.beyond)
    return _compared(clips, now, then, found.register, at)


def _compared(clips: Sequence[ClipFile], now: Look, then: Look, register: Register, at: datetime) -> Rehearsal:
    from recognition.rehearsal import Rehearsal, of_section
    from recognition.standing import standing_of

    by_section: dict[str, list[Rehearsed]] = {}
    with Progress(console=Console(stderr=True)) as progress:
        for clip in progress.track(clips, description="rehearsing"):
            by_section.setdefault(clip.session.section, []).append(_twice(clip, now, then, register, at))
    found = Rehearsal()
    for section, rehearsed in sorted(by_section.items()):
        versions = [version for each in rehearsed for version in (each.before, each.after)]
        standings = [standing_of(section, versions, register, look.gallery, at) for look in (now, then)]
        found += of_section(rehearsed, *standings)
    return found


def _twice(clip: ClipFile, now: Look, then: Look, register: Register, at: datetime) -> Rehearsed:
    from recognition.lacking import Lacking
    from recognition.one_line import one_line
    from recognition.rehearsal import Rehearsed, compared

    before = now.at(clip, register, at)
    if before.decision is None:
        click.echo(f"left out: {one_line(clip.key)}: {before.fault}", err=True)
        return Rehearsed(before, before, lacking=Lacking(rejected=1))
    after = then.at(clip, register, at)
    return Rehearsed(before, after, len(before.decision.faces), compared(clip.key, before.decision, after.decision))


def _of_files(wanted: Wanted, now_gallery: Path, at: datetime) -> Material:
    """Without any cloud; without a file of students everybody in a gallery counts."""
    from recognition.file_roster import FileRoster
    from recognition.publish import public_part

    students = read_students(wanted.students) if wanted.students else None

    def public(gallery: Gallery) -> Gallery:
        return gallery if students is None else public_part(gallery, students, at)

    now = public(stored_gallery(now_gallery))
    if wanted.gallery and not Path(wanted.gallery).is_file():
        raise click.UsageError(VERSION)
    then = public(stored_gallery(Path(wanted.gallery))) if wanted.gallery else now
    return Material(now, then, FileRoster(students))


def _of_stage(wanted: Wanted, at: datetime) -> Material:
    """The stage in the environment: what is published, and what publishing the other gallery would make of it."""
    from recognition.aws.calls import client
    from recognition.aws.erased import S3Erased
    from recognition.aws.galleries import S3Galleries
    from recognition.aws.roster import DynamoRoster
    from recognition.aws.versions import S3Versions
    from recognition.rollback import admitted, kept_gallery
    from recognition.settings import require

    if wanted.students:
        raise click.UsageError("--students goes with --now-gallery; a stage has its own")
    require(os.environ, ("GALLERY_BUCKET", "STUDENT_TABLE"))
    s3, bucket = client("s3"), os.environ["GALLERY_BUCKET"]
    register = DynamoRoster(client("dynamodb"), os.environ["STUDENT_TABLE"])
    now = S3Galleries(s3, bucket).current()
    if wanted.gallery is None:
        return Material(now, now, register)
    file = Path(wanted.gallery)
    stored = stored_gallery(file) if file.is_file() else kept_gallery(wanted.gallery, S3Versions(s3, bucket))
    return Material(now, admitted(stored, at, register, S3Erased(s3, bucket)), register)
