"""What a roll call says in words: its evidence, and what its reader must know to judge it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from recognition.rollcall import ClipSeen, Evidence, RollCall, Status
from recognition.sections import Session

MEANING: dict[Status, str] = {
    "present": "identified in at least one clip, or named by a person",
    "uncertain": "resembles somebody in a clip, not closely enough to be counted",
    "absent": "not seen in the clips that could be looked at",
    "no clip": "no clip of the session could be looked at",
    "not enrolled": "cannot be recognised: no row, or not in the published gallery",
    "without consent": "must not be recognised: no consent, expired, or given for other sections",
}

LETTERS: dict[Status, str] = {
    "present": "P",
    "uncertain": "?",
    "absent": "A",
    "no clip": "–",
    "not enrolled": "N",
    "without consent": "W",
}
MOST_WORDS = 6
"""Sessions side by side; more get a letter each."""


def session_title(name: str) -> str:
    """A session's name as a heading; clips may belong to none."""
    return name or "all clips"


def short_key(key: str, session: Session) -> str:
    """The clip's key without its section and session, where it begins with them."""
    return key.removeprefix(f"{session.section}/{session.name}/")


def evidence_words(evidence: Evidence, session: Session) -> str:
    """Where the student was seen and how sure that is: "cam1.mp4 at 2.0 s, face 2, similarity 0.953"."""
    sure = f"similarity {evidence.similarity:.3f}" if evidence.similarity is not None else ""
    named = f"named by {evidence.corrected_by}" if evidence.corrected_by else ""
    where = f"{short_key(evidence.clip, session)} at {evidence.second:.1f} s"
    return ", ".join(filter(None, [where, f"face {evidence.face}", sure, named]))


def clip_words(clip: ClipSeen) -> str:
    """What became of a clip: "recognised, 2 unknown faces"."""
    unknown = f"{clip.unknown_faces} unknown face{'s' if clip.unknown_faces > 1 else ''}" if clip.unknown_faces else ""
    return ", ".join(filter(None, [clip.version.outcome.replace("_", " "), unknown]))


def remarks(call: RollCall) -> list[str]:
    """What its reader must know: clips that were not looked at, corrections without their face, no roster."""
    found = [] if call.lines else ["The section has no roster, so nobody can be absent. Give its students the section."]
    return found + [remark for clip in call.clips for remark in _clips_remarks(clip)]


def _clips_remarks(clip: ClipSeen) -> Iterator[str]:
    version = clip.version
    if version.fault:
        yield f"{version.upload.key} is left out: {version.fault}."
    elif version.decision is None:
        yield f"{version.upload.key} was not looked at: {version.outcome}."
    if version.outdated:
        yield (
            f"{version.upload.key}: {version.outdated} correction(s) of an earlier version no longer count, "
            "for the clip was uploaded anew. Look at it and correct it anew."
        )
    for correction in version.judged.gone:
        yield (
            f"{version.upload.key}: what {correction.by} said of the face at {correction.second:.1f} s "
            "no longer counts, for it was not found again. Look at the clip and correct it anew."
        )
