"""This machine: the results' directory, the room on its disk, and the kernel's keepalive.

Knows files and no AWS. The surprising rule: whether the directory can be written is found out by writing to it, through
the very steps that file a result, because a mode or a mount option does not tell.
"""

from __future__ import annotations

import errno
import os
import secrets
import shlex
from pathlib import Path

from poller.disk import disk_hint
from poller.durable import DurableDirectory
from poller.examine.finding import Finding, State
from poller.state import gather

KEEPALIVE = Path("/proc/sys/net/ipv4/tcp_keepalive_time")
KEEPALIVE_S = 300
MOUNTS = Path("/proc/mounts")
MIB, GIB = 1 << 20, 1 << 30
LOW_SHARE = 0.05
FEW_INODES = 1_000
LOST_AT_REBOOT = ("tmpfs", "ramfs")


def directory(path: Path) -> Finding:
    """Whether results can be filed there, and by nobody but us."""
    name, quoted = "results directory", shlex.quote(str(path))
    if not _there(path):
        advice = f"install -d -m 0700 {quoted}, as the poller's user"
        return Finding(name, State.WARNING, f"{path} is not there, or not for us to see", advice)
    try:
        _write_and_remove(path)
    except OSError as error:
        code = errno.errorcode.get(error.errno or 0, "OSError")
        return Finding(name, State.ERROR, f"{path} takes no file: {code}", disk_hint(error))
    status = path.stat()
    if status.st_uid != os.geteuid():
        return Finding(name, State.WARNING, f"{path} belongs to another user", f"chown {os.geteuid()} {quoted}")
    if status.st_mode & 0o077:
        found = f"{path} has mode {status.st_mode & 0o777:04o}: others may look in"
        return Finding(name, State.WARNING, found, f"chmod 0700 {quoted}")
    return Finding(name, State.OK, f"{path}: ours, 0700, a file could be written durably")


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # behind a folder that we may not enter
        return False


def _write_and_remove(path: Path) -> None:
    name = f".doctor-{secrets.token_hex(8)}"
    with DurableDirectory(path) as opened:
        opened.write(name, b"written by poller.doctor, which removes it\n")
        opened.remove(name)


def room(path: Path, mounts: Path = MOUNTS) -> Finding:
    """Free bytes and inodes for whoever is not root, where the directory is or will be."""
    place = next(folder for folder in (path, *path.resolve().parents) if _there(folder))
    disk = os.statvfs(place)
    free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    kind, mounted = _file_system(place, mounts)
    found = f"{_size(free)} of {_size(size)} free"
    if disk.f_files:  # btrfs and others count no inodes
        found += f", {disk.f_favail} inodes"
    found += f", {kind} on {mounted}"
    few = bool(disk.f_files) and disk.f_favail < FEW_INODES
    low = bool(disk.f_files) and disk.f_favail < LOW_SHARE * disk.f_files
    if free < 100 * MIB or few:
        return Finding("disk space", State.ERROR, found, "free some space: move old results away")
    if free < GIB or free < LOW_SHARE * size or low:
        return Finding("disk space", State.WARNING, found, "free some space before it is full: move old results away")
    if kind in LOST_AT_REBOOT:
        return Finding("disk space", State.WARNING, found, "a reboot empties it: choose a RESULTS_DIR on a disk")
    return Finding("disk space", State.OK, found)


def _file_system(place: Path, mounts: Path) -> tuple[str, Path]:
    """Kind and mount point; the kind is known where the kernel lists its mounts."""
    real = place.resolve()
    mounted = next(folder for folder in (real, *real.parents) if folder.is_mount())
    try:
        rows = [line.split() for line in mounts.read_text(errors="replace").splitlines()]
    except OSError:
        return "a file system", mounted
    kinds = [row[2] for row in rows if row[1] == str(mounted).replace(" ", "\\040")]
    return (kinds[-1] if kinds else "a file system"), mounted


def _size(count: int) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count / MIB:.0f} MiB"


def keepalive(setting: Path = KEEPALIVE) -> Finding:
    """Whether an idle connection to the function is kept alive before a NAT forgets it (350 s at AWS)."""
    try:
        seconds = int(setting.read_text())
    except (OSError, ValueError):
        return Finding("keepalive", State.SKIPPED, "this system does not tell its TCP keepalive time (macOS?)")
    found = f"idle connections are probed after {seconds} s"
    if seconds <= KEEPALIVE_S:
        return Finding("keepalive", State.OK, found)
    advice = "sysctl -w net.ipv4.tcp_keepalive_time=60, and the same line in /etc/sysctl.d/ for the next boot"
    return Finding("keepalive", State.WARNING, f"{found}: a NAT forgets them near 350 s", advice)


def last_tick(path: Path, now: float) -> Finding:
    """When a tick last succeeded here. `now`: seconds since the epoch."""
    if not path.is_dir():
        return Finding("last tick", State.SKIPPED, "there is no results directory yet")
    with DurableDirectory(path) as opened:
        state = gather(opened, now, at_most=1)
    if state.advice:
        return Finding("last tick", State.WARNING, "none has succeeded lately", state.advice)
    return Finding("last tick", State.OK, f"one succeeded {state.age_s or 0:.0f} s ago")
