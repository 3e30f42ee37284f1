"""Back to an earlier published gallery, for as long as the bucket keeps it.

Knows the stage's ports. The surprising rule: templates and threshold go back, people do not. Who may be in it, and on
which roster, is what the rows say now; whoever was erased since is in no version any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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


class PointedGalleries(WritableGalleries, Protocol):
    def key(self) -> str:
        """The published file's key; empty if nothing is published."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored gallery of `size` bytes, last published at `written`; `published`: it is the one in use.

    `students` each have one template, the mean of theirs of the `photographs`. `fault` says why it cannot be used.
    """

    version: str
    written: datetime
    size: int
    published: bool
    students: int = 0
    templates: int = 0
    photographs: int = 0
    fault: str = ""


def kept_galleries(bucket: Bucket, published: str) -> list[Kept]:
    """Every gallery that the bucket still keeps, the latest first, each once; `published` is the current file's key."""
    found: dict[str, Kept] = {}
    for stored, body in bucket.bodies(_files(bucket)):
        version = _version_in(stored.key)
        if version not in found:
            kept = Kept(version, stored.written, len(body), stored.current and stored.key == published)
            found[version] = _described(kept, body)
    return sorted(found.values(), key=lambda each: (each.published, each.written), reverse=True)


def roll_back(
    version: str,
    now: datetime,
    *,
    bucket: Bucket,
    roster: Everybody,
    galleries: PointedGalleries,
    erased: ErasedStudents,
) -> Gallery:
    """Publish the stored gallery of that `version` again, of those who may be in it `now`.

    Raises `GalleryError` as `kept_gallery` does, and where nobody would be in it or nothing would change;
    `StageChanged` when somebody else publishes.
    """
    over = galleries.tag()
    public = admitted(kept_gallery(version, bucket), now, roster, erased)
    if not public.student_ids:
        raise GalleryError(f"nobody of gallery {version} has a row and a valid consent now: nothing was published")
    if public.version == _version_in(galleries.key()):
        raise GalleryError(f"gallery {public.version} is published already: there is nothing to go back to")
    galleries.publish(public, over)
    return public


def kept_gallery(version: str, bucket: Bucket) -> Gallery:
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


def _described(kept: Kept, body: bytes) -> Kept:
    try:
        gallery = read_gallery(body)
    except GalleryError as error:
        return replace(kept, fault=str(error))
    counts = len(gallery.student_ids), len(gallery.templates), sum(gallery.photographs)
    return replace(kept, students=counts[0], templates=counts[1], photographs=counts[2])
