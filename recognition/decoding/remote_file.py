"""The clip's bytes as the child sees them: a file whose every read asks the function for a piece.

Knows neither where they come from nor what they mean. The surprising rule: it buffers nothing, since FFmpeg does.
"""

from __future__ import annotations

import os
import socket

from recognition.decoding.messages import receive, send


class RemoteFile:
    """`size` bytes behind `connection`, as much of a file as PyAV needs. Several may share one connection."""

    def __init__(self, connection: socket.socket, size: int) -> None:
        self._connection = connection
        self._size = size
        self._position = 0

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Raises `ValueError` for a place before the start."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("cannot seek before the start")
        self._position = start + offset
        return self._position

    def read(self, length: int) -> bytes:
        """At most `length` bytes, none at the end. Raises `EOFError` when the function is gone."""
        wanted = min(length, self._size - self._position)
        if wanted <= 0:
            return b""
        send(self._connection, {"kind": "read", "offset": self._position, "length": wanted})
        _, length = receive(self._connection)
        piece = self._connection.recv(length, socket.MSG_WAITALL) if length else b""
        if len(piece) < length:
            raise EOFError("the function is gone")
        self._position += length
        return piece
