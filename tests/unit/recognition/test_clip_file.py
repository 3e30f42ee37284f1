"""What a file's name, size and first bytes tell: everything that the decoder takes may be sent."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import av
import numpy as np
import pytest

from recognition.clip_file import CLIP_SUFFIXES, START_BYTES, safe_name, why_not

CODECS = {".avi": "mpeg4", ".webm": "libvpx"}


@pytest.mark.parametrize("suffix", sorted(CLIP_SUFFIXES))
def test_a_real_clip_of_each_kind_may_be_sent(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"cam{suffix}"
    with av.open(str(file), "w") as container:
        stream = container.add_stream(CODECS.get(suffix, "libx264"), rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode())
    start = file.read_bytes()[:START_BYTES]
    assert why_not(PurePosixPath(file.name.upper()), file.stat().st_size, start) == ""
    assert why_not(PurePosixPath(file.name), file.stat().st_size, b"PK" + start[2:4] + b"\0" * 12) != ""


@pytest.mark.parametrize("name", ["", "/", "..", ".", "./../ "])
def test_a_file_without_a_name_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="without a name"):
        safe_name(name)


def test_what_a_reader_cannot_see_is_in_no_name() -> None:
    assert str(safe_name("a\u200b\u2028\x7fb.mp4")) == "a___b.mp4"
