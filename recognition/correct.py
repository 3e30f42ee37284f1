"""From what a person says of a numbered face to a correction that may be kept, and to enrolment photographs proposed.

Pure. The surprising rule: a correction may name only whom the function might have named: a row, and a consent that is
valid now and covers the clip's section.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recognition.corrections import Correction, Says
from recognition.errors import SetupError
from recognition.finished import FinishedVersion, newest_of_each_clip
from recognition.standing import Standing
from wire.s3_event import Upload


@dataclass(frozen=True, slots=True)
class Proposal:
    """A face that a person says is a student: a photograph that might be enrolled, by hand."""

    student_id: str
    name: str
    upload: Upload
    face: int
    second: float
    box: tuple[int, int, int, int]
    by: str

    @property
    def file_name(self) -> str:
        """For its photograph: of this version and face, whatever key and id hold."""
        return f"{self.upload.job_id[:12]}-face{self.face}.jpg"


def correction_of(
    version: FinishedVersion, standing: Standing, face: int, says: Says, student_id: str | None, by: str
) -> Correction:
    """The correction. Raises `SetupError` for a face there is not, a student who may not be named, or one whom the
    face was not taken for."""
    numbered = {each.decided.face: each for each in version.judged.faces}
    if face not in numbered:
        there = ", ".join(map(str, sorted(numbered))) or "none"
        raise SetupError(f"{version.upload.key} has no face {face}; its faces are: {there}")
    found = numbered[face]
    if says == "is" and not standing.may_be_named(student_id):
        raise SetupError(
            f"{student_id!r} has no row, or no consent that is valid now for section {standing.section or 'none'!r}: "
            "record the consent first"
        )
    if says == "is not" and found.student_id != student_id:
        raise SetupError(f"face {face} is not taken for {student_id!r}; `explain` says for whom it is")
    decided = found.decided
    return Correction(face, decided.first_seen_s, decided.box, says, by, standing.now.timestamp(), student_id)


def proposals(versions: Iterable[FinishedVersion], standing: Standing) -> Iterator[Proposal]:
    """The faces that a person named, of those students who may be named now; in order of clips and faces."""
    for version in newest_of_each_clip(versions):
        for face in version.judged.faces:
            if face.corrected_by and standing.may_be_named(face.student_id):
                assert face.student_id is not None
                yield Proposal(
                    student_id=face.student_id,
                    name=standing.name_of(face.student_id),
                    upload=version.upload,
                    face=face.decided.face,
                    second=face.decided.first_seen_s,
                    box=face.decided.box,
                    by=face.corrected_by,
                )
