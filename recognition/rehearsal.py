"""What a change of threshold, gallery or detector would change, told before it is made.

Pure. Decisions that were kept are replayed with another threshold; findings of one clip are set side by side. The
surprising rule: a record is replayed only where the rule gives the recorded answer at the recorded threshold. Whoever
was unknown for want of consent, or was seen more surely elsewhere in the clip, cannot be judged from a record, and is
counted instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recognition.decision import Decision, FaceDecision
from recognition.finished import FinishedVersion
from recognition.match import Match
from recognition.vote import Answer, Verdict, answer_to, is_borne_out


@dataclass(frozen=True, slots=True)
class Change:
    """One face or student of one clip whose answer would be another. `student_id` is None where no record says who."""

    clip: str
    where: str
    before: Answer
    after: Answer
    student_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`faces` were replayed with these `changes`; of `untold` faces a record does not tell enough."""

    faces: int
    changes: tuple[Change, ...]
    untold: int = 0


def replayed(versions: Iterable[FinishedVersion], threshold: float) -> Rehearsal:
    """The decisions of `versions`, had their section's roster been searched with `threshold` (cosine, 0 to 1)."""
    faces, untold, changes = 0, 0, []
    for version in versions:
        for face in version.decision.faces if version.decision else ():
            faces += 1
            after = _with_threshold(face, version.decision, threshold) if version.decision else None
            if after is None:
                untold += 1
            elif after != face.answer:
                where = f"face {face.face} at {face.first_seen_s:.1f} s"
                changes.append(Change(version.upload.key, where, face.answer, after, face.student_id))
    return Rehearsal(faces, tuple(changes), untold)


def compared(clip: str, before: Iterable[Verdict], after: Iterable[Verdict]) -> tuple[Change, ...]:
    """Whose answer differs between two findings of one clip. Unknown faces have no name to be compared by."""
    was, now = _answers(before), _answers(after)
    return tuple(
        Change(clip, "", was.get(student_id, "unknown"), now.get(student_id, "unknown"), student_id)
        for student_id in sorted(was.keys() | now.keys())
        if was.get(student_id) != now.get(student_id)
    )


def _answers(verdicts: Iterable[Verdict]) -> dict[str, Answer]:
    claims = ((verdict.student_id or verdict.candidate_id, verdict.answer) for verdict in verdicts)
    return {student_id: answer for student_id, answer in claims if student_id}


@dataclass(frozen=True, slots=True)
class _Bounds:
    """See `vote.Bounds`."""

    threshold: float
    uncertain_from: float


def _with_threshold(face: FaceDecision, decision: Decision, threshold: float) -> Answer | None:
    """The answer; None where the record does not tell. A threshold for others moves as far as the section's does."""
    band = decision.threshold - decision.uncertain_from
    for recorded in (decision.threshold, decision.threshold_beyond):
        if recorded is not None and _answer(face, recorded, band) == face.answer:
            return _answer(face, recorded + threshold - decision.threshold, band)
    return None


def _answer(face: FaceDecision, threshold: float, band: float) -> Answer:
    """What the rule says of what a record keeps of a face."""
    if face.similarity is None:
        return "unknown"
    match = Match(face.student_id or "", face.similarity, face.margin or 0.0)
    borne_out = is_borne_out(face.votes, face.frames, face.quality)
    return answer_to(match, borne_out, _Bounds(threshold, round(threshold - band, 4)))
