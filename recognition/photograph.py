"""One photograph to enrol: read safely, one face found in it, embedded, and judged.

Whose it is, is not known here. A photograph with no face or with two is refused with its reason; a poor one is not, its
quality tells.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from recognition.detect import LOOKS
from recognition.errors import EnrolmentError
from recognition.faces import Detection, Embedding, Rgb
from recognition.identify import Identifier
from recognition.quality import Quality, quality_of

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")  # others start programs (PostScript) or are no photographs


@dataclass(frozen=True, slots=True)
class Refusal:
    """A photograph that was not enrolled, or that had better be replaced, and why."""

    photograph: Path
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Photographed:
    """The one face of a photograph."""

    photograph: Path
    embedding: Embedding
    quality: Quality


def read_photograph(path: Path) -> Rgb:
    """The photograph, upright (EXIF orientation). Raises `EnrolmentError` when Pillow cannot read it safely."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                return np.ascontiguousarray(ImageOps.exif_transpose(image).convert("RGB"))
    except Exception as error:  # a damaged photograph makes Pillow raise anything at all
        raise EnrolmentError(f"not a readable photograph ({type(error).__name__})") from error


def look_at_photograph(path: Path, identifier: Identifier) -> Photographed | Refusal:
    """The one face of the photograph, or why it cannot be enrolled."""
    try:
        rgb = read_photograph(path)
    except EnrolmentError as error:
        return Refusal(path, str(error))
    faces = next(_non_empty(rgb, identifier), [])
    if len(faces) != 1:
        return Refusal(path, f"{len(faces)} faces were found; exactly one is needed" if faces else "no face was found")
    landmarks = identifier.embedder.landmarks(rgb, faces[0].box)
    embedding = identifier.embedder.embed(rgb, faces[0].box, landmarks)
    return Photographed(path, embedding, quality_of(rgb, faces[0].box, landmarks))


def _non_empty(rgb: Rgb, identifier: Identifier) -> Iterator[list[Detection]]:
    return (found for look in LOOKS if (found := identifier.detector.detect(rgb, look)))
