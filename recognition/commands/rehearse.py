"""`rehearse`: whose result would change, before a threshold, a gallery or a detector is switched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from recognition.commands.material import detector_option, gallery_option, stored_gallery
from recognition.commands.records import stage_records
from recognition.detect import DETECTORS
from recognition.gallery import Gallery
from recognition.rehearsal import Change, Rehearsal, compared, replayed

CHANGED = 1
CLIPS = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def rehearse() -> None:
    """Show whose result would change. Exit code 1: somebody's would; 0: nobody's."""


@rehearse.command()
@click.argument("section")
@click.argument("session", required=False)
@click.option("--threshold", type=click.FloatRange(0, 1, min_open=True), required=True)
@click.option("--json", "as_json", is_flag=True, help="The same as data.")
def records(section: str, session: str | None, threshold: float, as_json: bool) -> None:
    """Replay what a stage has decided about SECTION (and SESSION) with another threshold."""
    from recognition.finished import newest_of_each_clip

    _tell(replayed(newest_of_each_clip(stage_records().of_section(section, session)), threshold), as_json)


@rehearse.command()
@click.argument("clips", nargs=-1, required=True, type=CLIPS)
@gallery_option
@click.option("--with-gallery", type=CLIPS, help="Instead of the gallery.")
@click.option("--with-threshold", type=click.FloatRange(0, 1, min_open=True), help="Instead of the gallery's own.")
@detector_option
@click.option("--with-detector", type=click.Choice(list(DETECTORS)), help="Instead of the detector.")
@click.option("--json", "as_json", is_flag=True, help="The same as data.")
def clips(
    clips: tuple[Path, ...],
    gallery_file: Path,
    with_gallery: Path | None,
    with_threshold: float | None,
    detector: str,
    with_detector: str | None,
    as_json: bool,
) -> None:
    """Look through CLIPS on this disk twice: as it is, and as it would be. Consent is not asked for."""
    if not (with_gallery or with_threshold or with_detector):
        raise click.UsageError("say what to change: --with-gallery, --with-threshold or --with-detector")
    now = stored_gallery(gallery_file)
    then = stored_gallery(with_gallery) if with_gallery else now
    then = replace(then, threshold=with_threshold) if with_threshold else then
    _tell(_looked_through(clips, (now, detector), (then, with_detector or detector)), as_json)


def _looked_through(clips: Sequence[Path], now: tuple[Gallery, str], then: tuple[Gallery, str]) -> Rehearsal:
    from recognition.bootstrap import identifier
    from recognition.errors import ClipRejected
    from recognition.stopwatch import Stopwatch

    faces = 0
    changes: list[Change] = []
    with Progress(console=Console(stderr=True)) as progress:
        for clip in progress.track(clips, description="rehearsing"):
            found = []
            for gallery, detector in (now, then):
                with clip.open("rb") as file:
                    try:
                        found.append(identifier(detector).identify(file, gallery, Stopwatch()).verdicts)
                    except ClipRejected as error:
                        click.echo(f"left out: {clip.name}: {error}", err=True)
                        break
            if len(found) == 2:
                faces += len(found[0])
                changes += compared(clip.name, *found)
    return Rehearsal(faces, tuple(changes))


def _tell(rehearsal: Rehearsal, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(rehearsal), indent=2))
    else:
        if rehearsal.changes:
            Console().print(_table(rehearsal.changes))
        click.echo(f"{rehearsal.faces} face(s), {len(rehearsal.changes)} would change")
        if rehearsal.untold:
            click.echo(f"of {rehearsal.untold} face(s) the records do not tell enough: rehearse their clips instead")
    if rehearsal.changes:
        raise click.exceptions.Exit(CHANGED)


def _table(changes: Sequence[Change]) -> Table:
    drawn = Table("clip", "face", "student", "now", "then")
    for each in changes:
        cells = (each.clip, each.where, each.student_id or "(not recorded)", each.before, each.after)
        drawn.add_row(*map(Text, cells))
    return drawn
