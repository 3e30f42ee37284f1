"""Probes against the gallery: open-set identification by cosine similarity. Pure; no frames, no votes.

The best match is always the *nearest* template, never the first one close enough. All probes are compared in one
matrix product, in double precision: measured, 100,000 templates take well under 20 ms, so there is no faster copy
whose rounding could decide at the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.faces import Embedding
from recognition.gallery import Gallery

NO_RUNNER_UP = 2.0


@dataclass(frozen=True, slots=True)
class Match:
    """The enrolled student nearest to a probe, whether near enough or not.

    `similarity` is the cosine, -1 to 1; `margin` how far behind the runner-up is (2.0: there is none).
    """

    student_id: str
    similarity: float
    margin: float
    runner_up: str | None = None


def nearest(probe: Embedding, gallery: Gallery) -> Match | None:
    """The best match for `probe` (128,), unit length; None when nobody is enrolled."""
    return next(iter(nearest_each(probe[np.newaxis], gallery)), None)


def nearest_each(probes: NDArray[np.float64], gallery: Gallery) -> list[Match]:
    """The best match for each of `probes` (k, 128), unit length, in their order; empty when nobody is enrolled.

    Holds k similarities for every template: 8 MB for ten probes among 100,000.
    """
    if len(gallery.student_ids) == 0:
        return []
    similarities = probes @ gallery.templates.T
    each = np.arange(len(probes))
    best = similarities.argmax(axis=1)
    highest = similarities[each, best]
    similarities[each, best] = -np.inf  # what is highest now is the runner-up
    second = similarities.argmax(axis=1)
    margins = np.minimum(highest - similarities[each, second], NO_RUNNER_UP)
    ids = gallery.student_ids
    return [
        Match(ids[n], min(1.0, float(similarity)), float(margin), ids[m] if len(ids) > 1 else None)
        for n, m, similarity, margin in zip(best, second, highest, margins, strict=True)
    ]
