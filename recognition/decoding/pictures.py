"""Which pictures of an opened clip are decoded, and how cheaply. Runs in the decoding child.

Knows neither faces nor numpy. The surprising rule: a key frame that is wanted for itself is decoded alone and the codec
then emptied, which costs one picture instead of the codec's whole delay; who goes on from there starts at it again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import av

from recognition.errors import ClipRejected

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

ENOUGH = 5  # key frames for the others to be left alone
MAX_PACKETS_MISSED = 600
MAX_FRAMES_DECODED = 3_000
DECODING_CPU_S = 30.0  # after so much of the processor what was found stands; the kernel's bound comes later

DAMAGE = (av.error.FFmpegError, ValueError, IndexError)
"""What PyAV raises for damaged clips; the last for a packet of a stream that nobody announced."""

Shown = tuple[float, "VideoFrame"]
"""A picture and the second it is shown at."""


@dataclass(frozen=True, slots=True)
class OpenClip:
    """A clip's container and its video stream, checked against the limits."""

    container: InputContainer
    stream: VideoStream
    duration_s: float

    def pictures(self, moments: Sequence[float]) -> Iterator[Shown]:
        """The pictures shown at `moments` (ascending seconds), at most one for each, none twice. Decodes on demand.

        Raises `ClipRejected` when not one picture can be decoded; a clip that breaks off later yields what came before.
        """
        shown = -1.0
        try:
            for time_s, picture in self._looked_up(moments):
                if time_s > shown:
                    shown = time_s
                    yield time_s, picture
        except DAMAGE:
            pass  # damaged from here on: what was decoded so far stands
        if shown < 0:
            raise ClipRejected("no picture in the clip can be decoded")

    def _looked_up(self, moments: Sequence[float]) -> Iterator[Shown]:
        """The first picture, if that is wanted; then key frames where there are enough, else a pass over it all."""
        waiting = list(moments)
        if moments[0] <= 0 and (first := self._key_frame()):
            yield first
            waiting = [moment for moment in moments if moment > first[0]]
            if not waiting:
                return
        entries = self._entries(waiting)
        if len(moments) - len(waiting) + len(entries) < min(ENOUGH, len(moments)):
            entries = []
        found = False
        for key_frame in self._entered(entries):
            found = True
            yield key_frame
        if not found:
            self._rewind()
            yield from self._passed(waiting)

    def _entered(self, entries: Sequence[float]) -> Iterator[Shown]:
        """The key frames of these moments, as far as they can be decoded alone."""
        for entry in entries:
            self._seek(entry)
            if key_frame := self._key_frame():
                yield key_frame

    def _entries(self, moments: Sequence[float]) -> list[float]:
        """Those of `moments` that have a key frame of their own, after the one of the moment before.

        Reads a packet for each and decodes nothing.
        """
        entries: list[float] = []
        latest = 0.0
        for moment in moments:
            self._seek(moment)
            packet = self._key_packet()
            if packet and self._second(packet.pts) > latest:
                latest = self._second(packet.pts)
                entries.append(moment)
        return entries

    def _passed(self, moments: Sequence[float]) -> Iterator[Shown]:
        """One pass from here: the first picture at or after each moment, the last one if the clip ends before."""
        waiting, started = list(moments), time.process_time()
        last: Shown | None = None
        for number, (time_s, picture) in enumerate(self._decoded()):
            last = (time_s, picture)
            if time_s >= waiting[0] - 1e-6:
                yield last
                last = None
                waiting = [moment for moment in waiting if moment > time_s]
            if not waiting or number >= MAX_FRAMES_DECODED or time.process_time() - started > DECODING_CPU_S:
                break
        if last is not None:
            yield last

    def _key_frame(self) -> Shown | None:
        """The picture of the next key frame, decoded alone; None when its packet gives no whole picture."""
        packet = self._key_packet()
        if packet is None:
            return None
        try:
            decoded = self.stream.decode(packet) or self.stream.decode(None)
        except av.error.FFmpegError:
            return None
        whole = [each for each in decoded if not each.is_corrupt]
        return (self._second(whole[0].pts), whole[0]) if whole else None

    def _key_packet(self) -> Packet | None:
        """The next packet that can be decoded alone. Nearly always the next at all: seeking without an index misses."""
        packets = islice(self.container.demux(self.stream), MAX_PACKETS_MISSED)
        return next((packet for packet in packets if packet.is_keyframe and packet.size), None)

    def _decoded(self) -> Iterator[Shown]:
        """Every picture that others refer to, from here to the end; the ones in between cost nothing.

        A packet that cannot be decoded, or a picture with holes, is passed over.
        """
        self.stream.codec_context.skip_frame = "NONREF"
        for packet in self.container.demux(self.stream):
            try:
                decoded = self.stream.decode(packet)
            except av.error.InvalidDataError:
                continue
            for picture in decoded:
                if not picture.is_corrupt:
                    yield self._second(picture.pts), picture

    def _rewind(self) -> None:
        """To the very first packet; its own time may lie before that of the first picture."""
        try:
            self._seek(-10.0)
        except av.error.FFmpegError:  # some containers know no time before their start
            self._seek(0.0)

    def _seek(self, moment: float) -> None:
        self.container.seek(int(moment / self._tick) + self._start, stream=self.stream)
        self.stream.codec_context.skip_frame = "DEFAULT"

    def _second(self, pts: int | None) -> float:
        return max(0.0, float(((pts or 0) - self._start) * self._tick))

    @property
    def _tick(self) -> float:
        return float(self.stream.time_base or 1)

    @property
    def _start(self) -> int:
        return self.stream.start_time or 0
