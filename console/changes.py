"""The record of changes: who did what, and when; a JSON object a line, readable by its owner only.

The surprising rule: it names clips by job id and students by a digest, because it outlives their erasure.
"""

from __future__ import annotations

import errno
import json
import os
import threading
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from flask import current_app

from wire.erasure_message import digest_of

LONGEST = 512
"""Bytes of a line, which are a quarter of that as a rule."""


@dataclass
class Changes:
    """The record in `file`."""

    file: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, what: str, by: str, clip: str = "", student: str = "", count: int | None = None) -> None:
        """Append one change. Raises `OSError` where it cannot be kept: then it must not be made either."""
        told: dict[str, str | int] = {"at": datetime.now(timezone.utc).isoformat(timespec="seconds"), "by": by}
        told["what"] = what
        told |= {"clip": clip} if clip else {}
        told |= {"student": digest_of(student)} if student else {}
        told |= {"count": count} if count is not None else {}
        line = json.dumps(told).encode() + b"\n"
        with self._lock:
            handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _append(handle, line)
                os.fsync(handle)
            finally:
                os.close(handle)

    def last(self, at_most: int) -> list[dict[str, str]]:
        """The last changes, the latest first; lines that cannot be read are left out."""
        try:
            with self.file.open("rb") as file:  # which only grows
                file.seek(max(0, file.seek(0, os.SEEK_END) - at_most * LONGEST))
                lines = file.read().splitlines()[-at_most:]
        except FileNotFoundError:
            return []
        return [told for line in reversed(lines) if (told := _read(line))]


def changed(what: str, by: str | None = None, clip: str = "", student: str = "", count: int | None = None) -> None:
    """Note in the running console's record that who asks changes something; call it before the change is made."""
    from console.access import user

    record: Changes = current_app.extensions["changes"]
    record.add(what, user().name if by is None else by, clip, student, count)


def _append(handle: int, line: bytes) -> None:
    """All of the line or nothing of it: half a line on a full disk would spoil the next one, too."""
    before = os.fstat(handle).st_size
    if os.write(handle, line) != len(line):
        os.ftruncate(handle, before)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read(line: bytes) -> dict[str, str] | None:
    try:
        told = json.loads(line)
        return {str(name): str(value) for name, value in told.items()}
    except (ValueError, AttributeError):
        return None
