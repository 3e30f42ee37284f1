"""`calibrate`: the threshold that a gallery's own photographs call for, and which photographs are in its way.

Knows files and wording; what the scores mean is `recognition.calibration`'s. The surprising rule: with too few people
nothing is written, not even on --write, because the formula is nearer the truth.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.progress import Progress

from recognition.calibration.advice import doubts, look_alikes
from recognition.calibration.estimate import Calibration
from recognition.calibration.estimate import calibrate as estimate_from
from recognition.calibration.plot import require_matplotlib, save_plot
from recognition.calibration.report import doubts_table, pairs_table, summary
from recognition.calibration.scores import PhotographScores, genuine, impostors, photograph_scores, strangers
from recognition.calibration.searches import Searches
from recognition.commands.material import gallery_option, stored_gallery
from recognition.files import require_place, write_private
from recognition.gallery import Gallery
from recognition.gallery_file import write_gallery
from recognition.threshold import fitted_threshold

SEED = 1  # the same gallery, the same answer


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
    scores = _scores(gallery, folder)
    own, others = _searches(gallery, scores, folder)
    found = estimate_from(own, others, fpir, _formula(gallery), np.random.default_rng(SEED))
    found = replace(found, uncertain_from=replace(gallery, threshold=found.threshold).uncertain_from)
    _show(gallery, found, scores)
    if plot:
        save_plot(plot, found, own, others)
        click.echo(f"plot: {plot}")
    if write:
        _write(gallery_file, gallery, found)


def _scores(gallery: Gallery, folder: Path | None) -> PhotographScores | None:
    """The scores of the gallery's photographs; None when it holds none, which needs strangers."""
    if not gallery.student_ids:
        raise click.ClickException("nobody is enrolled: make a gallery with `python -m recognition enrol`")
    if gallery.enrolled:
        if len(gallery.student_ids) == 1 and not folder:
            raise click.ClickException("one student only: nobody to be confused with; give --strangers DIR")
        return photograph_scores(gallery, gallery.enrolled)
    if not folder:
        raise click.ClickException(
            "this gallery holds no photographs' embeddings (a published or a legacy one): calibrate the file `enrol` "
            "wrote, or give --strangers DIR"
        )
    return None


def _searches(gallery: Gallery, scores: PhotographScores | None, folder: Path | None) -> tuple[Searches, Searches]:
    """The genuine searches and the impostors', the strangers in `folder` among these."""
    nobody = Searches(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64), np.empty(0, dtype=bool))
    own = genuine(scores, gallery.enrolled) if scores and gallery.enrolled else nobody
    others = impostors(scores, gallery) if scores else nobody
    return own, others.joined(_strangers(gallery, folder)) if folder else others


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


def _formula(gallery: Gallery) -> float:
    return gallery.threshold if gallery.threshold_from == "legacy" else fitted_threshold(gallery.photographs)


def _show(gallery: Gallery, found: Calibration, scores: PhotographScores | None) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(summary(gallery, found))
    if pairs := look_alikes(gallery):
        console.print(pairs_table(pairs, gallery.uncertain_from))
    if scores and gallery.enrolled and (doubtful := doubts(gallery, gallery.enrolled, scores.own)):
        console.print(doubts_table(doubtful))


def _write(file: Path, gallery: Gallery, found: Calibration) -> None:
    if found.kept_fitted:
        click.echo(
            f"{file}: not changed: {found.people} people are too few to know better than {gallery.threshold}", err=True
        )
        return
    calibrated = replace(gallery, threshold=found.threshold, threshold_from="calibrated", fpir=found.fpir)
    write_private(file, write_gallery(calibrated))
    click.echo(f"{file}: threshold {found.threshold}, calibrated for FPIR {found.fpir:.1%}")
