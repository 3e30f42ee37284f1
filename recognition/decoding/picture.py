"""A decoded picture as packed RGB rows, with square pixels and of bearable size. Runs in the decoding child.

Turning it upright is left to the function, where numpy is: here it would cost an import.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

KEPT_PIXELS = 3840 * 2160  # larger pictures are reduced while they are converted: twelve frames must fit in memory


@dataclass(frozen=True, slots=True)
class Packed:
    """`height` rows of `row_bytes` bytes, the first 3 * `width` of them RGB; to be turned left by `quarters`."""

    width: int
    height: int
    row_bytes: int
    quarters: int
    rows: memoryview


def packed(picture: VideoFrame, stream: VideoStream) -> Packed:
    """The picture's RGB rows, as wide as its pixel aspect ratio asks for, at most `KEPT_PIXELS`."""
    width, height = shown_size(picture.width, picture.height, float(stream.sample_aspect_ratio or 1))
    plane = picture.reformat(width=width, height=height, format="rgb24").planes[0]
    quarters = round(picture.rotation / 90) % 4
    return Packed(width, height, plane.line_size, quarters, memoryview(plane)[: plane.line_size * height])


def shown_size(width: int, height: int, aspect: float) -> tuple[int, int]:
    """Width and height with square pixels, reduced to `KEPT_PIXELS`. An aspect nobody films in is taken for 1."""
    wide = width * aspect if 1 / 4 < aspect < 4 else width
    scale = min(1.0, (KEPT_PIXELS / (wide * height)) ** 0.5)
    return max(1, round(wide * scale)), max(1, round(height * scale))
