"""One file of a student to what is seen on it, unless that is remembered.

Whether it will do is not known here. The surprising rule: the models are asked for by a call, so that a run which
remembers everything loads none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from recognition.enrolment.taken import Taken
from recognition.errors import EnrolmentError
from recognition.identify import Identifier
from recognition.photograph import Seen, digest_of, look_at, photograph_bytes


class Memory(Protocol):
    """What was seen on photographs before, by the digest of their bytes."""

    def get(self, digest: str) -> Seen | None: ...

    def put(self, digest: str, seen: Seen) -> None: ...


def look_at_file(
    student_id: str, path: Path, identifier: Callable[[], Identifier], memory: Memory | None = None
) -> Taken:
    """Look at one photograph, or remember what was seen on it."""
    try:
        data = photograph_bytes(path)
    except EnrolmentError as error:
        return Taken(student_id, path, "", Seen(unreadable=str(error)))
    digest = digest_of(data)
    seen = memory.get(digest) if memory is not None else None
    if seen is None:
        seen = look_at(data, identifier())
        if memory is not None:
            memory.put(digest, seen)
    return Taken(student_id, path, digest, seen)
