"""A clip of any length, cheaply: ten seconds are encoded once and their packets written again and again.

The surprising rule: nothing is encoded twice. Each round is the same packets with later times, and decodes like any
other clip because it begins with a key frame across which no packet reaches.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bench.footage import Video, pictures, write_video
from bench.scene import Scene

ROUND_S = 10


def one_round(video: Video, seed: int) -> io.BytesIO:
    """Ten seconds of an empty room with sensor noise, an MP4 file at its start."""
    room = Scene(float(ROUND_S), ())
    return write_video(pictures(room, {}, video.rate, np.random.default_rng(seed)), video)


def write_rounds(clip: BinaryIO, rounds: int, path: Path, *, index_first: bool) -> None:
    """Write the ten-second `clip` `rounds` times over as one MP4 file at `path`.

    The index comes before the pictures, or behind them as cameras put it.
    """
    import av

    clip.seek(0)
    options = {"movflags": "faststart"} if index_first else {}
    with av.open(clip, "r") as source, av.open(str(path), "w", options=options) as container:
        original = source.streams.video[0]
        copy = container.add_stream_from_template(original)
        for number in range(rounds):
            source.seek(0)
            later = round(number * ROUND_S / float(original.time_base or 1))
            for packet in source.demux(original):
                if packet.pts is not None and packet.dts is not None:  # the last one of each round is empty
                    packet.pts, packet.dts, packet.stream = packet.pts + later, packet.dts + later, copy
                    container.mux(packet)
