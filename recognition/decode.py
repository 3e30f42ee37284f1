"""A clip to upright RGB frames. What decodes it runs in a child process of its own, and may fail there as it likes.

Knows nothing of faces, S3, or video: `decoding/` has the child. The surprising rule: frames come on demand. Who stops
asking has paid for nothing more, and leaving the `with` block ends the child, whatever it is at.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, BinaryIO, TypeVar

import numpy as np

from recognition.decoding.parent import NONSENSE, Child
from recognition.decoding.picture import KEPT_PIXELS
from recognition.decoding.sandbox import Sandbox
from recognition.errors import ClipRejected
from recognition.faces import Frame, Rgb

MAX_SERVED_BYTES = 1 << 30  # a clip that makes its decoder read in circles is let go
MAX_PIECE_BYTES = 4 << 20
MAX_PADDING_BYTES = 256  # behind each row


@cache
def sandbox() -> Sandbox:
    """The one this program decodes in."""
    return Sandbox()


def prepare() -> None:
    """Start what decoding needs, while the caller loads something else. Returns at once; never necessary."""
    sandbox().prepare()


class Clip:
    """An opened clip: its length in seconds (0 when the container does not say) and its frames."""

    def __init__(self, child: Child, file: BinaryIO) -> None:
        self._child = child
        self._file = file
        self._served = 0
        self._size = file.seek(0, os.SEEK_END)
        self.cpu_s = 0.0
        """CPU seconds spent outside this process; known when the clip is closed."""
        opened, _ = self._ask({"kind": "open", "size": self._size})
        self.duration_s = _number(opened, "duration_s", float)

    @property
    def single_shot(self) -> bool | None:
        """Whether a short clip's packets look like one uncut shot; None when it is too long to tell cheaply.

        True is a hint: see `decoding.shots`. Reads the whole clip, decodes nothing. Raises as `frames` does.
        """
        answer, _ = self._ask({"kind": "single_shot"})
        return None if answer.get("is") is None else bool(answer["is"])

    def frames(self, moments: Sequence[float]) -> Iterator[Frame]:
        """The frames shown at `moments` (ascending seconds), at most one for each, none twice.

        Each is decoded when it is asked for. Raises `ClipRejected` when not one frame can be decoded, or when decoding
        crashes, hangs or takes more than it may; a clip that breaks off later yields what came before.
        """
        question: dict[str, Any] = {"kind": "frames", "moments": list(moments)}
        for wanted in range(len(moments) + 1):
            words, _ = self._ask(question)
            if words.get("kind") == "end":
                return
            if wanted == len(moments):
                raise ClipRejected(NONSENSE)
            quarters = _number(words, "quarters")
            rgb, grey = self._picture(3, quarters), self._picture(1, quarters)
            yield Frame(_number(words, "time_s", float), rgb, grey[:, :, 0])
            question = {"kind": "next"}

    def _ask(self, question: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """The child's answer and the size of its payload. Until it comes the child is given the bytes it wants."""
        self._child.send(question)
        while True:
            words, payload = self._child.receive()
            if words.get("kind") == "read":
                self._serve(_number(words, "offset"), _number(words, "length"))
            elif words.get("kind") == "rejected":
                raise ClipRejected(str(words.get("reason")))
            elif words.get("kind") == "failed":
                raise RuntimeError(f"the decoding child has a bug: {words.get('reason')}")
            else:
                return words, payload

    def _serve(self, offset: int, length: int) -> None:
        self._served += length
        if not 0 <= offset <= self._size or not 0 <= length <= MAX_PIECE_BYTES or self._served > MAX_SERVED_BYTES:
            raise ClipRejected("the clip makes its decoder read in circles")
        self._file.seek(offset)
        self._child.send({"kind": "bytes"}, self._file.read(length))

    def _picture(self, channels: int, quarters: int) -> Rgb:
        """The picture that follows, (h, w, channels). Rows can be padded and it can be turned, hence the copy."""
        words, payload = self._child.receive()
        width, height, row_bytes = (_number(words, name) for name in ("width", "height", "row_bytes"))
        sound = width > 0 and height > 0 and 0 <= row_bytes - channels * width <= MAX_PADDING_BYTES
        if not sound or row_bytes * height != payload or width * height > 2 * KEPT_PIXELS:
            raise ClipRejected(NONSENSE)
        rows = np.empty((height, row_bytes), dtype=np.uint8)
        self._child.receive_into(rows.data.cast("B"))
        picture = rows[:, : channels * width].reshape(height, width, channels)
        return np.ascontiguousarray(np.rot90(picture, k=quarters % 4))


Number = TypeVar("Number", int, float)


def _number(words: dict[str, Any], name: str, kind: type[Number] = int) -> Number:
    """The number `name` of what the child said. Raises `ClipRejected` if it is none."""
    number = words.get(name)
    if not isinstance(number, kind) or not math.isfinite(number) or number < 0:
        raise ClipRejected(NONSENSE)
    return number


@contextmanager
def open_clip(file: BinaryIO, within: Sandbox | None = None) -> Iterator[Clip]:
    """Open the video in `file` (seekable). Raises `ClipRejected` with the reason if it is no readable clip.

    `within` is where it is decoded, by default this program's own `sandbox`. Whatever `file` itself raises while it is
    read comes out as it is. `SandboxLost` and `SetupError` are not the clip's fault.
    """
    child = (within or sandbox()).child()
    clip = None
    try:
        clip = Clip(child, file)
        yield clip
    finally:
        epitaph = child.close()
        if clip:
            clip.cpu_s = epitaph.cpu_s
