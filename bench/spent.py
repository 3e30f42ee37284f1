"""CPU seconds and memory of this process and of all that it started.

Standard library only and quick to import: fresh processes load it before they are measured. The surprising rule: the
system counts a child when its parent has waited for it, so children that still run are looked up, which only Linux
allows (in hundredths of a second); elsewhere they count once they have ended.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def cpu_s() -> float:
    """CPU seconds so far, user and system."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime + sum(map(_cpu_s_of, _living("self")))


def peak_bytes() -> int:
    """The most memory this process ever held, that of each living child, and of the largest that has ended.

    Not `ru_maxrss` where it can be helped: after a fork that starts with the parent's memory.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    own, ended = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (_peak_of("self") or own * unit) + ended * unit + sum(map(_peak_of, _living("self")))


def _living(process: str) -> Iterator[str]:
    """The numbers of all running descendants; none where the system does not tell."""
    for file in (PROC / process / "task").glob("*/children"):
        with suppress(OSError):  # the thread has ended just now
            for child in file.read_text().split():
                yield child
                yield from _living(child)


def _cpu_s_of(process: str) -> float:
    """Including the children it waited for."""
    with suppress(OSError):
        ticks = (PROC / process / "stat").read_text().rpartition(")")[2].split()[11:15]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _peak_of(process: str) -> int:
    """0 where the system does not tell."""
    with suppress(OSError):
        for line in (PROC / process / "status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0
