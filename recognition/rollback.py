"""Back to an earlier published gallery, for as long as the bucket keeps it.

Knows the stage's ports. The surprising rule: templates and threshold go back, people do not. Who may be in it, and on
which roster, is what the rows say now; whoever was erased since is in no version any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recognition.erasure.erased import ErasedStudents, among
from recognition.erasure.places import Bucket, Version
from recognition.errors import GalleryError
from recognition.gallery import Gallery
from recognition.gallery_file import read_gallery
from recognition.publish import WritableGalleries, public_part
from recognition.roster import Student


class Everybody(Protocol):
    def everybody(self) -> Iterator[Student]:
        """All students who have a row."""
        ...


@dataclass(frozen=True, slots=True)
class Earlier:
    """A stored gallery: `current` is the published one; `students` counts those in it, None if it cannot be used."""

    version: str
    written: datetime
    current: bool
    students: int | None


def earlier(bucket: Bucket) -> list[Earlier]:
    """Every gallery that the bucket still keeps, the latest first, each once."""
    found: dict[str, Earlier] = {}
    for stored, body in bucket.bodies(_files(bucket)):
        version = _version_in(stored.key)
        found.setdefault(version, Earlier(version, stored.written, stored.current, _students_in(body)))
    return list(found.values())


def roll_back(
    version: str,
    now: datetime,
    *,
    bucket: Bucket,
    roster: Everybody,
    galleries: WritableGalleries,
    erased: ErasedStudents,
) -> Gallery:
    """Publish the stored gallery of that `version` again, of those who may be in it `now`.

    Raises `GalleryError` as `kept` does; `StageChanged` when somebody else publishes.
    """
    over = galleries.tag()
    public = admitted(kept(version, bucket), now, roster, erased)
    galleries.publish(public, over)
    return public


def kept(version: str, bucket: Bucket) -> Gallery:
    """The stored gallery of that `version`. Raises `GalleryError` when there is none that this program can use."""
    stored = [each for each in _files(bucket) if _version_in(each.key) == version]
    body = next((body for _, body in bucket.bodies(stored)), None)
    if body is None:
        raise GalleryError(f"no gallery {version!r} is kept: `python -m recognition gallery list` shows those that are")
    try:
        return read_gallery(body)
    except GalleryError as error:
        raise GalleryError(f"gallery {version} cannot be used: {error}") from error


def admitted(gallery: Gallery, now: datetime, roster: Everybody, erased: ErasedStudents) -> Gallery:
    """What of the gallery a stage may publish `now`: whoever has a row with a valid consent, and was not erased."""
    rows = {student.student_id: student for student in roster.everybody()}
    gone = among(rows, erased.digests())
    return public_part(gallery, [row for each, row in rows.items() if each not in gone], now)


def _files(bucket: Bucket) -> list[Version]:
    files = [each for each in bucket.versions("gallery/") if each.key.endswith(".npz") and not each.marker]
    return sorted(files, key=lambda each: (each.current, each.written), reverse=True)


def _version_in(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".npz")


def _students_in(body: bytes) -> int | None:
    try:
        return len(read_gallery(body).student_ids)
    except GalleryError:
        return None
