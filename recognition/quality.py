"""How good a look at a face is: size, sharpness, frontal pose, exposure. Pure arithmetic on pixels and landmarks.

It never asks who it is: faces are ranked by quality, never by likeness to somebody enrolled. The surprising rule: above
a modest level quality says nothing more about how well a face is identified (measured), so that the score is 1 there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recognition.faces import Box, Landmarks, Rgb

Poor: TypeAlias = Literal["too small", "blurred", "turned away", "too dark", "too bright"]
"""What can be wrong with a look at a face, in words for who chose the photograph."""

SIDE = 80  # pixels to which a face is reduced before its sharpness is measured
GLARE = 250  # grey levels from here on hold no detail any more
FAULTY = 0.8  # a part below it costs about 0.02 of similarity (LFW, blurred): worth another photograph

# Good: a change this far costs less than 0.004 of similarity on LFW. Poor: it costs 0.04 to 0.06, more than usually
# lies between a student and the threshold. Photographs were reduced, blurred, darkened and brightened step by step.
GOOD_SIZE_PX, POOR_SIZE_PX = 36.0, 14.0
GOOD_SHARPNESS, POOR_SHARPNESS = 0.034, 0.007
GOOD_TURN, POOR_TURN = 0.30, 0.70
GOOD_CONTRAST, POOR_CONTRAST = 10.0, 2.5
GOOD_GLARE, POOR_GLARE = 0.15, 0.60


@dataclass(frozen=True, slots=True)
class Quality:
    """`size_px` is the box's height; `sharpness` the share of fine detail in the contrast, about 0.1 to 0.5 when sharp;
    `turn` how far the nose stands from between the eyes, in eye distances, 0 when frontal; `contrast` the standard
    deviation of the grey levels, 0 to 127; `glare` the share of the face without detail because it is white."""

    size_px: int
    sharpness: float
    turn: float
    contrast: float
    glare: float

    @property
    def score(self) -> float:
        """0 (useless) to 1 (as good as any): what the worst part leaves of the others."""
        return math.prod(self._parts())

    def faults(self) -> tuple[Poor, ...]:
        """What is wrong with it; empty when nothing is."""
        words: tuple[Poor, ...] = ("too small", "blurred", "turned away", "too dark", "too bright")
        return tuple(word for word, part in zip(words, self._parts(), strict=True) if part < FAULTY)

    def _parts(self) -> tuple[float, float, float, float, float]:
        return (
            _between(self.size_px, POOR_SIZE_PX, GOOD_SIZE_PX),
            _between(self.sharpness, POOR_SHARPNESS, GOOD_SHARPNESS),
            _between(-self.turn, -POOR_TURN, -GOOD_TURN),
            _between(self.contrast, POOR_CONTRAST, GOOD_CONTRAST),
            _between(-self.glare, -POOR_GLARE, -GOOD_GLARE),
        )


def quality_of(rgb: Rgb, box: Box, landmarks: Landmarks) -> Quality:
    """The quality of the face at `box`; half a millisecond at most, whatever the picture's size."""
    grey = _reduced(rgb, box)
    detail = np.abs(4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:])
    contrast = float(grey.std())
    return Quality(
        size_px=box.bottom - box.top + 1,
        sharpness=float(detail.mean()) / 4 / max(contrast, 1.0) if detail.size else 0.0,
        turn=_turn(landmarks),
        contrast=contrast,
        glare=float((grey >= GLARE).mean()),
    )


def _reduced(rgb: Rgb, box: Box) -> NDArray[np.float64]:
    """The face in grey, its blocks of pixels averaged until `SIDE` to twice as many are left."""
    height, width, _ = rgb.shape
    top, left = max(0, min(box.top, height - 3)), max(0, min(box.left, width - 3))
    face = rgb[top : max(top + 3, box.bottom + 1), left : max(left + 3, box.right + 1)]
    grey = Image.fromarray(np.ascontiguousarray(face)).convert("L")
    return np.asarray(grey.reduce(max(1, min(grey.size) // SIDE)), dtype=np.float64)


def _turn(landmarks: Landmarks) -> float:
    """dlib's five points: two of each eye, then below the nose."""
    points = landmarks.astype(np.float64)
    one, other, nose = points[:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    across = other - one
    distance = float(across @ across) or 1.0
    return abs(float((nose - (one + other) / 2) @ across)) / distance


def _between(value: float, poor: float, good: float) -> float:
    """0 at `poor` and below, 1 at `good` and above, straight between."""
    return min(1.0, max(0.0, (value - poor) / (good - poor)))
