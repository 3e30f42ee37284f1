"""Video bytes to upright RGB frames, with PyAV. Knows nothing of faces or S3.

The surprising rule: a clip is looked at where its index allows. Long clips are entered at key frames, so that their
length does not matter; short ones are decoded in one pass, because they often have a single key frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from recognition.errors import ClipRejected
from recognition.faces import Frame, Rgb

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_PIXELS = 8192 * 4352  # 8K with its padding; above it a frame alone is over 100 MB
MAX_STREAMS = 32
MAX_DURATION_S = 12 * 3600.0
SEEK_GAP_S = 4.0  # with moments further apart than this, seeking costs less than decoding all that lies between
MAX_FRAMES_DECODED = 3_000
KEPT_PIXELS = 3840 * 2160  # larger pictures are reduced while they are decoded: twelve frames must fit in memory

# Playlists and scripts name other files and hosts; a clip has no business opening any (no protocol is allowed,
# the bytes come from our own reader) and only plain containers are tried.
_OPEN_OPTIONS = {
    "protocol_whitelist": "none",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,asf,flv,ogg,mxf,dv,h264,hevc,m4v",
}


@dataclass(frozen=True, slots=True)
class Clip:
    """An opened clip: its length in seconds (0 when the container does not say) and its frames."""

    container: InputContainer
    stream: VideoStream
    duration_s: float
    single_shot: bool = False

    def frames(self, moments: Sequence[float]) -> Iterator[Frame]:
        """The frames shown at `moments` (ascending seconds), at most one for each, none twice.

        Raises `ClipRejected` when not one frame can be decoded; a clip that breaks off later
        yields what came before.
        """
        found = False
        for frame in self._pictures(moments):
            found = True
            yield frame
        if not found:
            raise ClipRejected("no picture in the clip can be decoded")

    def _pictures(self, moments: Sequence[float]) -> Iterator[Frame]:
        import av

        apart = len(moments) > 1 and moments[1] - moments[0] > SEEK_GAP_S
        try:
            for time_s, picture in self._sought(moments) if apart else self._passed(moments):
                yield Frame(time_s, _upright(picture))
        except (av.error.FFmpegError, ValueError):
            return  # damaged from here on: what was decoded so far stands

    def _passed(self, moments: Sequence[float]) -> Iterator[tuple[float, VideoFrame]]:
        """One pass from the start: the first frame at or after each moment, the last frame if the clip ends before."""
        waiting = list(moments)
        last: tuple[float, VideoFrame] | None = None
        for number, (time_s, picture) in enumerate(self._decoded()):
            last = (time_s, picture)
            if time_s >= waiting[0] - 1e-6:
                yield last
                last = None
                waiting = [moment for moment in waiting if moment > time_s]
            if not waiting or number >= MAX_FRAMES_DECODED:
                return
        if last is not None:
            yield last

    def _sought(self, moments: Sequence[float]) -> Iterator[tuple[float, VideoFrame]]:
        """The key frame at or before each moment; where key frames are too rare for that, a pass from there on."""
        shown = -1.0
        for number, moment in enumerate(moments):
            self.container.seek(int(moment / self._tick) + self._start, stream=self.stream)
            time_s, picture = next(self._decoded(), (-1.0, None))
            if picture is None:
                return  # the file ends before its index says so
            if time_s <= shown:
                yield from self._passed(moments[number:])
                return
            shown = time_s
            yield time_s, picture

    def _decoded(self) -> Iterator[tuple[float, VideoFrame]]:
        for picture in self.container.decode(self.stream):
            yield max(0.0, float(((picture.pts or 0) - self._start) * self._tick)), picture

    @property
    def _tick(self) -> float:
        return float(self.stream.time_base or 1)

    @property
    def _start(self) -> int:
        return self.stream.start_time or 0


@contextmanager
def open_clip(file: BinaryIO) -> Iterator[Clip]:
    """Open the video in `file` (seekable). Raises `ClipRejected` with the reason if it is no readable clip.

    Whatever `file` itself raises while it is read passes through PyAV unchanged.
    """
    import av

    try:
        container = av.open(file, mode="r", options=_OPEN_OPTIONS, metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError) as error:
        raise ClipRejected("not a readable video file") from error
    with container:
        yield Clip(container, _video_stream(container), _duration_s(container))


def _video_stream(container: InputContainer) -> VideoStream:
    if len(container.streams) > MAX_STREAMS:
        raise ClipRejected(f"the file has {len(container.streams)} streams; {MAX_STREAMS} are allowed")
    if not container.streams.video:
        raise ClipRejected("the file has no video stream")
    stream = container.streams.video[0]
    pixels = stream.codec_context.width * stream.codec_context.height
    if pixels > MAX_PIXELS:
        raise ClipRejected(f"the pictures have {pixels:,} pixels; {MAX_PIXELS:,} are allowed")
    stream.thread_type = "AUTO"
    return stream


def _duration_s(container: InputContainer) -> float:
    duration_s = (container.duration or 0) / 1_000_000
    if duration_s > MAX_DURATION_S:
        raise ClipRejected(f"the clip lasts {duration_s / 3600:.1f} h; {MAX_DURATION_S / 3600:.0f} h are allowed")
    return max(0.0, duration_s)


def _upright(picture: VideoFrame) -> Rgb:
    """The picture as its display matrix asks for it. Rows can be padded, hence the contiguous copy."""
    scale = min(1.0, (KEPT_PIXELS / (picture.width * picture.height)) ** 0.5)
    width, height = round(picture.width * scale), round(picture.height * scale)
    rgb = picture.reformat(width=width, height=height, format="rgb24").to_ndarray()
    return np.ascontiguousarray(np.rot90(rgb, k=round(picture.rotation / 90) % 4))
