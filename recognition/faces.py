"""The values that travel between the steps: frames, boxes, detections, sightings.

No I/O, no dlib: whoever holds these can decide and test without either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

MODEL = "dlib-resnet-v1"
"""Who computes the embeddings; what another model computed cannot be compared with them."""

DIMENSIONS = 128

SAME_FACE = 0.3  # boxes of one picture that overlap more are one face seen at two scales

Rgb: TypeAlias = NDArray[np.uint8]
"""A picture, shape (h, w, 3), uint8, red green blue, C-contiguous."""

Grey: TypeAlias = NDArray[np.uint8]
"""A picture's luminance, shape (h, w), uint8, C-contiguous."""

Embedding: TypeAlias = NDArray[np.float64]
"""Shape (128,), float64. Computed from one face; a *template* is the enrolled kind."""

Landmarks: TypeAlias = NDArray[np.int64]
"""Shape (5, 2): x and y in pixels of both corners of one eye, of the other, and of the point below the nose."""


@dataclass(frozen=True, slots=True)
class Box:
    """A face's rectangle in full-size pixels, edges included; it may reach beyond the picture's border."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        """Square pixels, never negative."""
        return max(0, self.right - self.left + 1) * max(0, self.bottom - self.top + 1)

    def shared_area(self, other: Box) -> int:
        """Square pixels that lie in both."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        ).area

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        shared = self.shared_area(other)
        return shared / (self.area + other.area - shared) if shared else 0.0


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found in one picture; `confidence` is the detector's own score, above 0, without a unit."""

    box: Box
    confidence: float


def distinct(found: Iterable[Detection], known: Iterable[Box]) -> list[Detection]:
    """Those of `found` that are neither in a `known` box's place nor in that of a more confident one."""
    taken = list(known)
    kept: list[Detection] = []
    for face in sorted(found, key=lambda face: -face.confidence):
        if all(face.box.overlap(box) < SAME_FACE for box in taken):
            taken.append(face.box)
            kept.append(face)
    return kept


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One sampled frame, upright, `time_s` seconds after the clip's start."""

    time_s: float
    rgb: Rgb
    grey: Grey | None = None
    """The same picture for detection, its shorter side 480 pixels at most, if whoever decoded it made one."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face in the sampled frame number `frame` (counted from 0), with its unit-length embedding.

    `quality` is how good a look it is, 0 to 1.
    """

    frame: int
    time_s: float
    box: Box
    confidence: float
    embedding: Embedding
    quality: float = 1.0


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """`vectors` (…, 128) scaled to length 1 along the last axis. A zero vector is a `ValueError`."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not np.all(np.isfinite(lengths)) or np.any(lengths == 0):
        raise ValueError("an embedding without length or with NaN cannot be compared")
    return np.asarray(vectors / lengths, dtype=np.float64)
