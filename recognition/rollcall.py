"""A section's roll call: who of its roster was seen in a session's clips, and by what it is borne out.

Pure. Of each clip the newest version counts, corrections included, and consent is judged now: who has withdrawn it is
neither present nor absent, and not named among the others either. The surprising rule: where no clip could be looked
at, nobody is absent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from recognition.corrections import JudgedFace
from recognition.finished import FinishedVersion, newest_of_each_clip
from recognition.output_keys import output_key
from recognition.sections import Session
from recognition.standing import Standing
from recognition.vote import Answer
from wire.result_message import Location

Status: TypeAlias = Literal["present", "uncertain", "absent", "no clip", "not enrolled", "without consent"]
"""`no clip`: none of the session's clips could be looked at."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A face that is, surely or perhaps, a student: its number in the clip, the second it was first seen at.

    `similarity` is None where a person named it, whom `corrected_by` tells.
    """

    clip: str
    second: float
    face: int
    answer: Answer
    similarity: float | None
    corrected_by: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One student of the roll call; `evidence` is the surest first."""

    student_id: str
    name: str
    status: Status
    evidence: tuple[Evidence, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ClipSeen:
    """A clip of the session. `picture` is None where there is none, and where it names somebody who may not be named
    any longer. `unknown_faces` counts those, too. `picture_gone`: there was one, which an erasure or its time has
    taken away."""

    version: FinishedVersion
    unknown_faces: int
    picture: Location | None
    picture_gone: bool = False

    def with_pictures(self, there: Collection[Location]) -> ClipSeen:
        """The clip, its picture only if it is one of those `there`."""
        gone = self.picture is not None and self.picture not in there
        return replace(self, picture=None, picture_gone=True) if gone else self


@dataclass(frozen=True, slots=True)
class RollCall:
    """One session: a line for each student of the roster, in order of name, and for `others` who were seen."""

    session: Session
    lines: tuple[Line, ...]
    others: tuple[Line, ...]
    clips: tuple[ClipSeen, ...]

    def clip(self, key: str) -> ClipSeen:
        """The session's clip with this key."""
        return next(each for each in self.clips if each.version.upload.key == key)


def roll_calls(versions: Iterable[FinishedVersion], standing: Standing, output_bucket: str) -> list[RollCall]:
    """A roll call for each session that `versions`, all of one section, are of; in order of the sessions' names."""
    by_session: dict[Session, list[FinishedVersion]] = defaultdict(list)
    for version in newest_of_each_clip(versions):
        by_session[version.session].append(version)
    return [_roll_call(session, by_session[session], standing, output_bucket) for session in sorted(by_session)]


def clip_seen(version: FinishedVersion, standing: Standing, bucket: str) -> ClipSeen:
    """The clip as it may be shown now. `bucket` is the output bucket."""
    faces = version.judged.faces
    unknown = sum(not standing.may_be_named(face.student_id) for face in faces)
    unknown += version.decision.left_out if version.decision else 0
    drawn = [face.decided.student_id for face in faces if face.decided.student_id]
    shown = bool(faces) and all(map(standing.may_be_named, drawn))
    return ClipSeen(version, unknown, Location(bucket, output_key(version.upload, ".jpg")) if shown else None)


def _roll_call(session: Session, versions: Sequence[FinishedVersion], standing: Standing, bucket: str) -> RollCall:
    evidence: dict[str, list[Evidence]] = defaultdict(list)
    for student_id, found in (each for version in versions for each in _evidence(version, standing)):
        evidence[student_id].append(found)
    looked_at = any(version.decision for version in versions)

    def lines(student_ids: Iterable[str]) -> tuple[Line, ...]:
        found = (_line(each, tuple(sorted(evidence[each], key=_sureness)), standing, looked_at) for each in student_ids)
        return tuple(sorted(found, key=lambda line: (line.name.casefold(), line.student_id)))

    clips = tuple(clip_seen(version, standing, bucket) for version in versions)
    return RollCall(session, lines(standing.roster), lines(evidence.keys() - standing.roster), clips)


def _evidence(version: FinishedVersion, standing: Standing) -> Iterator[tuple[str, Evidence]]:
    for face in version.judged.faces:
        if face.student_id and standing.may_be_named(face.student_id):
            yield face.student_id, _evidence_of(version.upload.key, face)


def _evidence_of(clip: str, face: JudgedFace) -> Evidence:
    as_decided = face.student_id == face.decided.student_id
    return Evidence(
        clip=clip,
        second=face.decided.first_seen_s,
        face=face.decided.face,
        answer=face.answer,
        similarity=face.decided.similarity if as_decided else None,
        corrected_by=face.corrected_by,
    )


def _sureness(evidence: Evidence) -> tuple[bool, bool, float, str, float, int]:
    """Whom a person named comes first, then the most similar face."""
    unsure = evidence.answer != "identified"
    return unsure, not evidence.corrected_by, -(evidence.similarity or 0), evidence.clip, evidence.second, evidence.face


def _line(student_id: str, evidence: tuple[Evidence, ...], standing: Standing, looked_at: bool) -> Line:
    status, remark = _status(student_id, evidence, standing, looked_at)
    return Line(student_id, standing.name_of(student_id), status, evidence, remark)


def _status(student_id: str, evidence: Sequence[Evidence], standing: Standing, looked_at: bool) -> tuple[Status, str]:
    if student_id not in standing.rows:
        return "not enrolled", "has no row in the student table"
    if not standing.may_be_named(student_id):
        return "without consent", ""
    if evidence:
        sure = any(each.answer == "identified" for each in evidence)
        return ("present" if sure else "uncertain"), ""
    if student_id not in standing.enrolled:
        return "not enrolled", "is not in the published gallery, or not on its roster of the section: publish again"
    return ("absent" if looked_at else "no clip"), ""
