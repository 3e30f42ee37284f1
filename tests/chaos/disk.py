"""The poller's real program and filing on disks that fail: killed at a named step, full, read-only, broken.

What stands here runs in processes of its own, so that a limit, a mount or a kill hits nobody else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

STRUCK = """
import errno, os, runpy, signal, sys
step, moment, nth = sys.argv[1], sys.argv[2], int(sys.argv[3])
real, calls = getattr(os, step), []
def strike():
    if moment == "EIO":
        raise OSError(errno.EIO, "input/output error")
    os.kill(os.getpid(), signal.SIGKILL)
def struck(*args, **kwargs):
    ours = step != "open" or "dir_fd" in kwargs
    if ours:
        calls.append(1)
    if ours and len(calls) == nth and moment != "after":
        strike()
    result = real(*args, **kwargs)
    if ours and len(calls) == nth:
        strike()
    return result
setattr(os, step, struck)
sys.argv = ["poller.tick", "--drain-only"]
runpy.run_module("poller.tick", run_name="__main__")
"""
"""A tick that only drains, struck at the nth call of `os.<step>`: `before` or `after` it by SIGKILL, or by EIO."""

# Mounts that the process sees alone, and that end with it.
READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
FULL = 'mount -t tmpfs -o size=16k none "$1" && head -c 12k /dev/zero >"$1/ballast"; shift && exec "$@"'


def struck_tick(step: str, moment: str, nth: int, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the tick of `STRUCK`."""
    return _run([sys.executable, "-c", STRUCK, step, moment, str(nth)], environment)


def tick_on(mount: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a tick that only drains while `folder` is mounted as `mount` (`READ_ONLY` or `FULL`) says."""
    tick = [sys.executable, "-m", "poller.tick", "--drain-only"]
    return _run(["unshare", "-rm", "sh", "-c", mount, "sh", str(folder), *tick], environment)


@cache
def can_mount() -> bool:
    """Whether this machine lets us mount in a namespace of our own (Linux, unless it is forbidden)."""
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return tried.returncode == 0


def _run(command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **environment, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)
