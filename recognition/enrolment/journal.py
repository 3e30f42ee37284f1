"""What was seen on each photograph, kept beside the gallery's file until everybody is enrolled.

An interrupted run, or one that refused a photograph, need not look at the others again. The surprising rule: a
photograph goes by the digest of its bytes, so that a renamed one is known and a replaced one is not. The file holds
embeddings and digests, no pictures and no names; it is its owner's only, and one run at a time holds it.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from dataclasses import astuple
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from recognition.errors import EnrolmentError
from recognition.faces import DIMENSIONS, MODEL, Box
from recognition.photograph import Seen
from recognition.quality import Quality

HEADER: dict[str, object] = {"journal": 1, "model": MODEL}
"""Another model, or another way of looking at photographs (count up then), and everything is looked at again."""


def journal_of(gallery_file: Path) -> Path:
    """Where the journal of an enrolment into `gallery_file` lies."""
    return gallery_file.with_name(f".{gallery_file.name}.looked-at")


class Journal:
    """The journal in a file, mode 0600, opened by `with`. Raises `EnrolmentError` when another run has it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: dict[str, Seen] = {}
        self._file: BinaryIO | None = None

    def __enter__(self) -> Journal:
        file = self._locked()
        while file is None:  # it was removed between opening and locking: whoever comes next would lock another one
            file = self._locked()
        self._file = file
        self._read(file)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def __len__(self) -> int:
        return len(self._seen)

    def get(self, digest: str) -> Seen | None:
        """What was seen on the photograph with these bytes; None if it was not looked at yet."""
        return self._seen.get(digest)

    def put(self, digest: str, seen: Seen) -> None:
        """Keep it. An unreadable photograph is not kept: another run may have what it takes to read it."""
        if self._file and not seen.unreadable:
            self._seen[digest] = seen
            self._write(_entry(digest, seen))

    def remove(self) -> None:
        """Everybody is enrolled: the file goes."""
        self.path.unlink(missing_ok=True)

    def _locked(self) -> BinaryIO | None:
        """The file, locked; None if it is not the one at its place any more."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        file = os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), self.path.stat()):
                return file
        except BlockingIOError as error:
            file.close()
            raise EnrolmentError(f"another enrolment is running: it holds {self.path}. Wait until it ends") from error
        except FileNotFoundError:
            pass
        file.close()
        return None

    def _read(self, file: BinaryIO) -> None:
        header, *lines = file.read().split(b"\n") or [b""]
        if _parsed(header) != HEADER:
            file.truncate(0)
            file.seek(0)
            self._write(HEADER)
            return
        for line in lines:
            if found := _seen(_parsed(line)):
                self._seen[found[0]] = found[1]
        if lines and lines[-1]:
            file.write(b"\n")  # the end of a line that an interruption cut off

    def _write(self, entry: dict[str, object]) -> None:
        assert self._file
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()


def _entry(digest: str, seen: Seen) -> dict[str, object]:
    embedding = None if seen.embedding is None else base64.b64encode(seen.embedding.astype("<f8").tobytes()).decode()
    return {
        "digest": digest,
        "size": seen.size,
        "boxes": [astuple(box) for box in seen.boxes],
        "embedding": embedding,
        "quality": seen.quality and astuple(seen.quality),
        "fingerprint": f"{seen.fingerprint:x}",
    }


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _seen(entry: Any) -> tuple[str, Seen] | None:
    """None for a line that is damaged: that photograph is looked at again."""
    try:
        width, height = entry["size"]
        boxes = tuple(Box(*box) for box in entry["boxes"])
        embedding = entry["embedding"] and np.frombuffer(base64.b64decode(entry["embedding"]), dtype="<f8")
        quality = entry["quality"] and Quality(*entry["quality"])
        if embedding is not None and (embedding.shape != (DIMENSIONS,) or not np.all(np.isfinite(embedding))):
            return None
        if len({embedding is None, quality is None, len(boxes) != 1}) != 1:
            return None
        return entry["digest"], Seen((width, height), boxes, embedding, quality, int(entry["fingerprint"], 16))
    except (KeyError, TypeError, ValueError):
        return None
