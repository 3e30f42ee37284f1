"""A photograph made small, with a frame round each face that was found on it."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from recognition.photograph import Seen, decoded

SIDE = 168  # pixels of the longer side
MARK = (250, 204, 21)


def thumbnail(data: bytes, seen: Seen) -> bytes:
    """The photograph in `data`, on which `seen` was seen, as a small JPEG. Raises `EnrolmentError` where it cannot be
    read."""
    picture = Image.fromarray(decoded(data, SIDE))
    picture.thumbnail((SIDE, SIDE))
    scale, pen = picture.width / seen.size[0], ImageDraw.Draw(picture)
    for box in seen.boxes:
        pen.rectangle([edge * scale for edge in (box.left, box.top, box.right, box.bottom)], outline=MARK, width=2)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80)
    return file.getvalue()
