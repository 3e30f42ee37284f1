"""What was decided about a clip and why: kept in `job_table` for as long as records are kept.

Pure. It holds student ids and numbers, no names, no embeddings and no pictures. The surprising rule: an unknown face
carries no student's id, however near somebody was, so that a record accuses nobody of having been there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from recognition.errors import RecognitionError
from recognition.identify import Finding
from recognition.search import Search
from recognition.vote import Answer, Verdict

MAX_TEXT = 80_000
"""Characters: an item of 400 kB holds it and the result. Some 300 faces; beyond that unknown ones are left out."""


@dataclass(frozen=True, slots=True)
class FaceDecision:
    """One person in the clip, numbered from 1 in order of appearance. `box` is left, top, right, bottom in pixels of
    the frame at `first_seen_s`; `quality` that of the best look, 0 to 1; `votes` of `frames` were for the student."""

    face: int
    answer: Answer
    first_seen_s: float
    box: tuple[int, int, int, int]
    frames: int
    votes: int
    quality: float
    similarity: float | None = None
    margin: float | None = None
    student_id: str | None = None
    runner_up: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What decided, the seconds looked at, and each face. `threshold_beyond` is for whoever is not of the section.

    `left_out` unknown faces are not listed, for there were too many.
    """

    gallery_version: str
    model: str
    detector: str
    threshold: float
    uncertain_from: float
    frames_s: tuple[float, ...]
    faces: tuple[FaceDecision, ...]
    threshold_beyond: float | None = None
    left_out: int = 0


def decision_of(finding: Finding, search: Search) -> Decision:
    """The decision behind a finding, after consent has been asked for."""
    return Decision(
        gallery_version=search.version,
        model=search.first.model,
        detector=finding.detector,
        threshold=search.first.threshold,
        uncertain_from=round(search.first.uncertain_from, 4),
        threshold_beyond=search.others.threshold if search.others else None,
        frames_s=tuple(round(frame.time_s, 3) for frame in finding.frames),
        faces=tuple(_face(number, verdict) for number, verdict in enumerate(finding.verdicts, start=1)),
    )


def write_decision(decision: Decision) -> str:
    """As JSON, within `MAX_TEXT`."""
    text = json.dumps(asdict(decision), sort_keys=True)
    if len(text) <= MAX_TEXT:
        return text
    kept = tuple(face for face in decision.faces if face.answer != "unknown")
    fewer = replace(decision, faces=kept, left_out=len(decision.faces) - len(kept))
    text = json.dumps(asdict(fewer), sort_keys=True)
    return text if len(text) <= MAX_TEXT else json.dumps(asdict(replace(fewer, faces=(), left_out=len(decision.faces))))


def read_decision(text: str) -> Decision:
    """The decision in a kept record. Raises `RecognitionError` for one that another version has written otherwise."""
    try:
        body = json.loads(text)
        faces = tuple(_read_face(face) for face in body.pop("faces"))
        return Decision(**_lists_as_tuples(body), faces=faces)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecognitionError(f"a decision record cannot be read ({type(error).__name__})") from error


def _face(number: int, verdict: Verdict) -> FaceDecision:
    first, known = verdict.track.sightings[0], verdict.answer != "unknown"
    match = verdict.match
    return FaceDecision(
        face=number,
        answer=verdict.answer,
        first_seen_s=round(first.time_s, 3),
        box=(first.box.left, first.box.top, first.box.right, first.box.bottom),
        frames=len(verdict.track.sightings),
        votes=verdict.votes,
        quality=round(verdict.track.quality, 3),
        similarity=round(match.similarity, 4) if match else None,
        margin=round(match.margin, 4) if match else None,
        student_id=match.student_id if match and known else None,
        runner_up=match.runner_up if match and known else None,
    )


def _read_face(body: Mapping[str, Any]) -> FaceDecision:
    return FaceDecision(**_lists_as_tuples(body))


def _lists_as_tuples(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        for name, value in body.items()
    }
