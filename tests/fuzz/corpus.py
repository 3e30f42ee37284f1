"""Real clips, damaged: the same bytes for the same number on every run.

The surprising rule: most of the damage goes where it hurts, into the first and last kilobytes, where headers and
indexes are; damage in the middle of a clip only makes grey pictures.
"""

from __future__ import annotations

import random
from functools import cache

import numpy as np

from tests.encoded import Kind, encode

KINDS = (
    Kind(gop=8),
    Kind(container_options={"movflags": "faststart"}, pixels="yuv420p10le"),
    Kind(container_options={"movflags": "frag_keyframe+empty_moov"}, gop=6),
    Kind(container="matroska", codec="libx265", codec_options={"x265-params": "log-level=none"}),
    Kind(container="webm", codec="libvpx-vp9", codec_options={"deadline": "realtime", "cpu-used": "8"}),
    Kind(codec="libsvtav1", codec_options={"preset": "12"}),
    Kind(container="mpegts", gop=8),
    Kind(container="avi", codec="mpeg4"),
    Kind(container="mov", codec="mjpeg", pixels="yuvj420p"),
    Kind(container="flv"),
    Kind(container="mpeg", codec="mpeg2video"),
)
EDGE = 2048
INTERESTING = (b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x00\x00\x01")


@cache
def whole(number: int) -> bytes:
    """The undamaged clip of kind `number`."""
    kind = KINDS[number]
    ramp = np.linspace(0, 200, 160, dtype=np.uint8)[None, :, None] * np.ones((96, 1, 3), dtype=np.uint8)
    frames = [np.roll(ramp, 7 * shift, axis=1) + np.uint8(shift) for shift in range(24)]
    return encode(kind, frames, rate=25 if kind.container == "mpeg" else 12)


def damaged(number: int) -> bytes:
    """The damaged clip `number`: one to three damages of one clip."""
    dice = random.Random(number)
    clip = bytearray(whole(number % len(KINDS)))
    for _ in range(dice.randint(1, 3)):
        dice.choice(DAMAGES)(clip, dice)
    return bytes(clip)


def _place(clip: bytearray, dice: random.Random) -> int:
    """Somewhere: at the start, at the end, or anywhere."""
    size = max(1, len(clip) - 8)
    edge = min(EDGE, size)
    return dice.choice((dice.randrange(edge), size - 1 - dice.randrange(edge), dice.randrange(size)))


def _flip_bits(clip: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 4, 32, 256))):
        clip[_place(clip, dice)] ^= 1 << dice.randrange(8)


def _overwrite_a_number(clip: bytearray, dice: random.Random) -> None:
    at = _place(clip, dice)
    clip[at : at + 4] = dice.choice(INTERESTING)


def _cut_off(clip: bytearray, dice: random.Random) -> None:
    del clip[dice.randrange(8, max(9, len(clip))) :]


def _cut_out(clip: bytearray, dice: random.Random) -> None:
    at = _place(clip, dice)
    del clip[at : at + dice.choice((1, 7, 100, 5000))]


def _swap(clip: bytearray, dice: random.Random) -> None:
    length = dice.choice((16, 188, 1024))
    one, other = _place(clip, dice), _place(clip, dice)
    first, second = bytes(clip[one : one + length]), bytes(clip[other : other + length])
    clip[one : one + len(second)], clip[other : other + len(first)] = second, first


def _repeat(clip: bytearray, dice: random.Random) -> None:
    at = _place(clip, dice)
    clip[at:at] = bytes(clip[at : at + 512]) * dice.choice((1, 2, 50))


def _splice(clip: bytearray, dice: random.Random) -> None:
    other = whole(dice.randrange(len(KINDS)))
    clip[_place(clip, dice) :] = other[dice.randrange(len(other)) :]


def _lie_about_a_box(clip: bytearray, dice: random.Random) -> None:
    """Change the length before one of MP4's four-letter names."""
    names = (b"moov", b"trak", b"mdat", b"stbl", b"stsd", b"stsz", b"stco", b"stts", b"stsc", b"avcC", b"moof", b"trun")
    at = clip.find(dice.choice(names))
    if at >= 4:
        clip[at - 4 : at] = dice.choice((*INTERESTING, dice.randrange(1 << 16).to_bytes(4, "big")))


def _lie_about_counts(clip: bytearray, dice: random.Random) -> None:
    """Change a number shortly behind one of those names: counts, sizes, times, dimensions."""
    names = (b"mvhd", b"tkhd", b"mdhd", b"stsz", b"stco", b"stts", b"stsc", b"ctts", b"elst", b"avc1", b"hvcC", b"trun")
    at = clip.find(dice.choice(names))
    if at >= 0:
        place = at + 4 + dice.randrange(0, 40)
        clip[place : place + 4] = dice.choice((*INTERESTING, b"\x75\x30\x75\x30"))


DAMAGES = (
    _flip_bits,
    _overwrite_a_number,
    _cut_off,
    _cut_out,
    _swap,
    _repeat,
    _splice,
    _lie_about_a_box,
    _lie_about_counts,
)
