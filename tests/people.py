"""People made of numbers: embeddings whose similarity to one another is known, for tests of pure decisions."""

from __future__ import annotations

import numpy as np

from recognition.faces import Box, Embedding, Sighting
from recognition.gallery import Gallery, make_gallery


def direction(number: int) -> Embedding:
    """Unit vector along axis `number`: nobody resembles anybody else."""
    vector = np.zeros(128)
    vector[number] = 1.0
    return vector


def alike(number: int, similarity: float, towards: int = 127) -> Embedding:
    """A unit vector with cosine `similarity` to person `number`, leaning towards another axis."""
    return similarity * direction(number) + float(np.sqrt(1 - similarity**2)) * direction(towards)


def gallery_of(*student_ids: str, photographs: int = 3) -> Gallery:
    """Student i has the template `direction(i)`."""
    return make_gallery({student_id: [direction(n)] * photographs for n, student_id in enumerate(student_ids)})


def sighting(frame: int, embedding: Embedding, left: int = 100) -> Sighting:
    """A face 100 pixels wide in sampled frame `frame`, a second apart from the next."""
    return Sighting(frame, float(frame), Box(left, 100, left + 99, 199), 1.0, embedding)
