"""What the answers about a made clip are worth, against who was really shown. Pure.

The surprising rule: an answer is about the person whose face most of its boxes cover, whoever it names; a name given to
anything but that very student's face is wrong, to a bookshelf as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.scene import Scene, Shown
from recognition.faces import Box

COVERS = 0.3  # intersection over union; the detector's boxes come in few sizes, and a head turns within them
SIZES = (40, 50, 60, 80, 110, 161)


@dataclass(frozen=True, slots=True)
class Answer:
    """One person said to be in a clip: the student (None: unknown), and where at which second."""

    student_id: str | None
    places: tuple[tuple[float, Box], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """How a shown person fared: `found`: an answer is about the face; `named`: and one of them names the student."""

    enrolled: bool
    face_px: int
    found: bool
    named: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """All shown people, and the answers: how many name somebody, how many of them rightly, how many name nobody."""

    shown: tuple[Mark, ...] = ()
    names: int = 0
    right: int = 0
    unknown: int = 0
    faceless: int = 0

    def __add__(self, other: Marks) -> Marks:
        return Marks(
            self.shown + other.shown,
            self.names + other.names,
            self.right + other.right,
            self.unknown + other.unknown,
            self.faceless + other.faceless,
        )

    def figures(self) -> dict[str, object]:
        """The figures of the JSON file; a share of nothing is None."""
        return {
            "recall": _share([mark.named for mark in self.shown if mark.enrolled]),
            "precision": round(self.right / self.names, 4) if self.names else None,
            "faces_found": _share([mark.found for mark in self.shown]),
            "enrolled_named": self.right,
            "wrong_names": self.names - self.right,
            "unknown_counted": self.unknown,
            "answers_without_a_face": self.faceless,
            "per_size": [self._size(low, high) for low, high in pairwise(SIZES)],
        }

    def _size(self, low: int, high: int) -> dict[str, object]:
        own = [mark for mark in self.shown if low <= mark.face_px < high]
        return {
            "from_px": low,
            "to_px": high - 1,
            "faces": len(own),
            "found": _share([mark.found for mark in own]),
            "enrolled": sum(mark.enrolled for mark in own),
            "recall": _share([mark.named for mark in own if mark.enrolled]),
        }


def marked(scene: Scene, answers: Sequence[Answer]) -> Marks:
    """The marks of the answers about one scene."""
    about = [(answer, subject(scene, answer)) for answer in answers]
    shown = [
        Mark(
            enrolled=each.person.student_id is not None,
            face_px=each.face_px,
            found=any(whom is each for _, whom in about),
            named=any(whom is each and _names(answer, each) for answer, whom in about),
        )
        for each in scene.cast
    ]
    return Marks(
        shown=tuple(shown),
        names=sum(answer.student_id is not None for answer in answers),
        right=sum(whom is not None and _names(answer, whom) for answer, whom in about),
        unknown=sum(answer.student_id is None for answer in answers),
        faceless=sum(whom is None for _, whom in about),
    )


def subject(scene: Scene, answer: Answer) -> Shown | None:
    """The shown person whose face most of the answer's boxes cover; None when none covers any."""
    covered = [_covered(scene, time_s, box) for time_s, box in answer.places]
    counts = Counter(number for number in covered if number is not None)
    return scene.cast[counts.most_common(1)[0][0]] if counts else None


def _covered(scene: Scene, time_s: float, box: Box) -> int | None:
    """The number in the cast of the face that `box` covers at that moment."""
    overlaps = [each.face(time_s).overlap(box) if each.visible(time_s) else 0.0 for each in scene.cast]
    best = max(range(len(overlaps)), key=overlaps.__getitem__, default=None)
    return best if best is not None and overlaps[best] >= COVERS else None


def _names(answer: Answer, shown: Shown) -> bool:
    return answer.student_id is not None and answer.student_id == shown.person.student_id


def _share(hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(hits), 4) if hits else None
