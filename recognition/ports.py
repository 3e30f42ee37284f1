"""What the pipeline asks of the world outside: clips, the gallery, the students, the places where results go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import BinaryIO, Protocol

from recognition.gallery import Gallery
from recognition.roster import Student
from wire.result_message import Location
from wire.s3_event import Upload


class Clips(Protocol):
    def open(self, upload: Upload) -> BinaryIO:
        """The clip's bytes, seekable. Raises `ClipSuperseded` when this version is gone."""
        ...


class Galleries(Protocol):
    def current(self) -> Gallery:
        """The published gallery. Raises `GalleryError` when there is none to use."""
        ...


class Roster(Protocol):
    """Where students are looked up."""

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        """The rows there are among `student_ids`; whoever has none is left out."""
        ...


class Store(Protocol):
    def put(self, upload: Upload, location: Location, body: bytes, content_type: str) -> bool:
        """Write an object; False when a newer version of the same clip has written it already."""
        ...

    def is_newest(self, upload: Upload, location: Location) -> bool:
        """Whether no newer version of the same clip has written the object."""
        ...

    def remove(self, upload: Upload, location: Location) -> None:
        """Take an object away, whether it is there or not, unless a newer version of the same clip has written it."""
        ...


class Outbox(Protocol):
    def send(self, text: str) -> None:
        """Put a result message into the output queue."""
        ...
