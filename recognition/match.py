"""One probe against the gallery: open-set identification by cosine similarity. Pure; no frames, no votes.

The best match is always the *nearest* template, never the first one close enough.
"""

from __future__ import annotations

from dataclasses import dataclass

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


def nearest(probe: Embedding, gallery: Gallery) -> Match | None:
    """The best match for `probe` (128,), unit length; None when nobody is enrolled."""
    if not gallery.student_ids:
        return None
    similarities = gallery.templates @ probe
    best = int(similarities.argmax())
    others = [float(s) for n, s in enumerate(similarities) if n != best]
    margin = float(similarities[best]) - max(others) if others else NO_RUNNER_UP
    return Match(gallery.student_ids[best], min(1.0, float(similarities[best])), margin)
