"""A decision in words: what was compared with what, who each face is and why, or why nobody was named.

Pure. The surprising rule: a student whose consent is no longer valid is spoken of, not named.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from recognition.corrections import Correction, JudgedFace
from recognition.decision import Decision, FaceDecision
from recognition.finished import FinishedVersion
from recognition.match import NO_RUNNER_UP
from recognition.rollcall import ClipSeen
from recognition.standing import Standing
from recognition.vote import CLEAR_LEAD, CLEAR_LOOK


def explained(clip: ClipSeen, standing: Standing) -> list[str]:
    """The lines: the clip, what decided, each face, the picture."""
    version = clip.version
    lines = [f"{version.upload.key}: {version.outcome.replace('_', ' ')}, worked on at {_date(version.at)}"]
    if version.upload.version_id:
        lines.append(f"version {version.upload.version_id}")
    if version.decision is None:
        return [
            *lines,
            version.fault or version.reason or "nothing was looked at; the record beside the result says why",
        ]
    lines += _means(version.decision)
    lines += [line for face in version.judged.faces for line in _face(face, version.decision, standing)]
    lines += [f"no longer found: {_said(each, standing)}" for each in version.judged.gone]
    return [*lines, _picture(clip, version)]


def reasons_against(face: FaceDecision, decision: Decision) -> list[str]:
    """Why the face was not named for sure."""
    if face.similarity is None:  # an erasure takes it out of the record and leaves the votes
        return ["what it was compared with was erased" if face.votes else "nobody was enrolled to be compared with"]
    if face.answer == "unknown":
        return [_stranger(face.similarity, decision)]
    found = []
    if face.similarity < decision.threshold:
        found.append(f"{face.similarity:.3f} is less than {decision.threshold:.3f}")
    if face.margin is not None and face.margin < CLEAR_LEAD:
        found.append(f"the runner-up is within {CLEAR_LEAD}")
    if face.votes * 2 <= face.frames:
        found.append(f"only {face.votes} of {face.frames} frames agree")
    if face.quality < CLEAR_LOOK:
        found.append(f"no clear look: the best has {face.quality:.2f} of 1, {CLEAR_LOOK} is asked for")
    return found or ["who is not of the section must be more similar"]


def _stranger(similarity: float, decision: Decision) -> str:
    if similarity < decision.uncertain_from:
        return f"the nearest student reaches {similarity:.3f}, less than {decision.uncertain_from:.3f}"
    return (
        f"a student is as near as {similarity:.3f}, but may not be named, was seen more surely elsewhere in the clip"
        + (", or is not of the section" if decision.threshold_beyond is not None else "")
    )


def _means(decision: Decision) -> Iterator[str]:
    beyond = decision.threshold_beyond
    yield f"gallery {decision.gallery_version}, model {decision.model}, detector {decision.detector}"
    yield (
        f"named from similarity {decision.threshold:.3f} on, uncertain from {decision.uncertain_from:.3f} on"
        + (f"; {beyond:.3f} for who is not of the section" if beyond is not None else "")
    )
    seconds = ", ".join(f"{second:.1f}" for second in decision.frames_s)
    yield f"{len(decision.frames_s)} frames looked at, at {seconds} s"
    if decision.left_out:
        yield f"{decision.left_out} unknown faces are not listed: there were too many"


def _face(face: JudgedFace, decision: Decision, standing: Standing) -> Iterator[str]:
    decided = face.decided
    where = f"face {decided.face}, from {decided.first_seen_s:.1f} s on, in {decided.frames} frames"
    against = "; ".join(reasons_against(decided, decision))
    if decided.student_id is None:
        yield f"{where}: unknown"
        yield f"    {against}"
    else:
        doubt = "" if decided.answer == "identified" else "perhaps "
        yield f"{where}: {doubt}{named(decided.student_id, standing)}"
        votes = f"{decided.votes} of {decided.frames} frames agree"
        yield f"    similarity {decided.similarity or 0:.3f}{_lead(decided, standing)}, {votes}"
        if doubt:
            yield f"    not named: {against}"
    yield from (f"    {_said(each, standing)}" for each in face.corrections)


def _lead(face: FaceDecision, standing: Standing) -> str:
    if face.runner_up is None or face.margin is None or face.margin >= NO_RUNNER_UP:
        return ""
    return f", {face.margin:.3f} ahead of {named(face.runner_up, standing)}"


def _said(correction: Correction, standing: Standing) -> str:
    whom = named(correction.student_id, standing) if correction.student_id else ""
    what = " ".join(filter(None, [correction.says, whom]))
    return f"{correction.by} said on {_date(correction.at)} of the face at {correction.second:.1f} s: {what}"


def named(student_id: str, standing: Standing) -> str:
    """Name and id of a student who may be named."""
    if standing.may_be_named(student_id):
        return f"{standing.name_of(student_id)} ({student_id})"
    return "a student who may not be named"


def _picture(clip: ClipSeen, version: FinishedVersion) -> str:
    if clip.picture:
        return f"picture, with the faces' numbers: s3://{clip.picture.bucket}/{clip.picture.key}"
    if clip.picture_gone:
        return "picture: no longer there, it was erased or has expired"
    names_somebody = bool(version.judged.faces)
    return "picture: not to be shown, it names a student who may not be named" if names_somebody else "no picture"


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M} UTC"
