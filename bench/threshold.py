"""From which similarity on a face should be named: repeats the fit that recognition/threshold.py ships.

The people in enrol/ and probe/ are pooled, and random rosters are drawn from them; `bench.fit` measures and fits.
Changes nothing in the product: it prints how far a new fit lies from the constants there.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.command import data_option, file_option, json_option, write_figures
from bench.fit import Fit, Point, Vectors, fitted, measure, sizes
from bench.photographs import Photographs, embed_faces, find_photographs
from recognition import threshold as shipped_curves
from recognition.faces import Embedding

SHIPPED = {
    1: Fit(shipped_curves.ONE_STUDENT, shipped_curves.PER_LOG_STUDENT, shipped_curves.PER_INVERSE_PHOTOGRAPH),
    10: Fit(
        shipped_curves.UNCERTAIN_ONE_STUDENT,
        shipped_curves.UNCERTAIN_PER_LOG_STUDENT,
        shipped_curves.UNCERTAIN_PER_INVERSE_PHOTOGRAPH,
    ),
}
"""By the percentage of strangers: 1 % reach the threshold, 10 % the similarity from which a face is uncertain."""


def pooled(photographs: Photographs, faces: dict[Path, Embedding]) -> dict[str, Vectors]:
    """Everybody's embeddings, enrolment and probes together; who has none is left out."""
    files = {name: [*own, *photographs.probe.get(name, [])] for name, own in photographs.enrol.items()}
    found = {name: [faces[file] for file in own if file in faces] for name, own in files.items()}
    return {name: np.stack(own) for name, own in found.items() if own}


def report(points: list[Point], fit: Fit, shipped: Fit) -> dict[str, object]:
    """The figures, with the keys of the JSON file."""
    return {
        "fit": asdict(fit),
        "max_residual": fit.residual(points),
        "shipped": asdict(shipped),
        "shipped_max_residual": shipped.residual(points),
        "points": [asdict(point) for point in points],
    }


def points_table(points: list[Point], fit: Fit, shipped: Fit) -> Table:
    """A row for each size of roster and number of photographs."""
    drawn = Table("students", "photographs", "these strangers reach", "fit", "shipped")
    for point in points:
        curves = (f"{each.at(point.students, point.photographs):.4f}" for each in (fit, shipped))
        drawn.add_row(str(point.students), str(point.photographs), f"{point.similarity:.4f}", *curves)
    return drawn


def fit_table(points: list[Point], fit: Fit, shipped: Fit) -> Table:
    """This fit, the shipped constants, and how far apart they are."""
    drawn = Table("", "this fit", "shipped", "difference")
    constants = asdict(shipped)
    for name, value in asdict(fit).items():
        drawn.add_row(name, f"{value:.5f}", f"{constants[name]:.5f}", f"{value - constants[name]:+.5f}")
    drawn.add_row("greatest residual", f"{fit.residual(points):.4f}", f"{shipped.residual(points):.4f}", "")
    return drawn


def save_plot(file: Path, points: list[Point], fit: Fit, percent: int) -> None:
    """A picture of the measured points and the fitted curves, one for each number of photographs."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    rosters = sorted({point.students for point in points})
    most = max(point.photographs for point in points)
    for count in sorted({point.photographs for point in points}, reverse=True):
        own = [point for point in points if point.photographs == count]
        colour = colormaps["viridis"](0.9 * (count - 1) / max(1, most - 1))
        axes.plot([point.students for point in own], [point.similarity for point in own], "o", ms=4, color=colour)
        label = f"{count} photograph{'s' if count > 1 else ''} a student"
        axes.plot(rosters, [fit.at(n, count) for n in rosters], lw=1.2, color=colour, label=label)
    axes.set(xscale="log", xlabel="students on the roster", ylabel="cosine similarity")
    axes.set_title(f"What {percent} % of strangers reach: measured (points) and fitted (lines)", fontsize=10)
    axes.set_xticks(rosters, [str(n) for n in rosters])
    axes.minorticks_off()
    axes.legend(fontsize=8, frameon=False)
    figure.savefig(file, dpi=100)


@click.command()
@data_option("lfw")
@json_option
@file_option("--plot", "Save a picture of the points and the fitted curves there, as PNG.")
@click.option("--draws", type=click.IntRange(min=1), default=120, show_default=True, help="Random rosters a point.")
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--percent", type=click.Choice(sorted(SHIPPED)), default=1, show_default=True, help="Of the strangers.")
def main(data: Path, json: Path | None, plot: Path | None, draws: int, seed: int, percent: int) -> None:
    """Fit the threshold again to the photographs in DIR and compare it with the shipped one."""
    from recognition.bootstrap import identifier

    photographs = find_photographs(data)
    faces = embed_faces(photographs.files, identifier())
    people = pooled(photographs, faces)
    strangers = np.stack([faces[file] for file in photographs.strangers if file in faces])
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("drawing rosters", total=len(sizes(people)))
        rng, shipped = np.random.default_rng(seed), SHIPPED[percent]
        points = measure(people, strangers, draws, rng, percent / 100, lambda: progress.advance(task))
    try:
        fit = fitted(points)
    except ValueError as error:
        raise click.UsageError(f"{data}: {error}") from error
    Console().print(points_table(points, fit, shipped), fit_table(points, fit, shipped))
    write_figures(json, report(points, fit, shipped))
    if plot is not None:
        save_plot(plot, points, fit, percent)


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh threshold")
