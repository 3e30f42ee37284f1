"""How many enrolled people are named rightly, and how many strangers wrongly: open-set identification.

One search a photograph. TPIR is the share of all probes named as who they are, FPIR the share of all strangers named
at all. The default is the shipped rule itself, `vote.answer_to`, its lead over the runner-up included. The surprising
rule: a photograph without a found face stays in the denominator, as a search that named nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.command import data_option, json_option, write_figures
from bench.photographs import Photographs, embed_faces, find_photographs
from recognition.faces import Embedding, unit
from recognition.gallery import Gallery, make_gallery
from recognition.match import Match, nearest
from recognition.vote import Answer, answer_to

CUSTOMARY_DISTANCE = 0.6
NO_FACE = -2.0  # below every cosine

Naming: TypeAlias = tuple[str | None, str | None]
"""Who is shown (None: a stranger), and who is named (None: nobody)."""


@dataclass(frozen=True, slots=True)
class Search:
    """One probe: who it shows (None: a stranger), and the nearest student (None: no face was found)."""

    shows: str | None
    match: Match | None

    @property
    def similarity(self) -> float:
        """To the nearest student; below every cosine without a face."""
        return self.match.similarity if self.match else NO_FACE

    @property
    def nearest_is_right(self) -> bool:
        """Whether the nearest student is the one shown."""
        return self.match is not None and self.match.student_id == self.shows

    def named_at(self, threshold: float) -> Naming:
        """By the similarity alone: who it shows, and who is named at `threshold` (inclusive)."""
        return self.shows, self.match.student_id if self.match and self.similarity >= threshold else None

    def named_by_default(self, gallery: Gallery) -> Naming:
        """By the shipped rule: who it shows, and who is named."""
        return self.shows, self.match.student_id if self.match and self.answer(gallery) == "identified" else None

    def answer(self, gallery: Gallery) -> Answer:
        """By the shipped rule for a single look, with which every frame agrees."""
        return answer_to(self.match, True, gallery) if self.match else "unknown"


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares, 0 to 1."""

    tpir: float
    fpir: float


def rates(answers: Iterable[Naming]) -> Rates:
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
    return Search(shows, match)


def uncertain_share(searches: Iterable[Search], gallery: Gallery) -> float:
    """The share of `searches` that a person would be asked about, 0 to 1."""
    answers = [each.answer(gallery) for each in searches]
    return answers.count("uncertain") / len(answers)


def measure(photographs: Photographs, faces: dict[Path, Embedding]) -> dict[str, object]:
    """The figures, with the keys of the JSON file."""
    templates = [(name, faces[f]) for name, files in photographs.enrol.items() for f in files if f in faces]
    enrolled: dict[str, list[Embedding]] = {}
    for name, face in templates:
        enrolled.setdefault(name, []).append(face)
    gallery = make_gallery(enrolled)
    searches = [search(shows, faces.get(file), gallery) for shows, file in probes(photographs)]
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
