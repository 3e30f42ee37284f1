"""`rehearse`: whose result would change, before a threshold, a gallery or a detector is switched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from recognition.commands.records import Records, stage_records
from recognition.commands.rehearse_clips import Wanted, rehearsed_clips
from recognition.commands.rehearse_told import tell
from recognition.detect import DETECTORS

if TYPE_CHECKING:
    from recognition.finished import FinishedVersion
    from recognition.rehearsal import Rehearsal

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
DETECTOR = click.Choice(list(DETECTORS))


@click.command()
@click.argument("section", required=False)
@click.argument("session", required=False)
@click.option(
    "--clips",
    "folder",
    type=FOLDER,
    metavar="DIR",
    help="Look through the clips in this folder, which lie in it as they do in the input bucket.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True),
    help="The similarity from which on a face is named in a clip, as `explain` tells it.",
)
@click.option(
    "--gallery",
    metavar="VERSION|FILE",
    help="With --clips: a version that `gallery list` shows, or a gallery's file, of those who consent now.",
)
@click.option("--detector", type=DETECTOR, help="With --clips: how to look for faces.")
@click.option("--now-gallery", type=FILE, help="With --clips: the gallery as it is, not the one that is published.")
@click.option("--students", type=FILE, help="With --now-gallery: rosters and consents; without it nobody is asked.")
@click.option("--now-detector", type=DETECTOR, default="hog", show_default=True, help="The detector as it is.")
@click.option("--beyond-section", is_flag=True, help="With --clips: the stage has searchBeyondSection.")
@click.option("--json", "as_json", is_flag=True, help="The same as data.")
def rehearse(
    section: str | None,
    session: str | None,
    folder: Path | None,
    threshold: float | None,
    gallery: str | None,
    detector: str | None,
    now_gallery: Path | None,
    students: Path | None,
    now_detector: str,
    beyond_section: bool,
    as_json: bool,
) -> None:
    """Show whose results and roll calls would change. Nothing is written.

    Without --clips the decisions that the stage keeps are replayed with another --threshold: of SECTION (and SESSION),
    or of every section with a roster and the clips of none. A gallery or a detector needs --clips: they are looked
    through twice, as it is and as it would be.

    \b
    Exit code 0: nothing would change.
              3: something would.
              1: it cannot be told, for a reason that is said.
              2: the command was not understood.
    """
    if not (threshold or gallery or detector):
        raise click.UsageError("say what to change: --threshold, --gallery or --detector")
    if folder:
        wanted = Wanted(threshold, gallery, detector, now_gallery, students, now_detector, beyond_section)
        tell(rehearsed_clips(folder, section, session, wanted), as_json)
    elif gallery or detector or now_gallery or students or beyond_section or threshold is None:
        raise click.UsageError("records tell of another --threshold only; for all else name a folder: --clips DIR")
    else:
        tell(_replayed(stage_records(), section, session, threshold), as_json)


def _replayed(records: Records, section: str | None, session: str | None, threshold: float) -> Rehearsal:
    """The records replayed, section by section."""
    from recognition.errors import SetupError
    from recognition.file_roster import FileRoster
    from recognition.rehearsal import Rehearsal

    if section is not None:
        with Console(stderr=True).status(f"reading the records of {section}"):
            return _of_section(records, section, records.of_section(section, session), threshold)
    records, found, there = replace(records, register=FileRoster(list(records.register.everybody()))), Rehearsal(), 0
    with Progress(console=Console(stderr=True)) as progress:
        for each in progress.track(sorted({"", *records.gallery().sections}), description="replaying sections"):
            if versions := records.finished.of(each):
                found += _of_section(records, each, versions, threshold)
                there += len(versions)
    if not there:
        raise SetupError("no clip is finished, or every record has expired: there is nothing to replay")
    return found


def _of_section(records: Records, section: str, versions: list[FinishedVersion], threshold: float) -> Rehearsal:
    from recognition.finished import newest_of_each_clip
    from recognition.rehearsal import of_section
    from recognition.replay import replayed

    versions = newest_of_each_clip(versions)
    standing = records.standing(section, versions)
    return of_section([replayed(version, threshold) for version in versions], standing, standing)
