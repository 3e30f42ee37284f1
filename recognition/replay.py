"""Kept decisions replayed with another threshold, and what the records lack for it.

Pure. The surprising rule: a record is replayed only where the rule gives the recorded answer at the recorded
threshold. Whoever was unknown for want of consent, or was seen more surely elsewhere in the clip, cannot be judged
from a record, and is counted instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from recognition.decision import Decision, FaceDecision
from recognition.faces import MODEL
from recognition.finished import FinishedVersion
from recognition.lacking import Lacking
from recognition.match import Match
from recognition.rehearsal import Change, Rehearsed
from recognition.search import moved_along
from recognition.vote import Answer, answer_to, is_borne_out


def replayed(version: FinishedVersion, threshold: float) -> Rehearsed:
    """The version, had its section's roster been searched with `threshold` (cosine, 0 to 1)."""
    decision = version.decision
    if decision is None or decision.model != MODEL:
        lacking = Lacking(unreadable=bool(version.fault), other_model=decision is not None)
        return Rehearsed(version, version, lacking=lacking)
    answers = [_with_threshold(face, decision, threshold) for face in decision.faces]
    faces = tuple(map(_answered, decision.faces, answers))
    changes = tuple(_changes(version, answers))
    lacking = Lacking(
        untold=answers.count(None),
        unlisted=decision.left_out,
        nameless=sum(change.student_id is None for change in changes),
    )
    after = replace(version, decision=replace(decision, faces=faces))
    return Rehearsed(version, after, len(faces) - lacking.untold, changes, lacking)


def _changes(version: FinishedVersion, answers: list[Answer | None]) -> Iterator[Change]:
    for face, answer in zip(version.decision.faces if version.decision else (), answers, strict=True):
        if answer is not None and answer != face.answer:
            where = f"face {face.face} at {face.first_seen_s:.1f} s"
            yield Change(version.upload.key, where, face.answer, answer, face.student_id)


def _answered(face: FaceDecision, answer: Answer | None) -> FaceDecision:
    """The face with that answer. Nobody can be named whose id is not there; an unknown face has none."""
    if answer is None or face.student_id is None:
        return face
    if answer == "unknown":
        return replace(face, answer=answer, student_id=None, runner_up=None)
    return replace(face, answer=answer)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """See `vote.Bounds`."""

    threshold: float
    uncertain_from: float


def _with_threshold(face: FaceDecision, decision: Decision, threshold: float) -> Answer | None:
    """The answer; None where the record does not tell."""
    band = decision.threshold - decision.uncertain_from
    beyond = decision.threshold_beyond
    if _answer(face, decision.threshold, band) == face.answer:
        return _answer(face, threshold, band)
    if beyond is not None and _answer(face, beyond, band) == face.answer:
        return _answer(face, moved_along(beyond, decision.threshold, threshold), band)
    return None


def _answer(face: FaceDecision, threshold: float, band: float) -> Answer:
    """What the rule says of what a record keeps of a face."""
    if face.similarity is None:
        return "unknown"
    match = Match(face.student_id or "", face.similarity, face.margin or 0.0)
    borne_out = is_borne_out(face.votes, face.frames, face.quality)
    return answer_to(match, borne_out, _Bounds(threshold, round(threshold - band, 4)))
