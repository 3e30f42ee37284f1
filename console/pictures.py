"""Pictures made small for lists."""

from __future__ import annotations

import io

WIDTH, HEIGHT = 320, 180


def thumbnail(jpeg: bytes) -> bytes:
    """The picture within 320 × 180 pixels. It was drawn by us, so it can be read."""
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as picture:
        picture.draft("RGB", (WIDTH, HEIGHT))  # lets the decoder leave out what is not needed
        picture.thumbnail((WIDTH, HEIGHT))
        small = io.BytesIO()
        picture.save(small, "JPEG", quality=80)
    return small.getvalue()
