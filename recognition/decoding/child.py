"""One clip's conversation, inside the child: open, then a picture whenever the function asks for the next.

The clip's bytes come through the same connection; there is no other way out. Knows neither AWS nor faces. The
surprising rule: what the codec's library throws is the clip's fault; only what points at our own code is not.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, cast

import av
import av.subtitles.codeccontext  # what PyAV would load on meeting subtitles, when nothing can be opened any more

from recognition.decoding.container import open_container, single_shot
from recognition.decoding.messages import receive, send
from recognition.decoding.picture import packed
from recognition.decoding.pictures import OpenClip, Shown
from recognition.decoding.remote_file import RemoteFile
from recognition.errors import ClipRejected

_USUAL_CODECS = ("h264", "hevc", "vp9", "libdav1d", "mpeg4", "mjpeg", "aac", "mp3", "opus", "vorbis", "pcm_s16le")
_OUR_OWN = (TypeError, AttributeError, NameError, ImportError, AssertionError)


def rehearse() -> None:
    """Open the usual codecs and decode a tiny clip made on the spot: no child need load modules or compute tables."""
    for name in _USUAL_CODECS:
        with suppress(av.error.FFmpegError, ValueError):  # a codec this build does not have costs nothing
            av.CodecContext.create(name, "r").open(strict=False)
    made = io.BytesIO()
    with av.open(made, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode())
    made.seek(0)
    clip = open_container(made)
    for _, picture in clip.pictures([0.0, 0.1]):
        packed(picture, clip.stream)


def serve(connection: socket.socket) -> None:
    """Answer the function until it hangs up."""
    words, _ = receive(connection)
    try:
        _converse(connection, int(words["size"]))
    except EOFError:
        return  # the function has seen enough
    except ClipRejected as error:
        send(connection, {"kind": "rejected", "reason": str(error)})
    except MemoryError:
        send(connection, {"kind": "rejected", "reason": "decoding the clip takes more memory than is allowed"})
    except _OUR_OWN as error:
        send(connection, {"kind": "failed", "reason": f"{type(error).__name__}: {error}"})
    except Exception as error:
        send(connection, {"kind": "rejected", "reason": f"the clip cannot be decoded ({type(error).__name__})"})


def _converse(connection: socket.socket, size: int) -> None:
    clip = open_container(cast(BinaryIO, RemoteFile(connection, size)))
    send(connection, {"kind": "opened", "duration_s": clip.duration_s})
    pictures: Iterator[Shown] = iter(())
    while True:
        words, _ = receive(connection)
        if words["kind"] == "single_shot":
            again = cast(BinaryIO, RemoteFile(connection, size))  # the pictures' place in the file stays theirs
            send(connection, {"kind": "single_shot", "is": single_shot(again, size, clip.duration_s)})
            continue
        if words["kind"] == "frames":
            pictures = clip.pictures([float(moment) for moment in words["moments"]])
        _answer(connection, clip, next(pictures, None))


def _answer(connection: socket.socket, clip: OpenClip, shown: Shown | None) -> None:
    if shown is None:
        send(connection, {"kind": "end"})
        return
    time_s, picture = shown
    made = packed(picture, clip.stream)
    send(connection, {"kind": "frame", "time_s": time_s, "quarters": made.quarters})
    for rows in (made.rgb, made.grey):
        words = {"kind": "rows", "width": rows.width, "height": rows.height, "row_bytes": rows.row_bytes}
        send(connection, words, rows.bytes)
