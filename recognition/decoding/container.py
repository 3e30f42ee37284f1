"""Opening a video file with PyAV, and everything that is checked before a picture is decoded. Runs in the child.

The surprising rule: FFmpeg decodes a picture on opening, only to learn the pixel format, which is as much work as the
first frame itself. It is kept from that where the container says before all that is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import av
from av.stream import Disposition

from recognition.clip_file import says_all_in_its_headers
from recognition.decoding.pictures import DAMAGE, OpenClip
from recognition.decoding.shots import PacketSize, is_one_shot
from recognition.errors import ClipRejected

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

MAX_PIXELS = 8192 * 4352  # 8K with its padding; above it a frame alone is over 100 MB
MAX_STREAMS = 32
MAX_DURATION_S = 12 * 3600.0
MAX_FRAMES = 12 * 3600 * 120  # by the container's index
BUFFER_BYTES = 128 << 10  # read at a time; each time costs some 80 µs of processor on both sides together
INDEXED_S, INDEXED_BYTES = 3.0, 8 << 20  # clips up to both are read through for their packets' sizes

# Playlists and scripts name other files and hosts; a clip has no business opening any (no protocol is allowed,
# the bytes come from our own reader) and only plain containers are tried.
_OPEN_OPTIONS = {
    "protocol_whitelist": "none",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,asf,flv,ogg,mxf,dv,h264,hevc,m4v",
}
_TRUST_HEADERS = {"skip_frame": "all", "probesize": "32"}


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
    except DAMAGE:
        return False


def _says_all_in_its_headers(file: BinaryIO) -> bool:
    start = file.read(8)
    file.seek(0)
    return says_all_in_its_headers(start)


def _opened(file: BinaryIO, stream_options: dict[str, str]) -> InputContainer:
    """The container. PyAV crashes when it has `options` for streams that turn up later, as in Flash and MPEG-PS:
    what concerns the container goes in `container_options`.
    """
    try:
        return av.open(
            file,
            mode="r",
            options=stream_options,
            container_options=_OPEN_OPTIONS,
            buffer_size=BUFFER_BYTES,
            metadata_errors="ignore",
        )
    except DAMAGE as error:
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
