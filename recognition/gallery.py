"""The gallery: one mean template for each enrolled student, and the threshold that belongs to it.

Stored as `.npz` without pickle. A gallery computed by another model is refused, never searched. It holds student ids
and numbers only: no names, no pictures. The surprising rule: the operator's file keeps each photograph's embedding too,
which `calibrate` needs; what is published does not, because the function has no use for it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from recognition.errors import GalleryError
from recognition.faces import DIMENSIONS, MODEL, unit
from recognition.threshold import fitted_threshold, uncertain_band

FIELDS = ("model", "student_ids", "templates", "photographs", "threshold", "threshold_from", "fpir")
ENROLLED = ("embeddings", "owners", "qualities")

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
    strangers that reach it. `enrolled` is None in a published or a legacy gallery. Raises `GalleryError` when the parts
    do not fit one another.
    """

    student_ids: tuple[str, ...]
    templates: NDArray[np.float64]
    photographs: tuple[int, ...]
    threshold: float
    model: str = MODEL
    threshold_from: ThresholdFrom = "fitted"
    fpir: float = 0.01
    enrolled: Enrolled | None = None

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

    @property
    def uncertain_from(self) -> float:
        """The similarity (inclusive) from which on a face that is not named is *uncertain*."""
        return self.threshold - uncertain_band(self.photographs)

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits of what the gallery holds: equal contents, equal version."""
        digest = hashlib.sha256(f"{self.model} {self.threshold} {self.student_ids} {self.photographs}".encode())
        digest.update(np.ascontiguousarray(self.templates, dtype="<f8").tobytes())
        return digest.hexdigest()[:12]

    def restricted_to(self, student_ids: Collection[str]) -> Gallery:
        """The gallery of these students only, to be published: without the photographs' embeddings.

        The threshold moves by what the formula says of the two rosters, so that a calibrated one stays so.
        """
        wanted = frozenset(student_ids)
        kept = [n for n, student_id in enumerate(self.student_ids) if student_id in wanted]
        photographs = tuple(self.photographs[n] for n in kept)
        moved = self.threshold + fitted_threshold(photographs) - fitted_threshold(self.photographs)
        return replace(
            self,
            student_ids=tuple(self.student_ids[n] for n in kept),
            templates=self.templates[kept],
            photographs=photographs,
            threshold=min(1.0, round(moved, 4)) if kept else 1.0,
            enrolled=None,
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


def write_gallery(gallery: Gallery) -> bytes:
    """The `.npz` file's bytes."""
    file = io.BytesIO()
    photographs = {name: getattr(gallery.enrolled, name) for name in ENROLLED} if gallery.enrolled else {}
    np.savez(  # compressing embeddings saves a tenth and takes most of the time
        file,
        model=np.array(gallery.model),
        student_ids=np.array(gallery.student_ids, dtype=np.str_),
        templates=gallery.templates,
        photographs=np.array(gallery.photographs, dtype=np.int64),
        threshold=np.array(gallery.threshold),
        threshold_from=np.array(gallery.threshold_from),
        fpir=np.array(gallery.fpir),
        **photographs,
    )
    return file.getvalue()


def read_gallery(data: bytes) -> Gallery:
    """The gallery in a `.npz` file. Raises `GalleryError` when it is damaged, foreign, or of another model."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            model, student_ids, templates, photographs, threshold, threshold_from, fpir = (stored[f] for f in FIELDS)
            return Gallery(
                student_ids=tuple(student_ids.tolist()),
                templates=np.asarray(templates, dtype=np.float64).reshape(-1, DIMENSIONS),
                photographs=tuple(photographs.tolist()),
                threshold=float(threshold),
                model=str(model),
                threshold_from=cast(ThresholdFrom, str(threshold_from)),
                fpir=float(fpir),
                enrolled=Enrolled(*(stored[name] for name in ENROLLED)) if ENROLLED[0] in stored else None,
            )
    except GalleryError:
        raise
    except Exception as error:  # a damaged archive makes zipfile, zlib and numpy raise anything at all
        raise GalleryError(
            f"not a gallery file ({type(error).__name__}): make one with `python -m recognition enrol`"
        ) from error
