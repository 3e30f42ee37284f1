"""The emulator's processes: found, ended as a group, and never anybody else's port."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from localcloud import emulator
from localcloud.cloud import down, found
from localcloud.errors import LocalCloudError
from localcloud.places import Places


def test_a_free_port_is_kept_and_a_taken_one_replaced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert emulator.free_port(port) != port
    assert emulator.free_port(port) == port


def group(script: str) -> subprocess.Popen[bytes]:
    """A process in a group of its own."""
    return subprocess.Popen(["sh", "-c", script], start_new_session=True)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_ending_takes_the_children_along_even_when_their_parent_goes_first(tmp_path: Path) -> None:
    child = tmp_path / "child"
    process = group(f"sh -c 'trap \"\" TERM; echo $$ > {child}; while :; do sleep 0.1; done' & sleep 60")
    while not (child.exists() and child.read_text()):
        time.sleep(0.01)
    started = emulator.END_S
    emulator.END_S = 0.3
    try:
        emulator.end(process.pid)
    finally:
        emulator.END_S = started
    assert gone(int(child.read_text()))
    assert not emulator.alive(process.pid)


def test_ending_twice_is_no_error() -> None:
    process = group("sleep 60")
    emulator.end(process.pid)
    emulator.end(process.pid)


def test_nothing_is_found_where_nothing_was_started(tmp_path: Path) -> None:
    assert found(tmp_path) is None
    assert down(tmp_path) is False


def test_the_record_of_a_dead_emulator_is_not_believed(tmp_path: Path) -> None:
    process = group("exit 0")
    process.wait()
    Places(tmp_path).record.write_text(
        f'{{"state": "{tmp_path}", "port": 1, "pid": {process.pid}, "operator": {{}}, "poller": {{}}}}'
    )
    assert found(tmp_path) is None


def test_an_emulator_that_cannot_start_is_reported_with_its_last_words(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.make()
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such module >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(LocalCloudError, match="no such module"):
        emulator.start(python, emulator.free_port(0), places)
