"""What a change of threshold, gallery or detector would change, told before it is made.

Pure. Every clip comes twice: as it is, and as it would be. Faces and students are set side by side, and so are the roll
calls, which `rollcall` itself makes of both. The surprising rule: a student who may not be named now is in no change,
because the function would name nobody there whatever the settings are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from recognition.decision import Decision
from recognition.finished import FinishedVersion
from recognition.lacking import Lacking
from recognition.rollcall import Line, RollCall, Status, roll_calls
from recognition.sections import Session
from recognition.standing import Standing
from recognition.vote import Answer


@dataclass(frozen=True, slots=True)
class Change:
    """One face or student of one clip whose answer would be another. `student_id` is None where no record says who."""

    clip: str
    where: str
    before: Answer
    after: Answer
    student_id: str | None = None


Told: TypeAlias = Status | Literal["not seen"]
"""What a roll call says of a student; `not seen`: nothing, for this one is not on the roster."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A student of whom the roll call of a section's session would say something else."""

    section: str
    session: str
    student_id: str
    name: str
    before: Told
    after: Told


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A clip as it is and as it would be; how many `faces` could be judged, whose answer would be another, and what is
    lacking to judge the rest."""

    before: FinishedVersion
    after: FinishedVersion
    faces: int = 0
    changes: tuple[Change, ...] = ()
    lacking: Lacking = Lacking()  # noqa: RUF009  (it is frozen)

    @property
    def tells(self) -> bool:
        """Whether anything could be judged: a clip without faces is, one without a usable record is not."""
        return bool(self.faces) or not self.lacking.words()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Of so many clips and faces these answers and `roll_calls` would be others; what is lacking tells of the rest."""

    clips: int = 0
    faces: int = 0
    changes: tuple[Change, ...] = ()
    roll_calls: tuple[Turn, ...] = ()
    lacking: Lacking = Lacking()  # noqa: RUF009

    def __add__(self, other: Rehearsal) -> Rehearsal:
        return Rehearsal(
            self.clips + other.clips,
            self.faces + other.faces,
            self.changes + other.changes,
            self.roll_calls + other.roll_calls,
            self.lacking + other.lacking,
        )

    @property
    def would_change(self) -> bool:
        """Whether anything would be otherwise."""
        return bool(self.changes or self.roll_calls)


def of_section(clips: Sequence[Rehearsed], before: Standing, after: Standing) -> Rehearsal:
    """What the clips of one section come to, as its students stand now with either gallery.

    Clips of no section have no roll call.
    """
    return Rehearsal(
        clips=sum(clip.tells for clip in clips),
        faces=sum(clip.faces for clip in clips),
        changes=tuple(change for clip in clips for change in clip.changes if _may_be_told(change, before)),
        roll_calls=turned(clips, before, after) if before.section else (),
        lacking=sum((clip.lacking for clip in clips), Lacking()),
    )


def compared(clip: str, before: Decision | None, after: Decision | None) -> tuple[Change, ...]:
    """Whose answer differs between two decisions of one clip. Unknown faces have no name to be compared by."""
    was, now = _answers(before), _answers(after)
    return tuple(
        Change(clip, "", was.get(student_id, "unknown"), now.get(student_id, "unknown"), student_id)
        for student_id in sorted(was.keys() | now.keys())
        if was.get(student_id) != now.get(student_id)
    )


def turned(clips: Sequence[Rehearsed], before: Standing, after: Standing) -> tuple[Turn, ...]:
    """What the roll calls of one section would say otherwise; `clips` are all of that section."""
    was = _lines(roll_calls([clip.before for clip in clips], before, ""))
    now = _lines(roll_calls([clip.after for clip in clips], after, ""))
    both = {**now, **was}
    return tuple(
        Turn(session.section, session.name, student_id, both[session, student_id].name, *told)
        for session, student_id in sorted(both)
        if (told := (_told(was, session, student_id), _told(now, session, student_id))) and told[0] != told[1]
    )


def _may_be_told(change: Change, standing: Standing) -> bool:
    return change.student_id is None or standing.may_be_named(change.student_id)


def _lines(calls: Iterable[RollCall]) -> dict[tuple[Session, str], Line]:
    return {(call.session, line.student_id): line for call in calls for line in (*call.lines, *call.others)}


def _told(lines: Mapping[tuple[Session, str], Line], session: Session, student_id: str) -> Told:
    line = lines.get((session, student_id))
    return line.status if line else "not seen"


def _answers(decision: Decision | None) -> dict[str, Answer]:
    faces = decision.faces if decision else ()
    return {face.student_id: face.answer for face in faces if face.student_id}
