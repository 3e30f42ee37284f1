"""A decoding child that does what a hostile clip could make it do. For tests: `Sandbox("tests.misbehaving_decoder")`.

The "clip" is the name of the misdeed in plain text.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import time
from collections.abc import Callable

from recognition.decoding.messages import receive, send
from recognition.decoding.remote_file import RemoteFile

FRAME = {"kind": "frame", "time_s": 0.0, "quarters": 0}
RGB = {"kind": "rows", "width": 4, "height": 2, "row_bytes": 12}
GREY = {"kind": "rows", "width": 4, "height": 2, "row_bytes": 4}


def rehearse() -> None:
    """There is nothing to load."""


def serve(connection: socket.socket) -> None:
    """Read the clip's text and do that."""
    words, _ = receive(connection)
    misdeed = RemoteFile(connection, words["size"]).read(100).decode().strip()
    _MISDEEDS[misdeed](connection)


def _hang(_: socket.socket) -> None:
    time.sleep(3600)


def _spin(_: socket.socket) -> None:
    soft, hard = 1, resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))  # the bound itself is too long for a test
    while True:
        pass


def _die(_: socket.socket) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _leave(_: socket.socket) -> None:
    os._exit(0)


def _grow(connection: socket.socket) -> None:
    hoard = []
    try:
        while True:
            hoard.append(b"x" * (64 << 20))
    except MemoryError:
        held = len(hoard)
        hoard.clear()
        send(connection, {"kind": "rejected", "reason": f"held {held * 64} MiB"})


def _open_a_file(connection: socket.socket) -> None:
    try:
        os.open("/etc/hostname", os.O_RDONLY)
    except OSError as error:
        send(connection, {"kind": "rejected", "reason": f"file: {error.strerror}"})


def _open_a_socket(connection: socket.socket) -> None:
    try:
        socket.socket()
    except OSError as error:
        send(connection, {"kind": "rejected", "reason": f"socket: {error.strerror}"})


def _tell_environment(connection: socket.socket) -> None:
    send(connection, {"kind": "rejected", "reason": " ".join(sorted(os.environ))})


def _tell_descriptors(connection: socket.socket) -> None:
    open_ones = []
    for number in range(200):
        try:
            os.fstat(number)
        except OSError:
            continue
        open_ones.append(number)
    send(connection, {"kind": "rejected", "reason": f"{len(open_ones)} open"})


def _ask_too_much(connection: socket.socket) -> None:
    send(connection, {"kind": "read", "offset": 0, "length": 1 << 40})
    receive(connection)


def _babble(connection: socket.socket) -> None:
    connection.sendall(b"\xff" * 4096)
    time.sleep(3600)


def _stop_in_mid_frame(connection: socket.socket) -> None:
    send(connection, {"kind": "opened", "duration_s": 1.0})
    receive(connection)
    send(connection, FRAME)
    send(connection, RGB, bytes(24))
    send(connection, GREY, bytes(8))
    receive(connection)
    connection.sendall(b"\x00\x00")
    os._exit(0)


def _lie_about_size(connection: socket.socket) -> None:
    send(connection, {"kind": "opened", "duration_s": 1.0})
    receive(connection)
    send(connection, FRAME)
    send(connection, RGB | {"width": 1 << 20, "height": 1 << 20, "row_bytes": 3 << 20}, bytes(24))
    time.sleep(3600)


def _nest(connection: socket.socket) -> None:
    connection.sendall((60_000).to_bytes(4, "big") + bytes(4) + b"[" * 60_000)
    time.sleep(3600)


def _forget_the_numbers(connection: socket.socket) -> None:
    send(connection, {"kind": "opened", "duration_s": "long"})
    time.sleep(3600)


def _never_end(connection: socket.socket) -> None:
    send(connection, {"kind": "opened", "duration_s": 1.0})
    while True:
        receive(connection)
        send(connection, FRAME)
        send(connection, RGB, bytes(24))
        send(connection, GREY, bytes(8))


def _last_for_ever(connection: socket.socket) -> None:
    send(connection, {"kind": "opened", "duration_s": float("inf")})
    time.sleep(3600)


def _stop_reading(connection: socket.socket) -> None:
    for _ in range(4):
        send(connection, {"kind": "read", "offset": 0, "length": 4 << 20})
    time.sleep(3600)


def _have_a_bug(connection: socket.socket) -> None:
    send(connection, {"kind": "failed", "reason": "AttributeError: our own"})


_MISDEEDS: dict[str, Callable[[socket.socket], None]] = {
    "hang": _hang,
    "spin": _spin,
    "segfault": _die,
    "leave": _leave,
    "grow": _grow,
    "open a file": _open_a_file,
    "open a socket": _open_a_socket,
    "tell the environment": _tell_environment,
    "tell the descriptors": _tell_descriptors,
    "ask too much": _ask_too_much,
    "babble": _babble,
    "stop in mid frame": _stop_in_mid_frame,
    "lie about the size": _lie_about_size,
    "nest": _nest,
    "forget the numbers": _forget_the_numbers,
    "never end": _never_end,
    "last for ever": _last_for_ever,
    "stop reading": _stop_reading,
    "have a bug": _have_a_bug,
}
