"""What function and decoding child say to each other over a socket: a line of JSON, and bytes behind it.

Knows neither video nor processes, and imports little: both sides load it. The surprising rule: nothing is believed
for having arrived. Both lengths are bounded before anything is read, and nothing is ever unpickled.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

MAX_WORDS_BYTES = 64 << 10
_LENGTHS = struct.Struct("!II")


class Silence(Exception):
    """The other side has not answered within the time it was given."""


class Budget:
    """Seconds that may be spent waiting for the other side; only waiting uses them up."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds


def send(
    connection: socket.socket,
    words: Mapping[str, Any],
    payload: bytes | memoryview = b"",
    budget: Budget | None = None,
) -> None:
    """Send one message. Raises `OSError` when the other side is gone, `Silence` when it does not read in its time."""
    line = json.dumps(words).encode()
    with _within(connection, budget):
        connection.sendall(_LENGTHS.pack(len(line), len(payload)) + line)
        if payload:
            connection.sendall(payload)


def receive(connection: socket.socket, budget: Budget | None = None) -> tuple[dict[str, Any], int]:
    """The next message's words, and how many bytes of payload follow; read those with `receive_into`.

    Raises `EOFError` when the other side is gone, `ValueError` for what is no message, `Silence` when `budget` is
    used up (without one it waits for ever).
    """
    head = bytearray(_LENGTHS.size)
    receive_into(connection, memoryview(head), budget)
    length, payload = _LENGTHS.unpack(head)
    if length > MAX_WORDS_BYTES:
        raise ValueError(f"a message of {length:,} bytes")
    line = bytearray(length)
    receive_into(connection, memoryview(line), budget)
    words = json.loads(line)
    if not isinstance(words, dict):
        raise ValueError("a message without words")
    return words, payload


def receive_into(connection: socket.socket, view: memoryview, budget: Budget | None = None) -> None:
    """Fill `view` (bytes) from the connection. Raises as `receive` does."""
    while len(view):
        got = _some(connection, view, budget)
        if not got:
            raise EOFError("the other side is gone")
        view = view[got:]


def _some(connection: socket.socket, view: memoryview, budget: Budget | None) -> int:
    if budget is None:
        return connection.recv_into(view)
    with _within(connection, budget):
        try:
            return connection.recv_into(view)
        except ConnectionResetError:
            return 0


@contextmanager
def _within(connection: socket.socket, budget: Budget | None) -> Iterator[None]:
    """Whatever waits for the other side in here uses up `budget`. Raises `Silence` when it is."""
    if budget is None:
        yield
        return
    if budget.left <= 0:
        raise Silence
    connection.settimeout(budget.left)
    start = time.monotonic()
    try:
        yield
    except TimeoutError as error:
        raise Silence from error
    finally:
        budget.left -= time.monotonic() - start
        connection.settimeout(None)
