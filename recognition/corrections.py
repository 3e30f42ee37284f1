"""What a person says of a face that was decided about, and what a decision amounts to with it.

Pure. The decision itself stays as it was. The surprising rule: a correction belongs to a place in the clip, not to a
face's number. After a rerun it holds for the face that is found there again; where none is, it is told as gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from recognition.decision import FaceDecision
from recognition.errors import RecognitionError, SetupError
from recognition.faces import Box
from recognition.track import SAME_PLACE
from recognition.vote import Answer

SAME_MOMENT_S = 0.25
"""Frames sampled from one clip lie further apart; a rerun samples the same ones."""

MAX_TEXT = 200
Says = Literal["is", "is not", "is unknown"]


@dataclass(frozen=True, slots=True)
class Correction:
    """What `by` said `at` a time (seconds since the epoch) of the face then numbered `face`.

    `second` and `box` (left, top, right, bottom in pixels) are where the decision had it. Raises `SetupError` for
    one that says nothing, or not by whom.
    """

    face: int
    second: float
    box: tuple[int, int, int, int]
    says: Says
    by: str
    at: float
    student_id: str | None = None

    def __post_init__(self) -> None:
        if self.says not in get_args(Says) or (self.says == "is unknown") != (self.student_id is None):
            raise SetupError("a correction says that a face is a student, is not, or is unknown")
        if not self.by.strip() or len(self.by) > MAX_TEXT or len(self.student_id or "") > MAX_TEXT:
            raise SetupError(f"a correction says by whom, in {MAX_TEXT} characters at most")

    def is_of(self, face: FaceDecision) -> bool:
        """Whether `face` is where this one was."""
        return abs(face.first_seen_s - self.second) <= SAME_MOMENT_S and self._overlap(face) >= SAME_PLACE

    def place_in(self, faces: Sequence[FaceDecision]) -> int | None:
        """Which of `faces`, counted from 0, it is of; None when that one is gone."""
        there = [n for n, face in enumerate(faces) if self.is_of(face)]
        return max(there, key=lambda n: self._overlap(faces[n]), default=None)

    def _overlap(self, face: FaceDecision) -> float:
        return Box(*self.box).overlap(Box(*face.box))


@dataclass(frozen=True, slots=True)
class JudgedFace:
    """A face as it was decided, and what people said of it, in this order."""

    decided: FaceDecision
    corrections: tuple[Correction, ...] = ()

    @property
    def student_id(self) -> str | None:
        """Whom it shows, surely or perhaps: the latest word counts."""
        student_id = self.decided.student_id
        for correction in self.corrections:
            if correction.says == "is":
                student_id = correction.student_id
            elif correction.says == "is unknown" or correction.student_id == student_id:
                student_id = None
        return student_id

    @property
    def answer(self) -> Answer:
        """A student whom a person named is identified, one whom a person denied is unknown."""
        if self.student_id is None:
            return "unknown"
        return "identified" if self.corrected_by else self.decided.answer

    @property
    def corrected_by(self) -> str:
        """Who made it what it now is; empty when that is what was decided."""
        changed = [each for each in self.corrections if each.says == "is" or self.student_id is None]
        return changed[-1].by if changed else ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A clip's faces as they stand, and the corrections whose faces a rerun no longer found."""

    faces: tuple[JudgedFace, ...] = ()
    gone: tuple[Correction, ...] = ()


def judged(faces: Sequence[FaceDecision], corrections: Iterable[Correction]) -> Judged:
    """The faces with the corrections, which come in the order they were made."""
    said: list[list[Correction]] = [[] for _ in faces]
    gone: list[Correction] = []
    for correction in corrections:
        place = correction.place_in(faces)
        (gone if place is None else said[place]).append(correction)
    return Judged(tuple(JudgedFace(face, tuple(of)) for face, of in zip(faces, said, strict=True)), tuple(gone))


def write_correction(correction: Correction) -> str:
    """As JSON."""
    return json.dumps(asdict(correction), sort_keys=True)


def read_correction(text: str) -> Correction:
    """The correction in a kept record. Raises `RecognitionError` for one that another version has written otherwise."""
    try:
        body = json.loads(text)
        return Correction(**{**body, "box": tuple(body["box"])})
    except (ValueError, TypeError, KeyError, SetupError) as error:
        raise RecognitionError(f"a correction cannot be read ({type(error).__name__})") from error
