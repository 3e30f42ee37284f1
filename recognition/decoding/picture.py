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
GREY_SIDE = 480  # the shorter side of what the detector's first look is at


@dataclass(frozen=True, slots=True)
class Rows:
    """`height` rows of `row_bytes` bytes; behind the `width` pixels each is padded."""

    width: int
    height: int
    row_bytes: int
    bytes: memoryview


@dataclass(frozen=True, slots=True)
class Packed:
    """A picture as rows of RGB and as reduced rows of grey; both are to be turned left by `quarters`."""

    quarters: int
    rgb: Rows
    grey: Rows


def packed(picture: VideoFrame, stream: VideoStream) -> Packed:
    """The picture's RGB rows, as wide as its pixel aspect ratio asks for, at most `KEPT_PIXELS`."""
    width, height = shown_size(picture.width, picture.height, float(stream.sample_aspect_ratio or 1))
    quarters = round(picture.rotation / 90) % 4
    scale = min(1.0, GREY_SIDE / min(width, height))
    small = max(1, round(width * scale)), max(1, round(height * scale))
    return Packed(quarters, _rows(picture, width, height, "rgb24"), _rows(picture, *small, "gray"))


def _rows(picture: VideoFrame, width: int, height: int, pixels: str) -> Rows:
    """swscale makes grey from the luminance alone: 0.5 ms where going through RGB takes 3 to 7."""
    way = "AREA" if pixels == "gray" else None
    plane = picture.reformat(width=width, height=height, format=pixels, interpolation=way).planes[0]
    return Rows(width, height, plane.line_size, memoryview(plane)[: plane.line_size * height])


def shown_size(width: int, height: int, aspect: float) -> tuple[int, int]:
    """Width and height with square pixels, reduced to `KEPT_PIXELS`. An aspect nobody films in is taken for 1."""
    wide = width * aspect if 1 / 4 < aspect < 4 else width
    scale = min(1.0, (KEPT_PIXELS / (wide * height)) ** 0.5)
    return max(1, round(wide * scale)), max(1, round(height * scale))
