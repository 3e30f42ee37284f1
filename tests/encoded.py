"""Clips of every kind made on the spot, in memory: for hard input and for the fuzz corpus."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np

from recognition.faces import Rgb

COLOURS = ((200, 40, 40), (40, 180, 60), (50, 60, 200), (220, 220, 220))
"""Of the four quarters: top left, top right, bottom left, bottom right."""

IDENTITY = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
TURNS = {
    90: (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000),
    180: (-0x10000, 0, 0, 0, -0x10000, 0, 0, 0, 0x40000000),
    270: (0, -0x10000, 0, 0x10000, 0, 0, 0, 0, 0x40000000),
}
"""Display matrices of a track header that turn the picture clockwise."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a clip is encoded."""

    container: str = "mp4"
    codec: str = "libx264"
    pixels: str = "yuv420p"
    gop: int = 250
    aspect: Fraction | None = None
    codec_options: dict[str, str] = field(default_factory=dict)
    container_options: dict[str, str] = field(default_factory=dict)


def quarters(width: int, height: int, colours: Sequence[tuple[int, int, int]] = COLOURS) -> Rgb:
    """A picture of four plain quarters, (height, width, 3): turned, skewed or squeezed ones are told apart."""
    picture = np.empty((height, width, 3), dtype=np.uint8)
    rows, columns = (slice(0, height // 2), slice(height // 2, None)), (slice(0, width // 2), slice(width // 2, None))
    for number, colour in enumerate(colours):
        picture[rows[number // 2], columns[number % 2]] = colour
    return picture


def seen_quarters(picture: Rgb) -> list[tuple[int, int, int]]:
    """The mean colours of the middles of the four quarters."""
    height, width, _ = picture.shape
    means = []
    for number in range(4):
        top, left = height // 2 * (number // 2), width // 2 * (number % 2)
        middle = picture[top + height // 6 : top + height // 3, left + width // 6 : left + width // 3]
        red, green, blue = middle.reshape(-1, 3).mean(axis=0)
        means.append((int(red), int(green), int(blue)))
    return means


def encode(kind: Kind, frames: Sequence[Rgb], times: Sequence[int] | None = None, rate: int = 10) -> bytes:
    """The frames as a video file, shown at `times` (in 1/`rate` seconds; default: one after the other)."""
    with TemporaryDirectory() as folder:  # to move its index to the start, FFmpeg opens the file by name once more
        path = Path(folder) / "clip"
        _write(path, kind, frames, times or range(len(frames)), rate)
        return path.read_bytes()


def _write(path: Path, kind: Kind, frames: Sequence[Rgb], times: Sequence[int], rate: int) -> None:
    height, width, _ = frames[0].shape
    with av.open(str(path), "w", format=kind.container, options=kind.container_options) as container:
        stream = container.add_stream(kind.codec, rate=rate, options=kind.codec_options)
        stream.width, stream.height, stream.pix_fmt = width, height, kind.pixels
        stream.time_base = Fraction(1, rate)
        stream.gop_size = kind.gop
        if kind.aspect:
            stream.sample_aspect_ratio = kind.aspect
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format=kind.pixels)
            picture.pts, picture.time_base = times[number], Fraction(1, rate)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def looped(clip: bytes, times: int, movflags: str = "") -> bytes:
    """The MP4 file `times` times in a row, its packets copied and not encoded again."""
    with TemporaryDirectory() as folder, av.open(io.BytesIO(clip)) as source:
        path = Path(folder) / "clip.mp4"
        stream = source.streams.video[0]
        packets = [packet for packet in source.demux(stream) if packet.size]
        length = sum(packet.duration or 0 for packet in packets)
        with av.open(str(path), "w", options={"movflags": movflags} if movflags else {}) as container:
            copy = container.add_stream_from_template(stream)
            for number in range(times):
                for packet in packets:
                    again = av.Packet(bytes(packet))
                    again.pts = (packet.pts or 0) + number * length
                    again.dts = (packet.dts or 0) + number * length
                    again.duration, again.time_base = packet.duration, stream.time_base
                    again.is_keyframe, again.stream = packet.is_keyframe, copy
                    container.mux(again)
        return path.read_bytes()


def turned(clip: bytes, degrees: int) -> bytes:
    """The MP4 file with a quarter or half turn clockwise in its track header, as a phone writes it."""
    identity, wanted = (b"".join((n & 0xFFFFFFFF).to_bytes(4, "big") for n in m) for m in (IDENTITY, TURNS[degrees]))
    at = clip.index(identity, clip.index(b"tkhd"))
    return clip[:at] + wanted + clip[at + len(wanted) :]
