"""Identification is as good as the figures stored here. Needs the evaluation data beside the checkout; a minute."""

from __future__ import annotations

import pytest

from bench.command import DATA
from bench.identify import measure
from bench.photographs import embed_faces, find_photographs
from recognition.identify import Identifier

STORED_TPIR, STORED_FPIR = 0.965, 0.0
STORED_TPIR_AT_FPIR1 = 0.975

TOLERANCE = 0.01
"""Two probes of 200, or two strangers of 250: what another build of dlib may move, and less than a wrong rule would."""


@pytest.mark.quality
def test_identification_is_as_good_as_the_stored_figures(identifier: Identifier) -> None:
    if not (DATA / "lfw").is_dir():
        pytest.skip("the LFW data is not beside this checkout")
    photographs = find_photographs(DATA / "lfw")
    figures = measure(photographs, embed_faces(photographs.files, identifier))
    default = figures["default"]
    assert isinstance(default, dict)
    assert isinstance(figures["tpir_at_fpir1"], float)
    assert default["tpir"] >= STORED_TPIR - TOLERANCE
    assert default["fpir"] <= STORED_FPIR + TOLERANCE
    assert figures["tpir_at_fpir1"] >= STORED_TPIR_AT_FPIR1 - TOLERANCE
