"""`calibrate`: the threshold that a gallery's own photographs call for, and which photographs are in its way.

Knows files and wording; what the scores mean is `recognition.calibration`'s. The surprising rule: with too few people
nothing is written, not even on --write, because the formula is nearer the truth.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from recognition.calibration.estimate import Calibration
from recognition.calibration.of_gallery import Calibrated, calibrated, require_calibratable
from recognition.calibration.plot import require_matplotlib, save_plot
from recognition.calibration.report import doubts_table, pairs_table, summary
from recognition.calibration.scores import strangers
from recognition.calibration.searches import Searches
from recognition.commands.material import gallery_option, stored_gallery
from recognition.files import require_place, write_private
from recognition.gallery import Gallery
from recognition.gallery_file import write_gallery


def in_range(context: click.Context, option: click.Parameter, fpir: float) -> float:
    """A click callback: refuse a rate that no threshold can be estimated for; NaN is one."""
    if not 0.0 < fpir < 0.5:
        raise click.BadParameter("a share above 0 and below 0.5, 0.01 is customary", context, option)
    return fpir


@click.command()
@gallery_option
@click.option(
    "--fpir", type=float, default=0.01, show_default=True, callback=in_range, help="Strangers named, a share."
)
@click.option(
    "--strangers",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with photographs of people who are not enrolled.",
)
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the scores and the DET curve as a PNG file.")
@click.option("--write", is_flag=True, help="Store the threshold in the gallery's file.")
def calibrate(gallery_file: Path, fpir: float, folder: Path | None, plot: Path | None, write: bool) -> None:
    """Estimate the threshold from the gallery's own photographs, and say which of them to replace."""
    if plot:
        require_place(plot)
        require_matplotlib()
    gallery = stored_gallery(gallery_file)
    require_calibratable(gallery, strangers=folder is not None)
    made = calibrated(gallery, fpir, _strangers(gallery, folder) if folder else None)
    _show(gallery, made)
    if plot:
        save_plot(plot, made.found, made.genuine, made.impostors)
        click.echo(f"plot: {plot}")
    if write:
        _write(gallery_file, gallery, made.found)


def _strangers(gallery: Gallery, folder: Path) -> Searches:
    from recognition.bootstrap import identifier
    from recognition.calibration.strangers import embed_strangers, strangers_photographs

    files = strangers_photographs(folder)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("embedding strangers", total=len(files))
        faces = embed_strangers(files, identifier(), done=lambda: progress.advance(task))
    for refusal in faces.refusals:
        click.echo(f"left out: {refusal.photograph}: {refusal.reason}", err=True)
    return strangers(faces.embeddings, gallery)


def _show(gallery: Gallery, made: Calibrated) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(summary(gallery, made.found))
    if made.pairs:
        console.print(pairs_table(made.pairs, gallery.uncertain_from))
    if made.doubts:
        console.print(doubts_table(made.doubts))


def _write(file: Path, gallery: Gallery, found: Calibration) -> None:
    if found.kept_fitted:
        click.echo(
            f"{file}: not changed: {found.people} people are too few to know better than {gallery.threshold}", err=True
        )
        return
    calibrated = replace(gallery, threshold=found.threshold, threshold_from="calibrated", fpir=found.fpir)
    write_private(file, write_gallery(calibrated))
    click.echo(f"{file}: threshold {found.threshold}, calibrated for FPIR {found.fpir:.1%}")
