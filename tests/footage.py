"""Clips made on the spot for tests: known frames in, a video file out."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from recognition.faces import Rgb

NO_EXTRA_KEY_FRAMES = {"sc_threshold": "0"}


def plain(width: int, height: int, level: int) -> Rgb:
    """One frame of an even grey, (height, width, 3)."""
    return np.full((height, width, 3), level, dtype=np.uint8)


def write_clip(
    path: Path,
    frames: Sequence[Rgb],
    *,
    rate: int = 10,
    codec: str = "libx264",
    gop: int = 250,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode `frames` at `rate` a second, one key frame every `gop` frames. Returns `path`."""
    height, width, _ = frames[0].shape
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=NO_EXTRA_KEY_FRAMES if codec == "libx264" else {})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base, stream.gop_size = Fraction(1, rate), gop
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path
