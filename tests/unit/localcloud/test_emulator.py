"""The emulator's start: never on anybody else's port, and nothing is left of one that failed."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from localcloud import emulator, processes
from localcloud.errors import LocalCloudError
from localcloud.places import Places


def test_a_free_port_is_kept_and_a_taken_one_replaced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert emulator.free_port(port) != port
    assert emulator.free_port(port) == port


@pytest.mark.parametrize("port", [-1, 99_999])
def test_what_cannot_be_a_port_is_refused(port: int) -> None:
    with pytest.raises(LocalCloudError, match=f"{port} is no port"):
        emulator.check_port(port)


def played(places: Places, script: str) -> Path:
    """A program in place of the Python that has ministack."""
    places.make()
    python = places.state / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return python


def test_an_emulator_that_cannot_start_is_reported_with_its_last_words(tmp_path: Path) -> None:
    python = played(Places(tmp_path), "echo no such module >&2\nexit 1")
    with pytest.raises(LocalCloudError, match="no such module"):
        emulator.start(python, emulator.free_port(0), Places(tmp_path))


def test_ctrl_c_while_it_starts_leaves_no_emulator(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    python = played(Places(tmp_path), f"echo $$ > {said}\nsleep 60")

    def interrupt() -> None:
        while not (said.exists() and said.read_text()):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        emulator.start(python, emulator.free_port(0), Places(tmp_path))
    assert not processes.alive(int(said.read_text()))


ANSWERS = """exec "$LOCALCLOUD_TEST_PYTHON" -c '
import http.server, os
address = ("127.0.0.1", int(os.environ["GATEWAY_PORT"]))
class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(address, Healthy).serve_forever()
' "$@" """


def test_a_started_emulator_is_known_by_its_command_line_and_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALCLOUD_TEST_PYTHON", sys.executable)
    places = Places(tmp_path / "mine")
    pid = emulator.start(played(places, ANSWERS), emulator.free_port(0), places)
    try:
        assert emulator.runs(pid, places.state)
        assert not emulator.runs(pid, tmp_path / "another")
    finally:
        processes.end(pid)
    assert not emulator.runs(pid, places.state)
