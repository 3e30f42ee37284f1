"""The gallery's file: `.npz` without pickle, so that reading one executes nothing.

The surprising rule: nothing is compressed, because embeddings hardly shrink and inflating them takes most of the time.
"""

from __future__ import annotations

import io
import json
from typing import Any, cast

import numpy as np

from recognition.errors import GalleryError
from recognition.faces import DIMENSIONS
from recognition.gallery import Enrolled, Gallery, ThresholdFrom

FIELDS = ("model", "student_ids", "templates", "photographs", "threshold", "threshold_from", "fpir")
ENROLLED = ("embeddings", "owners", "qualities")


def write_gallery(gallery: Gallery) -> bytes:
    """The `.npz` file's bytes."""
    file = io.BytesIO()
    more: dict[str, Any] = {name: getattr(gallery.enrolled, name) for name in ENROLLED} if gallery.enrolled else {}
    if gallery.sections:
        more["sections"] = np.array(json.dumps(gallery.sections))
    np.savez(
        file,
        model=np.array(gallery.model),
        student_ids=np.array(gallery.student_ids, dtype=np.str_),
        templates=gallery.templates,
        photographs=np.array(gallery.photographs, dtype=np.int64),
        threshold=np.array(gallery.threshold),
        threshold_from=np.array(gallery.threshold_from),
        fpir=np.array(gallery.fpir),
        **more,
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
                sections=_sections(str(stored["sections"])) if "sections" in stored else {},
            )
    except GalleryError:
        raise
    except Exception as error:  # a damaged archive makes zipfile, zlib and numpy raise anything at all
        raise GalleryError(
            f"not a gallery file ({type(error).__name__}): make one with `python -m recognition enrol`"
        ) from error


def _sections(text: str) -> dict[str, tuple[str, ...]]:
    return {str(section): tuple(map(str, roster)) for section, roster in json.loads(text).items()}
