"""What an upload sends, decided without touching a bucket: which files, in which order, under which keys.

Knows no client. The surprising rule: with `requests`, request n is a copy of clip number n modulo the number of clips,
in natural order (test_2 before test_10), so the clip behind any request can be told from its number alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from recognition.clip_file import CLIP_SUFFIXES, MAX_KEY_BYTES, is_hidden


@dataclass(frozen=True, slots=True)
class Sending:
    """One file and the key it goes to."""

    source: Path
    key: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What the bucket says of an object: its size in bytes, its ETag without quotes, our sha256 where it was sent."""

    size: int
    etag: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a local file is: its size in bytes, MD5 (S3's ETag of a single part) and SHA-256, in hexadecimal."""

    size: int
    md5: str
    sha256: str

    def is_stored_as(self, stored: Stored | None) -> bool:
        """Whether `stored` holds the same bytes. An ETag of several parts proves nothing; then our sha256 must."""
        if stored is None or stored.size != self.size:
            return False
        return stored.etag == self.md5 or stored.sha256 == self.sha256


@dataclass(frozen=True, slots=True)
class Choice:
    """The files of a folder: those to send, and those left behind with the reason."""

    files: tuple[Path, ...]
    left: tuple[tuple[Path, str], ...]


def choose_files(folder: Path, *, every_file: bool = False) -> Choice:
    """The files under `folder` in natural order. Hidden files never go; others than clips only with `every_file`."""
    files, left = [], []
    for path in sorted((p for p in folder.rglob("*") if p.is_file()), key=lambda p: natural(p.relative_to(folder))):
        reason = _why_not(path.relative_to(folder), every_file)
        if reason:
            left.append((path, reason))
        else:
            files.append(path)
    return Choice(tuple(files), tuple(left))


def _why_not(relative: Path, every_file: bool) -> str:
    if is_hidden(PurePosixPath(relative)):
        return "hidden"
    if not every_file and relative.suffix.lower() not in CLIP_SUFFIXES:
        return "not a clip by its extension (--all sends it)"
    try:
        relative.as_posix().encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    return ""


def natural(path: Path) -> list[tuple[int, int, str]]:
    """A sort key in which numbers count as numbers."""
    parts = re.split(r"(\d+)", path.as_posix())
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part.casefold()) for part in parts]


def plan(folder: Path, files: Sequence[Path], *, requests: int | None = None, prefix: str = "") -> list[Sending]:
    """Every sending in order: each file under its own relative path, or `requests` copies as test_0, test_1, …

    Raises ValueError for a key that S3 cannot take.
    """
    if requests is None:
        sendings = [Sending(path, prefix + path.relative_to(folder).as_posix()) for path in files]
    else:
        sources = [files[number % len(files)] for number in range(requests)]
        sendings = [Sending(source, f"{prefix}test_{n}{source.suffix}") for n, source in enumerate(sources)]
    _refuse_long_keys(sending.key for sending in sendings)
    return sendings


def _refuse_long_keys(keys: Iterable[str]) -> None:
    for key in keys:
        if len(key.encode()) > MAX_KEY_BYTES:
            raise ValueError(f"the key {PurePosixPath(key).name[:40]}… is longer than S3's {MAX_KEY_BYTES} bytes")


def read_fingerprint(path: Path) -> Fingerprint:
    """Read `path` once, a megabyte at a time."""
    size, md5, sha256 = 0, hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            size += len(block)
            md5.update(block)
            sha256.update(block)
    return Fingerprint(size, md5.hexdigest(), sha256.hexdigest())
