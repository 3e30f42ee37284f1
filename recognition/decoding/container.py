"""Video bytes to pictures, with PyAV: the only module that sees it. Runs in the decoding child.

Knows neither faces nor numpy. The surprising rule: a key frame that is wanted for itself is decoded alone and the codec
then emptied, which costs one picture instead of the codec's whole delay; who goes on from there starts at it again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

import av
from av.stream import Disposition

from recognition.decoding.shots import PacketSize, is_one_shot
from recognition.errors import ClipRejected

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_PIXELS = 8192 * 4352  # 8K with its padding; above it a frame alone is over 100 MB
MAX_STREAMS = 32
MAX_DURATION_S = 12 * 3600.0
MAX_FRAMES = 12 * 3600 * 120  # by the container's index
ENOUGH = 5  # key frames for the others to be left alone
BUFFER_BYTES = 128 << 10  # read at a time; each time costs some 80 µs of processor on both sides together
INDEXED_S, INDEXED_BYTES = 3.0, 8 << 20  # clips up to both are read through for their packets' sizes
MAX_PACKETS_MISSED = 600
MAX_FRAMES_DECODED = 3_000
DECODING_CPU_S = 30.0  # after so much of the processor what was found stands; the kernel's bound comes later

Shown = tuple[float, "VideoFrame"]
"""A picture and the second it is shown at."""

_DAMAGE = (av.error.FFmpegError, ValueError, IndexError)  # the last: a packet of a stream nobody announced

# Playlists and scripts name other files and hosts; a clip has no business opening any (no protocol is allowed,
# the bytes come from our own reader) and only plain containers are tried.
_OPEN_OPTIONS = {
    "protocol_whitelist": "none",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,asf,flv,ogg,mxf,dv,h264,hevc,m4v",
}
# PyAV's `options` would be given to each stream as well, and that crashes where streams turn up later (Flash, MPEG-PS).
# FFmpeg decodes a picture on opening, only to learn the pixel format: as much work as the first frame itself. These
# two containers say all that is needed before.
_TRUST_HEADERS = {"skip_frame": "all", "probesize": "32"}
_MATROSKA = b"\x1a\x45\xdf\xa3"
_ISO_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp"})


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
        except _DAMAGE:
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
        if len(moments) - len(waiting) + len(entries) >= min(ENOUGH, len(moments)):
            for entry in entries:
                self._seek(entry)
                if found := self._key_frame():
                    yield found
        else:
            self._rewind()
            yield from self._passed(waiting)

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
        waiting = list(moments)
        last: Shown | None = None
        for number, (time_s, picture) in enumerate(self._decoded()):
            last = (time_s, picture)
            if time_s >= waiting[0] - 1e-6:
                yield last
                last = None
                waiting = [moment for moment in waiting if moment > time_s]
            if not waiting or number >= MAX_FRAMES_DECODED or time.process_time() > DECODING_CPU_S:
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
        whole = [each for each in decoded if not each.is_corrupt and not each.interlaced_frame]
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


def open_container(file: BinaryIO) -> OpenClip:
    """Open the video in `file` (seekable). Raises `ClipRejected` with the reason if it is no readable clip.

    Whatever `file` itself raises while it is read passes through PyAV unchanged.
    """
    trusted = _says_all_in_its_headers(file)
    container = _opened(file, _TRUST_HEADERS if trusted else {})
    if trusted and not _has_size(container):
        container.close()
        file.seek(0)
        container = _opened(file, {})
    duration_s = _duration_s(container)
    return OpenClip(container, _video_stream(container), duration_s)


def single_shot(file: BinaryIO, size: int, duration_s: float) -> bool | None:
    """Whether the short clip in `file` is one uncut shot; None for one too long to be read through for that."""
    if size > INDEXED_BYTES or not 0 < duration_s <= INDEXED_S:
        return None
    try:
        with open_container(file).container as container:
            packets = container.demux(_video_stream(container))
            return is_one_shot([PacketSize(packet.size, packet.is_keyframe) for packet in packets if packet.size])
    except _DAMAGE:
        return False


def _says_all_in_its_headers(file: BinaryIO) -> bool:
    start = file.read(8)
    file.seek(0)
    return start[:4] == _MATROSKA or start[4:8] in _ISO_BOXES


def _opened(file: BinaryIO, stream_options: dict[str, str]) -> InputContainer:
    try:
        return av.open(
            file,
            mode="r",
            options=stream_options,
            container_options=_OPEN_OPTIONS,
            buffer_size=BUFFER_BYTES,
            metadata_errors="ignore",
        )
    except _DAMAGE as error:
        raise ClipRejected("not a readable video file") from error


def _has_size(container: InputContainer) -> bool:
    return all(stream.codec_context and stream.codec_context.width > 0 for stream in container.streams.video)


def _video_stream(container: InputContainer) -> VideoStream:
    """The first moving one: cover art and thumbnails are video streams, too."""
    if len(container.streams) > MAX_STREAMS:
        raise ClipRejected(f"the file has {len(container.streams)} streams; {MAX_STREAMS} are allowed")
    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    moving = [stream for stream in container.streams.video if not stream.disposition & still]
    if not moving:
        raise ClipRejected("the file has no video stream")
    if moving[0].codec_context is None:
        raise ClipRejected("the video is in a format that cannot be decoded here")
    _check_size(moving[0])
    # One thread: on the first pictures several only wait for each other, and cost more.
    moving[0].thread_type = "NONE"
    moving[0].codec_context.thread_count = 1
    moving[0].codec_context.options = {"max_pixels": str(MAX_PIXELS)}  # should the pictures grow on the way
    return moving[0]


def _check_size(stream: VideoStream) -> None:
    pixels = stream.codec_context.width * stream.codec_context.height
    if pixels > MAX_PIXELS:
        raise ClipRejected(f"the pictures have {pixels:,} pixels; {MAX_PIXELS:,} are allowed")
    if stream.frames > MAX_FRAMES:
        raise ClipRejected(f"the clip has {stream.frames:,} frames; {MAX_FRAMES:,} are allowed")


def _duration_s(container: InputContainer) -> float:
    duration_s = (container.duration or 0) / 1_000_000
    if duration_s > MAX_DURATION_S:
        raise ClipRejected(f"the clip lasts {duration_s / 3600:.1f} h; {MAX_DURATION_S / 3600:.0f} h are allowed")
    return max(0.0, duration_s)
