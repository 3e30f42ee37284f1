"""Process groups: who is in one, whether it lives, and its end.

Knows nothing of ministack. The surprising rule: a number proves nothing. Process ids are reused, in a fresh container
at once, so a group found by a number that was written down is ours only if its members' command lines say so.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

END_S = 10.0
PROC = Path("/proc")


def alive(group: int) -> bool:
    """Whether the process group has a running member that is ours to signal."""
    with contextlib.suppress(ChildProcessError):  # started by an earlier `up --detach`
        os.waitpid(group, os.WNOHANG)  # a zombie of ours does not count as alive
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # another user's is none of ours; macOS says so of zombies as well
        return False
    states = {state[0] for state, _ in members(group)}
    return states != {"Z"}  # a container's first process may never reap them


def runs(group: int, words: tuple[str, ...]) -> bool:
    """Whether a member's command line holds one of `words`."""
    return any(word in command for _, command in members(group) for word in words)


def end(group: int) -> None:
    """End all members: asked first, then made to. Idempotent."""
    for signal_, patience_s in ((signal.SIGTERM, END_S), (signal.SIGKILL, END_S)):
        if not alive(group):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended just now
            os.killpg(group, signal_)
        deadline = time.monotonic() + patience_s
        while alive(group) and time.monotonic() < deadline:
            time.sleep(0.05)


def members(group: int) -> Iterator[tuple[str, str]]:
    """State (`Z` first: a zombie) and command line of each member."""
    return _members_in_proc(group) if (PROC / "self" / "stat").exists() else _members_by_ps(group)


def _members_in_proc(group: int) -> Iterator[tuple[str, str]]:
    """For Linux, whose small images have no ps."""
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended just now
            state, _, its_group = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[:3]
            if its_group == str(group):
                yield state, (folder / "cmdline").read_text(errors="replace").replace("\0", " ").strip()


def _members_by_ps(group: int) -> Iterator[tuple[str, str]]:
    """For macOS."""
    command = ["ps", "-A", "-ww", "-o", "pgid=,stat=,command="]
    rows = subprocess.run(command, capture_output=True, text=True, errors="replace", check=True).stdout
    for row in rows.splitlines():
        its_group, state, *words = row.split(None, 2)
        if its_group == str(group):
            yield state, " ".join(words).strip()
