"""A face to 128 numbers: five landmarks, an aligned 150-pixel chip, dlib's ResNet.

Equal to `face_recognition.face_encodings` within 1e-6 for the same box (a parity test holds it there), without
the other two models which that package loads. Loads 32 MB of model files on construction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recognition.faces import Box, Embedding, Landmarks, Rgb
from recognition.models import FIVE_POINTS, RESNET, model_file


class Embedder:
    """dlib's 5-point landmark predictor and face recognition ResNet. Not for several threads at once."""

    def __init__(self) -> None:
        import dlib

        self._dlib: Any = dlib
        self._landmarks: Any = dlib.shape_predictor(model_file(FIVE_POINTS))
        self._network: Any = dlib.face_recognition_model_v1(model_file(RESNET))

    def landmarks(self, rgb: Rgb, box: Box) -> Landmarks:
        """The five landmarks of the face at `box`: a millisecond, where the embedding takes 66 without BLAS."""
        shape = self._landmarks(rgb, self._rectangle(box))
        return np.array([(point.x, point.y) for point in shape.parts()])

    def embed(self, rgb: Rgb, box: Box, landmarks: Landmarks | None = None) -> Embedding:
        """The embedding (128,) of the face at `box`, as the network gives it: not scaled to unit length.

        `landmarks` are those of that box, if they are known already.
        """
        points = self.landmarks(rgb, box) if landmarks is None else landmarks
        shape = self._dlib.full_object_detection(
            self._rectangle(box), [self._dlib.point(int(x), int(y)) for x, y in points]
        )
        return np.asarray(self._network.compute_face_descriptor(rgb, shape), dtype=np.float64)

    def _rectangle(self, box: Box) -> Any:
        return self._dlib.rectangle(box.left, box.top, box.right, box.bottom)
