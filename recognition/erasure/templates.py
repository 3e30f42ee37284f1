"""The gallery bucket: templates in the published gallery and in every older version of it.

The surprising rule: the gallery is first published without the student, over what is there at that moment and nothing
else, so that nobody's enrolment is lost; only then are the files that held the student purged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from recognition.contended import until_unchanged
from recognition.erasure.places import Bucket, Subject, Trace, Version
from recognition.errors import GalleryError
from recognition.gallery import Gallery
from recognition.gallery_file import read_gallery

GALLERIES = "gallery/"
TEMPLATES = "templates"


class Galleries(Protocol):
    def tag(self) -> str:
        """What the pointer is now; empty if nothing is published."""
        ...

    def current(self) -> Gallery:
        """The published gallery."""
        ...

    def publish(self, gallery: Gallery, over: str | None = None) -> str:
        """Publish over the pointer as `tag` gave it. Raises `StageChanged`."""
        ...

    def touch(self, over: str) -> None:
        """Point at the same gallery anew. Raises `StageChanged`."""
        ...


def publish_without(student_ids: Collection[str], galleries: Galleries) -> bool:
    """Take the students out of the published gallery; False if nobody had to be. Raises `StageChanged` at last.

    Even then the pointer is written anew: somebody may be about to publish the student and must look again.
    """
    return until_unchanged(lambda: _publish_without(frozenset(student_ids), galleries))


def _publish_without(student_ids: frozenset[str], galleries: Galleries) -> bool:
    tag = galleries.tag()
    if not tag:
        return False
    gallery = galleries.current()
    if not student_ids & _everybody_in(gallery):
        galleries.touch(tag)
        return False
    galleries.publish(gallery.without(student_ids), over=tag)
    return True


@dataclass(frozen=True, slots=True)
class Templates:
    """See `places.Place`."""

    bucket: Bucket
    galleries: Galleries
    name: str = "gallery bucket"

    def find(self, subject: Subject) -> list[Trace]:
        """Every version of a gallery that holds the student, or cannot be read."""
        versions = self.bucket.versions(GALLERIES)
        files = [each for each in versions if each.key.endswith(".npz") and not each.marker]
        holding = [each for each, body in self.bucket.bodies(files) if _holds(body, subject.student_id)]
        return [Trace(TEMPLATES, each) for each in holding]

    def erase(self, subject: Subject, traces: Sequence[Trace]) -> None:
        """Publish without the student, then purge."""
        publish_without([subject.student_id], self.galleries)
        gone: list[Version] = [each.target for each in traces]
        keys = {each.key for each in gone}
        markers = [each for each in self.bucket.versions(GALLERIES) if each.marker and each.key in keys]
        self.bucket.purge([*gone, *markers])


def _holds(body: bytes, student_id: str) -> bool:
    try:
        return student_id in _everybody_in(read_gallery(body))
    except GalleryError:
        return True


def _everybody_in(gallery: Gallery) -> set[str]:
    return set(gallery.student_ids).union(*gallery.sections.values())
