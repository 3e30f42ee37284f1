"""Finding faces in one picture with dlib, on a reduced grey copy: HOG, and if asked for a CNN as second opinion.

The surprising rule: a look says how closely, and the cheapest takes 19 ms; `viewing` decides when a closer one follows.
Boxes come back in full-size pixels, whatever the look's size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from PIL import Image

from recognition.faces import Box, Detection, Grey, Rgb
from recognition.models import CNN, frontal_face_detector, model_file


@dataclass(frozen=True, slots=True)
class Look:
    """How closely to look: the picture's shorter side is reduced to `side` pixels, then doubled `upsample` times.

    HOG finds upright faces from about 80 pixels in what it is given. The CNN finds turned and covered ones too, and
    takes about eighty times as long without BLAS.
    """

    side: int
    upsample: int
    by: Literal["hog", "cnn"] = "hog"


LOOKS = (Look(480, 0), Look(720, 0), Look(1080, 1))
"""From the cheapest to the closest: in 1080 lines, faces from 160, from 110 and from 37 pixels."""

DETECTORS: Mapping[str, tuple[Look, ...]] = {"hog": LOOKS, "hog+cnn": (*LOOKS, Look(480, 0, "cnn"))}
"""What the setting `DETECTOR` may be. With `hog+cnn` the CNN looks where HOG found nobody at all."""


class Detector:
    """dlib's two face detectors; the CNN is loaded when first asked for. Not for several threads at once."""

    @cached_property
    def _hog(self) -> Any:
        return frontal_face_detector()

    @cached_property
    def _cnn(self) -> Any:
        import dlib

        return dlib.cnn_face_detection_model_v1(model_file(CNN))

    def detect(self, rgb: Rgb, look: Look, reduced: Grey | None = None) -> list[Detection]:
        """The faces in `rgb`, from left to right. Their order says nothing about who they are.

        `reduced` is the same picture in grey; where it is as small as `look` wants it, nothing need be computed anew.
        """
        grey, scale = _as_wanted(reduced, rgb, look.side) or _reduced(rgb, look.side)
        if look.by == "cnn":
            scored = [(face.rect, face.confidence) for face in self._cnn(np.dstack([grey] * 3), look.upsample)]
        else:
            boxes, confidences, _ = self._hog.run(grey, look.upsample, 0.0)
            scored = list(zip(boxes, confidences, strict=True))
        found = [Detection(_full_size(box, scale), float(confidence)) for box, confidence in scored]
        return sorted(found, key=lambda detection: detection.box.left)


def _as_wanted(reduced: Grey | None, rgb: Rgb, side: int) -> tuple[Grey, float] | None:
    if reduced is None or min(reduced.shape) != min(side, *rgb.shape[:2]):
        return None
    return reduced, min(reduced.shape) / min(rgb.shape[:2])


def _reduced(rgb: Rgb, side: int) -> tuple[Grey, float]:
    """The grey picture, its shorter side at most `side` pixels, and how much smaller than `rgb` it is (1 or less)."""
    grey = Image.fromarray(rgb).convert("L")
    scale = min(1.0, side / min(grey.size))
    if scale < 1.0:
        grey = grey.resize((round(grey.width * scale), round(grey.height * scale)), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(grey), scale


def _full_size(box: Any, scale: float) -> Box:
    return Box(*(round(edge / scale) for edge in (box.left(), box.top(), box.right(), box.bottom())))
