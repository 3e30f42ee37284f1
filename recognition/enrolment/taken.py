"""The values of an enrolment: photographs, whose they are said to be, what is wrong with them, who is known already.

No files are read here and nothing is decided. The surprising rule: what is enrolled already is believed; a new
photograph is held against it, never the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recognition.enrolment.faults import NEVER_ENROLLED, Fault
from recognition.faces import Embedding
from recognition.gallery import Enrolled, Gallery
from recognition.photograph import Seen


@dataclass(frozen=True, slots=True)
class Taken:
    """A photograph, the student it is said to show, the digest of its bytes, and what is seen on it."""

    student_id: str
    photograph: Path
    digest: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class Judged:
    """A photograph and what is wrong with it; `accepted`: a person has overruled the doubts."""

    taken: Taken
    faults: tuple[Fault, ...]
    accepted: bool = False

    @property
    def can_be_enrolled(self) -> bool:
        """Whether it shows one face, once, in one student's folder only."""
        return not any(fault.kind in NEVER_ENROLLED for fault in self.faults)

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong with it, or nothing that was not overruled."""
        return not self.faults or (self.accepted and self.can_be_enrolled)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is enrolled already: each student's embeddings, and the gallery's threshold (None: nobody is enrolled)."""

    embeddings: Mapping[str, Sequence[Embedding]] = field(default_factory=dict)
    threshold: float | None = None


def known_from(gallery: Gallery, enrolled: Enrolled) -> Known:
    """Who is enrolled in `gallery`, whose photographs `enrolled` are."""
    faces: dict[str, list[Embedding]] = {student_id: [] for student_id in gallery.student_ids}
    for owner, embedding in zip(enrolled.owners, enrolled.embeddings, strict=True):
        faces[gallery.student_ids[owner]].append(embedding)
    return Known(faces, gallery.threshold)
