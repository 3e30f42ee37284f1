"""What a place is where traces of a student may be, and what the places tell one another on the way.

Knows no cloud. The surprising rule: every place is looked through before anything is erased, because one tells of
traces in another: job records and results tell which clips and pictures show the student, records tell the names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, order=True)
class Clip:
    """A clip that shows the student; `version_id` is empty where nobody knows it."""

    key: str
    job_id: str
    version_id: str


@dataclass(slots=True)
class Subject:
    """Who is to be forgotten, and what was learnt of where: `names` borne, `clips` the student was recognised in."""

    student_id: str
    names: set[str] = field(default_factory=set)
    clips: set[Clip] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing to erase: `what` it is, in a word of ours, and what its place needs to find it again."""

    what: str
    target: Any = None


class Place(Protocol):
    """Where traces may be."""

    @property
    def name(self) -> str:
        """For the receipt."""
        ...

    def find(self, subject: Subject) -> list[Trace]:
        """All traces there are, adding what is learnt to the subject."""
        ...

    def erase(self, subject: Subject, traces: Sequence[Trace]) -> None:
        """Erase what was found. May be repeated, and may be cut off anywhere."""
        ...


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or a marker that it was deleted. `current`: it is what a plain read gets. Versions of
    one `etag` hold the same bytes; empty where nobody knows."""

    key: str
    version_id: str
    current: bool
    marker: bool
    written: datetime
    size: int = 0
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Current:
    """An object as it is now; `tag` is for writing over it and nothing else."""

    body: bytes
    version_id: str
    tag: str
    content_type: str
    metadata: dict[str, str]


class Bucket(Protocol):
    """A bucket with all its versions."""

    def versions(self, prefix: str = "") -> list[Version]:
        """Every version and marker under `prefix`."""
        ...

    def bodies(self, versions: Sequence[Version]) -> Iterator[tuple[Version, bytes]]:
        """The bytes of each version, in order; those that are gone meanwhile are left out."""
        ...

    def current(self, key: str) -> Current | None:
        """The object as it is now; None if there is none."""
        ...

    def replace(self, key: str, there: Current, body: bytes) -> bool:
        """Write `body` over what is `there` and purge that version; False if something else is there by now."""
        ...

    def purge(self, versions: Sequence[Version]) -> None:
        """Delete these versions for good, data first, then markers."""
        ...
