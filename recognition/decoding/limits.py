"""What a decoding child may use of the machine. The kernel keeps it to that, whatever the codec's code does.

The surprising rule: not a single file or socket can be opened in the child, so everything it needs is imported before
it is forked. macOS bounds processor time, files and core dumps; it does not enforce a bound on memory, and has no
`prctl`: there a child that grows is stopped by the clock alone.
"""

from __future__ import annotations

import resource
import signal
import sys
from functools import cache
from pathlib import Path
from typing import Any

MEMORY_BYTES = 1 << 30  # beyond what the child has at birth; the 16 pictures an 8K clip may refer to fit
CPU_S = 40
WALL_S = 80.0  # what the function waits for a child in all; the time of its own fetching is not counted

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def bind_nursery() -> None:
    """What every child inherits: no core dumps, no file ever grows, no new privileges. Once, before the first fork."""
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_FSIZE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def bind_child(born_bytes: int) -> None:
    """Bind this process to a clip's share. It cannot be undone; also, it dies when the nursery does (Linux).

    `born_bytes` is the address space it was born with, as `virtual_bytes` tells; 0: memory is not bounded.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _bound(resource.RLIMIT_CPU, CPU_S, CPU_S + 1)  # SIGXCPU first: it says why the child ended
    if born_bytes:
        _bound(resource.RLIMIT_AS, born_bytes + MEMORY_BYTES)
    _bound(resource.RLIMIT_NOFILE, 0)


def virtual_bytes() -> int:
    """The size of this process's address space; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _bound(what: int, soft: int, hard: int | None = None) -> None:
    """Set both limits, never above what we were given."""
    hard = soft if hard is None else hard
    _, most = resource.getrlimit(what)
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(what, (soft, hard))


@cache
def _libc() -> Any:
    import ctypes

    return ctypes.CDLL(None)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _libc().prctl(option, value, 0, 0, 0)
