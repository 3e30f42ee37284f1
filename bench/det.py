"""DET curves of two rules of naming: the customary one, swept over its distance, and ours, over its threshold.

Knows embeddings and searches, no photographs. The surprising rule: the customary curve bends back. The wider its
distance, the more often the first photograph near enough is another student's, so students are lost at both ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from bench.naming import Naming, Search, rates
from recognition.calibration.estimate import det_curve
from recognition.calibration.plot import draw_det, new_figure
from recognition.calibration.searches import Numbers, Searches
from recognition.faces import Embedding

OURS = "ours: mean template, clear lead"
CUSTOMARY = "customary: first photograph within a distance"
DISTANCES = np.linspace(0.9, 0.2, 281)

Curve: TypeAlias = tuple[Numbers, Numbers]
"""FPIR and FNIR (1 - TPIR), each (t,), from the rule that names the most to the one that names the least."""


def our_curve(searches: Sequence[Search]) -> Curve:
    """The shipped rule at every threshold, its lead over the runner-up included."""
    return det_curve(
        _columns([each for each in searches if each.shows is not None]),
        _columns([each for each in searches if each.shows is None]),
    )


def customary_curve(
    templates: Sequence[tuple[str, Embedding]], probes: Sequence[tuple[str | None, Embedding | None]]
) -> Curve:
    """The first of `templates` within a distance, for each of `DISTANCES`; a probe is who it shows, and its face."""
    names = [name for name, _ in templates]
    enrolled = np.array([face for _, face in templates])
    away = [
        None if face is None else np.asarray(np.linalg.norm(enrolled - face, axis=1), dtype=np.float64)
        for _, face in probes
    ]
    shown = [shows for shows, _ in probes]
    found = [rates(_named(shown, away, names, distance)) for distance in DISTANCES]
    return np.array([each.fpir for each in found]), 1 - np.array([each.tpir for each in found])


def save_det(file: Path, figures: Mapping[str, object], curves: Mapping[str, Curve]) -> None:
    """Draw `curves`, and the rates of "default" and "customary" in `figures`, as PNG. Raises `SetupError`."""
    figure = new_figure(width=6.4)
    points: dict[str, tuple[float, float]] = {}
    for key, name in {"default": "the shipped threshold", "customary": "the customary 0.6"}.items():
        row = figures[key]
        assert isinstance(row, dict)
        points[name] = (row["fpir"], 1 - row["tpir"])
    draw_det(figure.subplots(), curves, points)
    figure.savefig(file, format="png", dpi=110)


def _columns(searches: Sequence[Search]) -> Searches:
    return Searches(
        np.array([each.similarity for each in searches]),
        np.array([each.match.margin if each.match else 0.0 for each in searches]),
        np.arange(len(searches)),
        np.array([each.nearest_is_right for each in searches], dtype=bool),
    )


def _named(
    shown: Sequence[str | None], away: Sequence[Numbers | None], names: Sequence[str], distance: float
) -> list[Naming]:
    """Who is shown, and whom the first photograph within `distance` names."""
    near = [None if each is None else each <= distance for each in away]
    return [
        (shows, None if each is None or not each.any() else names[int(each.argmax())])
        for shows, each in zip(shown, near, strict=True)
    ]
