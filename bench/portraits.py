"""People cut out of photographs, head and shoulders with soft edges, so that they can be put into a room.

The surprising rule: only photographs in which the detector, on a close look, finds exactly one face are used. A second
face, cut out along with the first, would be in the clip and not in the ground truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from rich.console import Console
from rich.progress import track

from bench.scene import REACH
from recognition.detect import Look
from recognition.faces import Box, Detection
from recognition.photograph import read_photograph
from recognition.viewing import FaceDetector

LINES = 540  # of a larger photograph, before they are doubled
FEATHER = 0.07  # of the face's height
HEAD = (-0.74, -1.05, 0.74, 0.85)  # an ellipse, in face heights from the face's middle
SHOULDERS = (-1.0, 0.72, 1.0, 1.75)


def single_faces(photographs: Sequence[Path], detector: FaceDetector) -> dict[Path, Box]:
    """The face's box in each photograph that shows exactly one; draws a progress bar on stderr."""
    looked = track(photographs, "looking at the photographs", console=Console(stderr=True))
    faces = {photograph: _faces(photograph, detector) for photograph in looked}
    return {photograph: found[0].box for photograph, found in faces.items() if len(found) == 1}


def cut_out(photograph: Path, face: Box, face_px: int) -> Image.Image:
    """The person as RGBA, transparent around head and shoulders, the face `face_px` high and in the middle."""
    picture = Image.fromarray(read_photograph(photograph))
    picture.putalpha(_outline(picture.size, face))
    side = face.bottom - face.top + 1
    x, y = (face.left + face.right + 1) / 2, (face.top + face.bottom + 1) / 2
    across, down = REACH[0] * side, REACH[1] * side
    edges = (round(x - across), round(y - down), round(x + across), round(y + down))
    size = (2 * round(REACH[0] * face_px), 2 * round(REACH[1] * face_px))
    return picture.crop(edges).resize(size, Image.Resampling.LANCZOS)  # beyond its borders a picture is transparent


def _faces(photograph: Path, detector: FaceDetector) -> list[Detection]:
    """Looked at more closely than any clip, and always alike, so that equal seeds make equal clips."""
    rgb = read_photograph(photograph)
    return detector.detect(rgb, Look(min(LINES, rgb.shape[0]), 1))


def _outline(size: tuple[int, int], face: Box) -> Image.Image:
    """How opaque each pixel of a photograph of that size is: soft at the outline and at the picture's own border."""
    side = face.bottom - face.top + 1
    shape, border = Image.new("L", size), Image.new("L", size)
    pen = ImageDraw.Draw(shape)
    pen.ellipse(_around(face, side, HEAD), fill=255)
    pen.rounded_rectangle(_around(face, side, SHOULDERS), radius=0.4 * side, fill=255)
    soft = FEATHER * side
    inner, reach = round(2 * soft), (round(REACH[0] * side), round(REACH[1] * side))
    x, y = (face.left + face.right) // 2, (face.top + face.bottom) // 2
    seen = (max(0, x - reach[0]), max(0, y - reach[1]), min(size[0], x + reach[0]), min(size[1], y + reach[1]))
    ImageDraw.Draw(border).rectangle((seen[0] + inner, seen[1] + inner, seen[2] - inner, seen[3] - inner), fill=255)
    return ImageChops.multiply(*(mask.filter(ImageFilter.GaussianBlur(soft)) for mask in (shape, border)))


def _around(face: Box, side: int, edges: tuple[float, float, float, float]) -> tuple[float, ...]:
    middle = np.array([(face.left + face.right) / 2, (face.top + face.bottom) / 2] * 2)
    return tuple(float(edge) for edge in middle + side * np.array(edges))
