"""Which students resemble one another, and whose photographs should be replaced or joined by others.

Pure: numbers in, sentences' parts out. The surprising rule: a gallery holds no file names, so a photograph goes by its
number among those of its student that were enrolled, in order of name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recognition.calibration.scores import BLOCK
from recognition.calibration.searches import Numbers
from recognition.gallery import Enrolled, Gallery

FEWEST_PHOTOGRAPHS = 2
ADVISED_PHOTOGRAPHS = 3
POOR_QUALITY = 0.3
MOST_PAIRS = 10


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Two students by id, and the cosine similarity of their templates."""

    student_id: str
    other: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is wrong with a student's photographs, in words for the operator."""

    student_id: str
    says: str


def look_alikes(gallery: Gallery) -> list[LookAlikes]:
    """The pairs whose templates reach `gallery.uncertain_from`, the most alike first, at most `MOST_PAIRS`."""
    count = len(gallery.student_ids)
    pairs: list[LookAlikes] = []
    for start in range(0, count, BLOCK):
        similarities = np.tril(gallery.templates[start : start + BLOCK] @ gallery.templates.T, start - 1)
        for row, column in np.argwhere(similarities >= gallery.uncertain_from):
            names = gallery.student_ids[column], gallery.student_ids[start + row]
            pairs.append(LookAlikes(*names, float(similarities[row, column])))
    return sorted(pairs, key=lambda pair: -pair.similarity)[:MOST_PAIRS]


def doubts(gallery: Gallery, enrolled: Enrolled, own: Numbers) -> list[Doubt]:
    """What is wrong with the students' photographs, in the gallery's order.

    `own` (m,) is each photograph's similarity to its owner's other ones, NaN for an only one.
    """
    found: list[Doubt] = []
    for number, student_id in enumerate(gallery.student_ids):
        rows = np.flatnonzero(enrolled.owners == number)
        if len(rows) < FEWEST_PHOTOGRAPHS:
            found.append(Doubt(student_id, f"{len(rows)} photograph only; {ADVISED_PHOTOGRAPHS} are advised"))
        for nth, row in enumerate(rows, start=1):
            photograph = f"photograph {nth} of {len(rows)}"
            if own[row] < gallery.uncertain_from:
                found.append(
                    Doubt(
                        student_id, f"{photograph} does not look like this student's other photographs ({own[row]:.4f})"
                    )
                )
            if enrolled.qualities[row] < POOR_QUALITY:
                found.append(Doubt(student_id, f"{photograph} is poor (quality {enrolled.qualities[row]:.2f})"))
    return found
