"""The gallery: one mean template for each enrolled student, and the threshold that belongs to it.

Stored as `.npz` without pickle. A gallery computed by another model is refused, never searched. It holds
student ids and numbers only: no names, no pictures.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.errors import GalleryError
from recognition.faces import DIMENSIONS, MODEL, unit
from recognition.threshold import fitted_threshold

FIELDS = ("model", "student_ids", "templates", "photographs", "threshold")


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """`templates` is (n, 128), unit length, row i for `student_ids[i]`, the mean of `photographs[i]` photographs.

    `threshold` is the cosine similarity from which on (inclusive) a probe is named. Raises `GalleryError` when
    the parts do not fit one another.
    """

    student_ids: tuple[str, ...]
    templates: NDArray[np.float64]
    photographs: tuple[int, ...]
    threshold: float
    model: str = MODEL

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

    @property
    def uncertain_from(self) -> float:
        """The similarity (inclusive) from which on a face that is not named is *uncertain*."""
        return self.threshold - 0.015

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits of what the gallery holds: equal contents, equal version."""
        digest = hashlib.sha256(f"{self.model} {self.threshold} {self.student_ids} {self.photographs}".encode())
        digest.update(np.ascontiguousarray(self.templates, dtype="<f8").tobytes())
        return digest.hexdigest()[:12]

    def restricted_to(self, student_ids: Collection[str]) -> Gallery:
        """The gallery of these students only, with the threshold of the smaller roster."""
        kept = [n for n, student_id in enumerate(self.student_ids) if student_id in student_ids]
        photographs = tuple(self.photographs[n] for n in kept)
        return Gallery(
            tuple(self.student_ids[n] for n in kept), self.templates[kept], photographs, fitted_threshold(photographs)
        )


def mean_template(embeddings: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The template (128,) of one student: the mean of the photographs' embeddings, scaled to unit length."""
    return unit(np.mean(np.stack(list(embeddings)), axis=0))


def make_gallery(embeddings: dict[str, list[NDArray[np.float64]]]) -> Gallery:
    """The gallery of `embeddings`, student id to the embeddings (128,) of that student's photographs."""
    photographs = tuple(len(found) for found in embeddings.values())
    templates = np.array([mean_template(found) for found in embeddings.values()]).reshape(-1, DIMENSIONS)
    return Gallery(tuple(embeddings), templates, photographs, fitted_threshold(photographs))


def write_gallery(gallery: Gallery) -> bytes:
    """The `.npz` file's bytes."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        model=np.array(gallery.model),
        student_ids=np.array(gallery.student_ids, dtype=np.str_),
        templates=gallery.templates,
        photographs=np.array(gallery.photographs, dtype=np.int64),
        threshold=np.array(gallery.threshold),
    )
    return file.getvalue()


def read_gallery(data: bytes) -> Gallery:
    """The gallery in a `.npz` file. Raises `GalleryError` when it is damaged, foreign, or of another model."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            model, student_ids, templates, photographs, threshold = (stored[name] for name in FIELDS)
            return Gallery(
                student_ids=tuple(str(student_id) for student_id in student_ids),
                templates=np.asarray(templates, dtype=np.float64).reshape(-1, DIMENSIONS),
                photographs=tuple(int(count) for count in photographs),
                threshold=float(threshold),
                model=str(model),
            )
    except GalleryError:
        raise
    except Exception as error:  # a damaged archive makes zipfile, zlib and numpy raise anything at all
        raise GalleryError(
            f"not a gallery file ({type(error).__name__}): make one with `python -m recognition enrol`"
        ) from error
