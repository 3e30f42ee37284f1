"""The DET curves that the benchmark draws are the rules' own rates, with people made of numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.det import DISTANCES, customary_curve, our_curve, save_det
from bench.identify import first_within
from bench.naming import Search, rates
from recognition.faces import Embedding
from recognition.match import Match
from recognition.vote import CLEAR_LEAD
from tests.people import alike, direction

FIGURES = {"default": {"tpir": 0.9, "fpir": 0.0}, "customary": {"tpir": 0.5, "fpir": 0.2}}


def test_the_customary_curve_holds_the_customary_rules_own_rates() -> None:
    templates = [("ada", alike(0, 0.9)), ("bob", direction(0)), ("eve", direction(1))]
    probes: list[tuple[str | None, Embedding | None]] = [
        ("bob", direction(0)),
        ("eve", alike(1, 0.85)),
        ("eve", None),
        (None, alike(0, 0.8, 9)),
    ]
    fpir, fnir = customary_curve(templates, probes)
    for number in range(0, len(DISTANCES), 20):
        named = (first_within(face, templates, DISTANCES[number]) if face is not None else None for _, face in probes)
        wanted = rates(zip((shows for shows, _ in probes), named, strict=True))
        assert (fpir[number], 1 - fnir[number]) == pytest.approx((wanted.fpir, wanted.tpir))
    assert len(set(fnir.tolist())) > 1


def test_our_curve_never_names_whoever_has_no_clear_lead_or_no_face() -> None:
    searches = [
        Search("ada", Match("ada", 0.97, 2 * CLEAR_LEAD)),
        Search("ada", Match("ada", 0.99, CLEAR_LEAD / 2)),
        Search("ada", None),
        Search(None, Match("ada", 0.95, 2 * CLEAR_LEAD)),
        Search(None, Match("ada", 0.98, CLEAR_LEAD / 2)),
    ]
    fpir, fnir = our_curve(searches)
    assert list(zip(fpir, fnir, strict=True)) == [(0.5, pytest.approx(2 / 3)), (0.0, pytest.approx(2 / 3))]


def test_the_curves_are_drawn_as_png(tmp_path: Path) -> None:
    save_det(tmp_path / "det.png", FIGURES, {"ours": (np.array([1.0, 0.0]), np.array([0.0, 1.0]))})
    assert (tmp_path / "det.png").read_bytes().startswith(b"\x89PNG")
