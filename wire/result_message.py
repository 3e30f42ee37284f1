"""The result of one clip, as it travels from the function to the VM: JSON, `schema: 1`.

The values are here; the bytes are in `result_json`. They are frozen and refuse impossible states, so that whoever
holds a `Result` need not check it again. Nothing here knows of clips, clients or files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from wire.errors import WireError
from wire.result_csv import write_csv
from wire.s3_event import Upload

SCHEMA = 1
Outcome = Literal["recognised", "unknown", "no_face", "rejected", "superseded"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
NOBODY_CONSENTS = "nobody seen is enrolled with valid consent"


@dataclass(frozen=True, slots=True)
class StudentSeen:
    """An enrolled student found in the clip, or (in `Result.uncertain`) perhaps found.

    `similarity` is the cosine similarity to the student's template, -1 to 1; `margin` is how far the runner-up
    lies below it (0 to 2; 2 when the gallery has no other student); `frames` counts the sampled frames that show the
    student, `first_seen_s` is in seconds from the clip's start.
    """

    student_id: str
    name: str
    major: str
    year: str
    similarity: float
    margin: float
    frames: int
    first_seen_s: float

    def __post_init__(self) -> None:
        _within("similarity", self.similarity, -1.0, 1.0)
        _within("margin", self.margin, 0.0, 2.0)
        _within("first_seen_s", self.first_seen_s, 0.0, math.inf)
        if not self.student_id or self.frames < 1:
            raise WireError("a student who was seen has an id and at least one frame")


@dataclass(frozen=True, slots=True)
class Location:
    """Where an object lies in S3."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class ModelUsed:
    """What decided: detector, embedding model, gallery version, and the (inclusive) similarity threshold."""

    detector: str
    embedding: str
    gallery_version: str
    threshold: float


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one upload. `csv` is the roll call's very text; `model` is None when no face was compared.

    `unknown_faces` counts every face that was not named. `uncertain` tells of those among them which resemble a
    student, not closely enough to count: shown to a person who may decide, never counted as present.
    """

    upload: Upload
    outcome: Outcome
    reason: str
    csv: str
    csv_location: Location
    record_location: Location
    picture_location: Location | None = None
    students: tuple[StudentSeen, ...] = ()
    unknown_faces: int = 0
    model: ModelUsed | None = None
    timing_ms: Mapping[str, float] = field(default_factory=dict)
    cost: Mapping[str, float] = field(default_factory=dict)
    uncertain: tuple[StudentSeen, ...] = ()

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise WireError(f"the outcome is not one of {', '.join(OUTCOMES)}")
        if bool(self.students) != (self.outcome == "recognised"):
            raise WireError("students are named if and only if the outcome is 'recognised'")
        if self.unknown_faces < 0 or (self.outcome == "unknown") > self.unknown_faces:
            raise WireError("the count of unknown faces contradicts the outcome")
        if len(self.uncertain) > self.unknown_faces:
            raise WireError("every uncertain face counts as an unknown one; there are fewer of those")
        shown = [student.student_id for student in self.students + self.uncertain]
        if len(set(shown)) != len(shown):
            raise WireError("a student appears twice in one result")

    def names(self, student_id: str) -> bool:
        """Whether it says that the student was seen, or perhaps seen."""
        return any(student.student_id == student_id for student in self.students + self.uncertain)

    def without(self, student_id: str) -> Result:
        """The result as if nobody had known the student: the face counts as unknown, everybody else stays.

        The picture is no longer spoken of, because it shows the student by name.
        """
        if not self.names(student_id):
            return self
        students = tuple(student for student in self.students if student.student_id != student_id)
        gone = len(self.students) - len(students)
        nobody = self.outcome == "recognised" and not students
        return replace(
            self,
            outcome="unknown" if nobody else self.outcome,
            reason=NOBODY_CONSENTS if nobody else self.reason,
            csv=write_csv(students) if gone else self.csv,
            picture_location=None,
            students=students,
            uncertain=tuple(student for student in self.uncertain if student.student_id != student_id),
            unknown_faces=self.unknown_faces + gone,
        )


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise WireError(f"{name} is outside {low} to {high}")
