"""A directory whose files are whole or absent, whatever dies and whenever.

Knows nothing of results. The surprising rule: every operation goes through the directory's own descriptor and follows
no symlink, so that neither a planted link nor a renamed parent can lead a write elsewhere. Raises `OSError`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from pathlib import Path

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700
STALE_S = 3600
_TEMPORARY = re.compile(r"\.tmp-[0-9a-f]{16}\.part")


class DurableDirectory:
    """An open directory. Close it, or use it in a `with`."""

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> DurableDirectory:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def is_private(self) -> bool:
        """Whether it is ours, and nobody else may look in. One made here is; one that was there may be open."""
        status = os.fstat(self._fd)
        return status.st_uid == os.geteuid() and not status.st_mode & 0o077

    def open_file(self, name: str, flags: int) -> int:
        """A descriptor of the regular file `name` (never a symlink, never inherited); the caller closes it."""
        flags |= os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # or opening a pipe waits for its other end
        descriptor = os.open(name, flags, FILE_MODE, dir_fd=self._fd)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))  # what opening a socket raises by itself
        return descriptor

    def write(self, name: str, content: bytes) -> None:
        """Put `content` under `name` at once; when this returns it survives a power cut."""
        self._put(name, content)

    def _put(self, name: str, content: bytes, times: tuple[int, int] | None = None) -> None:
        temporary = f".tmp-{secrets.token_hex(8)}.part"
        try:
            self._write_through(temporary, content)
            if times:
                os.utime(temporary, ns=times, dir_fd=self._fd, follow_symlinks=False)
            os.replace(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except BaseException:
            self._forget(temporary)
            raise
        os.fsync(self._fd)

    def read(self, name: str, at_most: int = -1) -> bytes | None:
        """What lies under `name`; None if nothing does, or nothing that we wrote (a symlink, a directory, a pipe).

        Not more than the first `at_most` bytes, if that is not negative.
        """
        try:
            if not stat.S_ISREG(os.stat(name, dir_fd=self._fd, follow_symlinks=False).st_mode):
                return None
            descriptor = self.open_file(name, os.O_RDONLY)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read(at_most)

    def modified_since(self, suffix: str, since: float) -> list[str]:
        """Regular files whose names end in `suffix`, written at `since` (epoch seconds) or later; the latest first."""
        found = []
        for name in self.names():
            if name.endswith(suffix) and not name.startswith("."):
                with contextlib.suppress(FileNotFoundError):  # moved away meanwhile
                    entry = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
                    if stat.S_ISREG(entry.st_mode) and entry.st_mtime >= since:
                        found.append((entry.st_mtime, name))
        return [name for _, name in sorted(found, reverse=True)]

    def names(self) -> list[str]:
        """Everything that lies in it, files of ours or not, in no order."""
        return os.listdir(self._fd)  # noqa: PTH208  (pathlib cannot list a descriptor)

    def rewrite(self, name: str, content: bytes) -> None:
        """Put `content` under `name` as `write` does, as old as what it replaces; nothing if nothing was there."""
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
            self._put(name, content, (found.st_atime_ns, found.st_mtime_ns))

    def remove(self, name: str) -> None:
        """Take away a file of ours."""
        os.unlink(name, dir_fd=self._fd)

    def remove_if_there(self, name: str) -> bool:
        """Take away a file of ours, for good when this returns; whether it was there."""
        try:
            os.unlink(name, dir_fd=self._fd)
        except FileNotFoundError:
            return False
        os.fsync(self._fd)
        return True

    def remove_older(self, pattern: re.Pattern[str], before: float) -> int:
        """Remove regular files last written before `before` (epoch seconds) that the pattern fits; return how many."""
        return sum(self._remove_if_older(name, before) for name in self.names() if pattern.fullmatch(name))

    def settle(self) -> None:
        """Make what `read` has found survive a power cut, too: its writer may have died before it did so."""
        os.fsync(self._fd)

    def remove_stale(self, now: float) -> int:
        """Remove temporary files of ours that a crash left more than an hour before `now`; return how many."""
        return self.remove_older(_TEMPORARY, now - STALE_S)

    def _remove_if_older(self, name: str, before: float) -> bool:
        try:
            found = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
            older = stat.S_ISREG(found.st_mode) and found.st_mtime < before
            if older:
                os.unlink(name, dir_fd=self._fd)
        except FileNotFoundError:  # moved away meanwhile
            return False
        return older

    def _write_through(self, name: str, content: bytes) -> None:
        descriptor = self.open_file(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _forget(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self._fd)
        except OSError:
            return  # never written, already renamed, or the disk is past helping: removed as stale later
