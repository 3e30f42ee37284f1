"""Finding faces in one picture, with dlib's HOG detector on a reduced grey copy.

The surprising rule: the first look is small and cheap (19 ms), and only when a whole clip shows nobody does a
larger one follow. Boxes come back in full-size pixels, whatever the look's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from recognition.faces import Box, Detection, Rgb

DETECTOR = "dlib-hog"


@dataclass(frozen=True, slots=True)
class Look:
    """How closely to look: the picture is reduced to `height` pixels, then doubled `upsample` times.

    The detector finds faces from about 80 pixels in what it is given.
    """

    height: int
    upsample: int


LOOKS = (Look(480, 0), Look(1080, 0), Look(1080, 1))
"""From the cheapest to the closest: faces from 1/6 of the picture's height, from 80 px and from 40 px in 1080 lines."""


class Detector:
    """dlib's frontal face detector. Not for several threads at once."""

    def __init__(self) -> None:
        import dlib

        self._detector: Any = dlib.get_frontal_face_detector()

    def detect(self, rgb: Rgb, look: Look) -> list[Detection]:
        """The faces in `rgb`, from left to right. Their order says nothing about who they are."""
        grey, scale = _reduced(rgb, look.height)
        boxes, confidences, _ = self._detector.run(grey, look.upsample, 0.0)
        found = [Detection(_full_size(b, scale), float(c)) for b, c in zip(boxes, confidences, strict=True)]
        return sorted(found, key=lambda detection: detection.box.left)


def _reduced(rgb: Rgb, height: int) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], float]:
    """The grey picture, at most `height` lines high, and how much smaller than `rgb` it is (1 or less)."""
    grey = Image.fromarray(rgb).convert("L")
    scale = min(1.0, height / grey.height)
    if scale < 1.0:
        grey = grey.resize((max(1, round(grey.width * scale)), height), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(grey), scale


def _full_size(box: Any, scale: float) -> Box:
    return Box(*(round(edge / scale) for edge in (box.left(), box.top(), box.right(), box.bottom())))
