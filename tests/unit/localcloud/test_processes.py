"""Process groups: ended as a whole, known by their command lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from localcloud import processes


def group(script: str) -> subprocess.Popen[bytes]:
    """A process in a group of its own."""
    return subprocess.Popen(["sh", "-c", script], start_new_session=True)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_ending_takes_the_children_along_even_when_their_parent_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child"
    process = group(f"sh -c 'trap \"\" TERM; echo $$ > {child}; while :; do sleep 0.1; done' & sleep 60")
    while not (child.exists() and child.read_text()):
        time.sleep(0.01)
    monkeypatch.setattr(processes, "END_S", 0.3)
    processes.end(process.pid)
    assert gone(int(child.read_text()))
    assert not processes.alive(process.pid)


def test_ending_twice_is_no_error() -> None:
    process = group("sleep 60")
    processes.end(process.pid)
    processes.end(process.pid)


def test_a_group_that_may_not_be_signalled_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(group: int, signal_: int) -> None:
        raise PermissionError

    process = group("sleep 60")
    with monkeypatch.context() as patched:
        patched.setattr(os, "killpg", forbidden)  # another user's: root, who may be the one to test, has none
        assert not processes.alive(process.pid)
        processes.end(process.pid)
    processes.end(process.pid)


@pytest.mark.skipif(not shutil.which("ps"), reason="no ps")
def test_ps_and_proc_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = group("sleep 61 & sleep 62; true")
    try:
        while len(list(processes.members(process.pid))) < 3:
            time.sleep(0.01)
        here = sorted(command for _, command in processes.members(process.pid))
        monkeypatch.setattr(processes, "PROC", tmp_path)
        assert sorted(command for _, command in processes.members(process.pid)) == here
        assert "sleep 61" in here
    finally:
        processes.end(process.pid)
