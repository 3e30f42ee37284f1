"""How many enrolled people are named rightly, and how many strangers wrongly: open-set identification.

One search a photograph. TPIR is the share of all probes named as who they are, FPIR the share of all strangers named
at all. The surprising rule: a photograph without a found face stays in the denominator, as a search that named nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.command import data_option, json_option, write_figures
from bench.photographs import Photographs, embed_faces, find_photographs
from recognition.faces import Embedding, unit
from recognition.gallery import Gallery, make_gallery
from recognition.match import nearest

CUSTOMARY_DISTANCE = 0.6
NO_FACE = -2.0  # below every cosine


@dataclass(frozen=True, slots=True)
class Search:
    """One probe: who it shows (None: a stranger), the nearest student, and the similarity."""

    shows: str | None
    student_id: str | None
    similarity: float

    def answer(self, threshold: float) -> tuple[str | None, str | None]:
        """Who it shows, and who is named at `threshold` (inclusive)."""
        return self.shows, self.student_id if self.similarity >= threshold else None


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares, 0 to 1."""

    tpir: float
    fpir: float


def rates(answers: Iterable[tuple[str | None, str | None]]) -> Rates:
    """The rates of answers (shown, named). Raises `ValueError` without probes or without strangers."""
    listed = list(answers)
    hits = [shows == named for shows, named in listed if shows is not None]
    alarms = [named is not None for shows, named in listed if shows is None]
    if not hits or not alarms:
        raise ValueError("rates need probes of enrolled people and of strangers")
    return Rates(sum(hits) / len(hits), sum(alarms) / len(alarms))


def threshold_at(fpir: float, searches: Sequence[Search]) -> float:
    """The lowest threshold at which not more than `fpir` of the strangers are named."""
    strangers = sorted((search.similarity for search in searches if search.shows is None), reverse=True)
    allowed = int(fpir * len(strangers))
    return float(np.nextafter(strangers[allowed], np.inf)) if allowed < len(strangers) else NO_FACE


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
    return Search(shows, match.student_id, match.similarity) if match else Search(shows, None, NO_FACE)


def measure(photographs: Photographs, faces: dict[Path, Embedding]) -> dict[str, object]:
    """The figures, with the keys of the JSON file."""
    templates = [(name, faces[f]) for name, files in photographs.enrol.items() for f in files if f in faces]
    enrolled: dict[str, list[Embedding]] = {}
    for name, face in templates:
        enrolled.setdefault(name, []).append(face)
    gallery = make_gallery(enrolled)
    searches = [search(shows, faces.get(file), gallery) for shows, file in probes(photographs)]
    strict = threshold_at(0.01, searches)
    at_strict = rates(each.answer(strict) for each in searches)
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
            **asdict(rates(each.answer(gallery.threshold) for each in searches)),
        },
        "customary": asdict(rates(customary)),
    }


def table(figures: dict[str, object]) -> Table:
    """The three rules side by side."""
    drawn = Table("rule", "threshold", "TPIR", "FPIR")
    rules = {"at_fpir1": "mean template, FPIR not above 1 %", "default": "mean template, the gallery's own threshold"}
    for key, title in {**rules, "customary": "first photograph within distance 0.6"}.items():
        row = figures[key]
        assert isinstance(row, dict)
        threshold = f"{row['threshold']:.4f}" if "threshold" in row else ""
        drawn.add_row(title, threshold, f"{row['tpir']:.1%}", f"{row['fpir']:.1%}")
    return drawn


@click.command()
@data_option("lfw")
@json_option
def main(data: Path, json: Path | None) -> None:
    """Search every probe and every stranger's photograph in DIR among the people enrolled there."""
    from recognition.bootstrap import identifier

    photographs = find_photographs(data)
    figures = measure(photographs, embed_faces(photographs.files, identifier()))
    counts = "{students} students, {probes} probes, {strangers} strangers; {without_face} photographs without a face"
    Console().print(counts.format(**figures), table(figures))
    write_figures(json, figures)


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh identify")
