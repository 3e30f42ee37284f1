"""The gallery: one mean template for each enrolled student, and the threshold that belongs to it.

A gallery computed by another model is refused, never searched. It holds student ids and numbers only: no names, no
pictures. The surprising rule: the operator's gallery keeps each photograph's embedding too, which `calibrate` needs;
what is published does not, because the function has no use for it. `gallery_file` reads and writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from recognition.errors import GalleryError
from recognition.faces import DIMENSIONS, MODEL, unit
from recognition.threshold import fitted_threshold, moved_threshold, uncertain_band

ThresholdFrom = Literal["fitted", "legacy", "calibrated"]
"""The shipped formula; the formula less what a legacy gallery lacks; `python -m recognition calibrate --write`."""


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """Every photograph enrolled: `embeddings` (m, 128) as the network gives them, `owners` (m,) the number of the
    student's row in the gallery, `qualities` (m,) 0 to 1. Raises `GalleryError` when they differ in length."""

    embeddings: NDArray[np.float64]
    owners: NDArray[np.int64]
    qualities: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.embeddings.shape != (len(self.owners), DIMENSIONS) or len(self.qualities) != len(self.owners):
            raise GalleryError(f"the gallery's photographs differ in length: embeddings {self.embeddings.shape}")


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """`templates` is (n, 128), unit length, row i for `student_ids[i]`, the mean of `photographs[i]` photographs.

    `threshold` is the cosine similarity from which on (inclusive) a probe is named, made for `fpir`, the share of
    strangers that reach it. `enrolled` is None in a published or a legacy gallery. `sections` gives the enrolled
    students of each section's roster. Raises `GalleryError` when the parts do not fit one another.
    """

    student_ids: tuple[str, ...]
    templates: NDArray[np.float64]
    photographs: tuple[int, ...]
    threshold: float
    model: str = MODEL
    threshold_from: ThresholdFrom = "fitted"
    fpir: float = 0.01
    enrolled: Enrolled | None = None
    sections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.model != MODEL:
            raise GalleryError(
                f"the gallery was computed by model {self.model!r}, this program uses {MODEL!r}: enrol again"
            )
        if self.templates.shape != (len(self.student_ids), DIMENSIONS) or len(self.photographs) != len(
            self.student_ids
        ):
            raise GalleryError(f"the gallery's parts differ in length: templates {self.templates.shape}")
        if len(set(self.student_ids)) != len(self.student_ids) or not all(self.student_ids):
            raise GalleryError("a student is enrolled twice or without an id")
        if len(self.templates) and not np.allclose(np.linalg.norm(self.templates, axis=1), 1.0, atol=1e-6):
            raise GalleryError("the gallery's templates are not of unit length")
        if not 0.0 < self.threshold <= 1.0 or any(count < 1 for count in self.photographs):
            raise GalleryError("the gallery's threshold or photograph counts are out of range")
        if self.threshold_from not in get_args(ThresholdFrom) or not 0.0 < self.fpir < 1.0:
            raise GalleryError("the gallery does not say where its threshold is from")
        if self.enrolled is not None and not self._holds(self.enrolled):
            raise GalleryError("the gallery's photographs are not those of its students")
        if not set().union(*self.sections.values()) <= set(self.student_ids):
            raise GalleryError("a section's roster names students who are not in the gallery")

    def _holds(self, enrolled: Enrolled) -> bool:
        counts = np.bincount(enrolled.owners, minlength=len(self.photographs)) if np.all(enrolled.owners >= 0) else ()
        return tuple(counts) == self.photographs and bool(np.all(np.isfinite(enrolled.qualities)))

    @property
    def uncertain_from(self) -> float:
        """The similarity (inclusive) from which on a face that is not named is *uncertain*."""
        return self.threshold - uncertain_band(self.photographs)

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits of what the gallery holds: equal contents, equal version."""
        digest = hashlib.sha256(f"{self.model} {self.threshold} {self.student_ids} {self.photographs}".encode())
        digest.update(np.ascontiguousarray(self.templates, dtype="<f8").tobytes())
        if self.sections:
            digest.update(repr(sorted(self.sections.items())).encode())
        return digest.hexdigest()[:12]

    def without(self, student_ids: Collection[str]) -> Gallery:
        """The gallery without these students, its sections' rosters as well; see `restricted_to`."""
        gone = frozenset(student_ids)
        rest = self.restricted_to([each for each in self.student_ids if each not in gone])
        return replace(
            rest, sections={name: tuple(e for e in ids if e not in gone) for name, ids in self.sections.items()}
        )

    def restricted_to(self, student_ids: Collection[str]) -> Gallery:
        """The gallery of these students only: without the photographs' embeddings, and without sections.

        The threshold moves by what the formula says of the two rosters, so that a calibrated one stays so.
        """
        wanted = frozenset(student_ids)
        kept = [n for n, student_id in enumerate(self.student_ids) if student_id in wanted]
        photographs = tuple(self.photographs[n] for n in kept)
        return replace(
            self,
            student_ids=tuple(self.student_ids[n] for n in kept),
            templates=self.templates[kept],
            photographs=photographs,
            threshold=moved_threshold(self.threshold, self.photographs, photographs) if kept else 1.0,
            enrolled=None,
            sections={},
        )


def mean_template(embeddings: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The template (128,) of one student: the mean of the photographs' embeddings, scaled to unit length."""
    return unit(np.mean(np.stack(list(embeddings)), axis=0))


def make_gallery(
    embeddings: Mapping[str, Sequence[NDArray[np.float64]]], qualities: Mapping[str, Sequence[float]] | None = None
) -> Gallery:
    """The gallery of `embeddings`, student id to the embeddings (128,) of that student's photographs.

    `qualities` gives each photograph's quality, 0 to 1; without it all are 1.
    """
    photographs = tuple(len(found) for found in embeddings.values())
    templates = np.array([mean_template(found) for found in embeddings.values()]).reshape(-1, DIMENSIONS)
    enrolled = Enrolled(
        np.array([each for found in embeddings.values() for each in found]).reshape(-1, DIMENSIONS),
        np.repeat(np.arange(len(photographs)), photographs),
        np.array([each for found in qualities.values() for each in found]) if qualities else np.ones(sum(photographs)),
    )
    return Gallery(tuple(embeddings), templates, photographs, fitted_threshold(photographs), enrolled=enrolled)
