"""Clips made to exhaust: small files that would be gigantic pictures, or endless. Through the real decoder."""

from __future__ import annotations

import io
import resource
import sys

import numpy as np
import pytest

from recognition.decode import open_clip
from recognition.errors import ClipRejected
from recognition.sample import sample_times
from tests.encoded import Kind, encode, quarters

GIGANTIC = (30_000).to_bytes(2, "big")
JPEG = {"codec": "mjpeg", "pixels": "yuvj420p"}


def look_at(clip: bytes) -> int:
    with open_clip(io.BytesIO(clip)) as opened:
        return len(list(opened.frames(sample_times(opened.duration_s))))


def with_gigantic_jpegs(clip: bytes, first: int) -> bytes:
    """The Motion JPEG clip, from its picture number `first` on declared as 30,000 by 30,000 pixels inside the JPEG."""
    parts = clip.split(b"\xff\xc0\x00\x11\x08")
    declared = [part if n < first else GIGANTIC * 2 + part[4:] for n, part in enumerate(parts[1:])]
    return b"\xff\xc0\x00\x11\x08".join([parts[0], *declared])


@pytest.mark.fault(33)
@pytest.mark.parametrize("container", ["mov", "avi", "matroska"])
def test_pictures_of_thirty_thousand_pixels_square_are_rejected(container: str) -> None:
    clip = encode(Kind(container=container, **JPEG), [quarters(64, 48)] * 3)  # type: ignore[arg-type]
    assert look_at(clip) == 3
    with pytest.raises(ClipRejected, match=r"no picture|pixels|memory"):
        look_at(with_gigantic_jpegs(clip, 0))


@pytest.mark.fault(33)
@pytest.mark.parametrize("container", ["mov", "avi"])
def test_pictures_that_become_gigantic_on_the_way_end_the_clip_there(container: str) -> None:
    clip = encode(Kind(container=container, **JPEG), [quarters(64, 48)] * 10)  # type: ignore[arg-type]
    assert 1 <= look_at(with_gigantic_jpegs(clip, 3)) <= 3


def with_declared_size(clip: bytes, width: int, height: int) -> bytes:
    """The QuickTime file with another size in its sample description."""
    at = clip.index(b"stsd") + 44
    return clip[:at] + width.to_bytes(2, "big") + height.to_bytes(2, "big") + clip[at + 4 :]


@pytest.mark.fault(33)
def test_a_decompression_bomb_behind_a_harmless_header_is_not_unpacked() -> None:
    """8,192 by 4,608 black pixels, 113 MB, are 120 kB of PNG; the container says 64 by 48."""
    bomb = encode(Kind(container="mov", codec="png", pixels="rgb24"), [np.zeros((4608, 8192, 3), dtype=np.uint8)])
    assert len(bomb) < 200_000
    with pytest.raises(ClipRejected, match=r"no picture|pixels"):
        look_at(with_declared_size(bomb, 64, 48))


@pytest.mark.fault(33)
def test_an_index_that_promises_a_whole_day_is_rejected() -> None:
    clip = encode(Kind(), [quarters(64, 48)] * 3).replace(b"edts", b"free")
    for name, place, value in ((b"mdhd", 20, 0x7FFFFFFF), (b"stts", 16, 0x12000000)):
        at = clip.index(name) + place  # the stream's length, and how long each picture is shown
        clip = clip[:at] + value.to_bytes(4, "big") + clip[at + 4 :]
    with pytest.raises(ClipRejected, match="h are allowed"):
        look_at(clip)


@pytest.mark.fault(33)
def test_a_clip_without_a_frame_rate_is_looked_at() -> None:
    clip = encode(Kind(container="matroska", codec="mpeg4"), [quarters(64, 48)] * 10)
    at = clip.index(b"\x23\xe3\x83\x84")  # the frame's default duration becomes a void
    assert look_at(clip[:at] + b"\xec\x86" + clip[at + 2 :]) >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="macOS counts in other units")
def test_rejecting_a_bomb_does_not_make_the_function_grow() -> None:
    clip = encode(Kind(container="avi", **JPEG), [quarters(64, 48)] * 3)  # type: ignore[arg-type]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ClipRejected):
        look_at(with_gigantic_jpegs(clip, 0))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10
