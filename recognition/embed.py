"""A face to 128 numbers: five landmarks, an aligned 150-pixel chip, dlib's ResNet.

Equal to `face_recognition.face_encodings` within 1e-6 for the same box (a parity test holds it there), without
the other two models which that package loads. Loads 32 MB of model files on construction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recognition.faces import Box, Embedding, Rgb
from recognition.models import FIVE_POINTS, RESNET, model_file


class Embedder:
    """dlib's 5-point landmark predictor and face recognition ResNet. Not for several threads at once."""

    def __init__(self) -> None:
        import dlib

        self._dlib: Any = dlib
        self._landmarks: Any = dlib.shape_predictor(model_file(FIVE_POINTS))
        self._network: Any = dlib.face_recognition_model_v1(model_file(RESNET))

    def embed(self, rgb: Rgb, box: Box) -> Embedding:
        """The embedding (128,) of the face at `box`, as the network gives it: not scaled to unit length."""
        rectangle = self._dlib.rectangle(box.left, box.top, box.right, box.bottom)
        shape = self._landmarks(rgb, rectangle)
        return np.asarray(self._network.compute_face_descriptor(rgb, shape), dtype=np.float64)
