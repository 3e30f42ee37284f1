"""How many enrolled people are named rightly, and how many strangers wrongly: open-set identification.

One search a photograph. TPIR is the share of all probes named as who they are, FPIR the share of all strangers named
at all. The default is the shipped rule itself, `vote.answer_to`, its lead over the runner-up included. The surprising
rule: a photograph without a found face stays in the denominator, as a search that named nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.command import data_option, file_option, json_option, write_figures
from bench.det import CUSTOMARY, OURS, customary_curve, our_curve, save_det
from bench.naming import Search, rates, threshold_at, uncertain_share
from bench.photographs import Photographs, embed_faces, find_photographs
from recognition.calibration.plot import require_matplotlib
from recognition.faces import Embedding, unit
from recognition.gallery import Gallery, make_gallery
from recognition.match import nearest

CUSTOMARY_DISTANCE = 0.6


def first_within(probe: Embedding, templates: Sequence[tuple[str, Embedding]], distance: float) -> str | None:
    """The customary rule: the first template near enough in Euclidean distance, not the nearest."""
    near = (name for name, template in templates if np.linalg.norm(template - probe) <= distance)
    return next(near, None)


def probes(photographs: Photographs) -> list[tuple[str | None, Path]]:
    """Every search of the protocol: who the photograph shows, and the file."""
    named = [(name, file) for name, files in photographs.probe.items() for file in files]
    return [*named, *((None, file) for file in photographs.strangers)]


def search(shows: str | None, face: Embedding | None, gallery: Gallery) -> Search:
    """Look for `face` in the gallery; without a face the search names nobody."""
    match = nearest(unit(face), gallery) if face is not None else None
    return Search(shows, match)


def enrolled_faces(photographs: Photographs, faces: dict[Path, Embedding]) -> list[tuple[str, Embedding]]:
    """Every enrolled photograph with a face: whose it is, and its embedding, in order of name."""
    return [(name, faces[f]) for name, files in photographs.enrol.items() for f in files if f in faces]


def searched(photographs: Photographs, faces: dict[Path, Embedding]) -> tuple[Gallery, list[Search]]:
    """The gallery of the people enrolled, and every search of the protocol in it."""
    enrolled: dict[str, list[Embedding]] = {}
    for name, face in enrolled_faces(photographs, faces):
        enrolled.setdefault(name, []).append(face)
    gallery = make_gallery(enrolled)
    return gallery, [search(shows, faces.get(file), gallery) for shows, file in probes(photographs)]


def measure(photographs: Photographs, faces: dict[Path, Embedding]) -> dict[str, object]:
    """The figures, with the keys of the JSON file."""
    templates = enrolled_faces(photographs, faces)
    gallery, searches = searched(photographs, faces)
    strict = threshold_at(0.01, searches)
    at_strict = rates(each.named_at(strict) for each in searches)
    customary = [
        (shows, first_within(faces[file], templates, CUSTOMARY_DISTANCE) if file in faces else None)
        for shows, file in probes(photographs)
    ]
    return {
        "students": len(gallery.student_ids),
        "probes": len(searches) - len(photographs.strangers),
        "strangers": len(photographs.strangers),
        "without_face": len(photographs.files) - len(faces),
        "tpir_at_fpir1": at_strict.tpir,
        "at_fpir1": {"threshold": strict, **asdict(at_strict)},
        "default": {
            "threshold": gallery.threshold,
            **asdict(rates(each.named_by_default(gallery) for each in searches)),
            "uncertain_probes": uncertain_share((each for each in searches if each.shows is not None), gallery),
            "uncertain_strangers": uncertain_share((each for each in searches if each.shows is None), gallery),
        },
        "customary": asdict(rates(customary)),
    }


def table(figures: dict[str, object]) -> Table:
    """The three rules side by side."""
    drawn = Table("rule", "threshold", "TPIR", "FPIR", "uncertain: probes", "strangers")
    rules = {"at_fpir1": "mean template, FPIR not above 1 %", "default": "the shipped rule, its lead included"}
    for key, title in {**rules, "customary": "first photograph within distance 0.6"}.items():
        row = figures[key]
        assert isinstance(row, dict)
        threshold = f"{row['threshold']:.4f}" if "threshold" in row else ""
        doubts = (f"{row[each]:.1%}" for each in ("uncertain_probes", "uncertain_strangers") if each in row)
        drawn.add_row(title, threshold, f"{row['tpir']:.1%}", f"{row['fpir']:.1%}", *doubts)
    return drawn


@click.command()
@data_option("lfw")
@json_option
@file_option("--plot", "Draw the DET curves of the customary rule and of ours there, as PNG.")
def main(data: Path, json: Path | None, plot: Path | None) -> None:
    """Search every probe and every stranger's photograph in DIR among the people enrolled there."""
    from recognition.bootstrap import identifier

    photographs = find_photographs(data)
    if plot:
        require_matplotlib()
    faces = embed_faces(photographs.files, identifier())
    figures = measure(photographs, faces)
    counts = "{students} students, {probes} probes, {strangers} strangers; {without_face} photographs without a face"
    Console().print(counts.format(**figures), table(figures))
    write_figures(json, figures)
    if plot:
        shown = [(shows, faces.get(file)) for shows, file in probes(photographs)]
        customary = customary_curve(enrolled_faces(photographs, faces), shown)
        save_det(plot, figures, {OURS: our_curve(searched(photographs, faces)[1]), CUSTOMARY: customary})
        click.echo(f"plot: {plot}", err=True)


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh identify")
