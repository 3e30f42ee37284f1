"""A face cut out of a clip as a photograph, for a person to look at before it is enrolled.

Knows neither S3 nor whose face it is. The surprising rule: the frame is decoded anew, from the clip; the annotated
picture has boxes and names drawn into it and would teach those.
"""

from __future__ import annotations

import io
from typing import BinaryIO

from PIL import Image

from recognition.decode import open_clip
from recognition.errors import ClipRejected
from recognition.faces import Frame
from recognition.sample import sample_times

AROUND = 0.6  # of the face's width and height on each side: the detector wants to see hair and chin
ROUNDING_S = 0.001  # a kept moment has three decimals
QUALITY = 95


def cut_out(file: BinaryIO, second: float, box: tuple[int, int, int, int]) -> bytes:
    """A JPEG of the face in `box` (left, top, right, bottom in pixels) of the frame at `second`, and what is around it.

    Raises `ClipRejected` when the clip in `file` (seekable) has no such frame.
    """
    frame = _frame_at(file, second)
    left, top, right, bottom = box
    across, down = round((right - left) * AROUND), round((bottom - top) * AROUND)
    height, width, _ = frame.rgb.shape
    edges = (max(0, left - across), max(0, top - down), min(width, right + across), min(height, bottom + down))
    jpeg = io.BytesIO()
    Image.fromarray(frame.rgb).crop(edges).save(jpeg, "JPEG", quality=QUALITY)
    return jpeg.getvalue()


def _frame_at(file: BinaryIO, second: float) -> Frame:
    """Whoever asks for other moments gets other frames: it is one of those that were looked at."""
    with open_clip(file) as clip:
        for frame in clip.frames(sample_times(clip.duration_s)):
            if abs(frame.time_s - second) <= ROUNDING_S:
                return frame
    raise ClipRejected(f"no frame at {second:.3f} s is looked at in it")
