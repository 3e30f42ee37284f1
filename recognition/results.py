"""From a finding to the result: outcome, roll call, locations. Pure decisions; storing is `storing`'s.

All five outcomes are normal results, each with a CSV (possibly only its header), a record and a message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recognition.identify import Finding
from recognition.output_keys import output_key
from recognition.roster import Student
from recognition.search import Search
from recognition.vote import Verdict
from wire.result_csv import write_csv
from wire.result_json import write_result
from wire.result_message import NOBODY_CONSENTS, Location, ModelUsed, Outcome, Result, StudentSeen
from wire.s3_event import Upload

USD_PER_GB_SECOND = 0.0000133334  # AWS Lambda, arm64, us-east-1
MAX_MESSAGE_BYTES = 1_000_000  # SQS takes 1 MiB; the rest is for the reason, should it go to a dead-letter queue


@dataclass(frozen=True, slots=True)
class Spent:
    """What the work took: milliseconds by step, seconds in all, and the function's memory (0 MB: unknown)."""

    timing_ms: Mapping[str, float]
    seconds: float
    memory_mb: int

    @property
    def cost(self) -> dict[str, float]:
        """GB-seconds and US dollars; empty off the cloud."""
        gb_seconds = self.seconds * self.memory_mb / 1024
        return (
            {"gb_seconds": round(gb_seconds, 3), "usd": round(gb_seconds * USD_PER_GB_SECOND, 8)} if gb_seconds else {}
        )


def result_of(
    upload: Upload, finding: Finding, search: Search, students: Mapping[str, Student], bucket: str, spent: Spent
) -> Result:
    """The result of a clip that was looked at. `finding` names only students in `students`."""
    seen = tuple(_student_seen(each, students[each.student_id]) for each in finding.verdicts if each.student_id)
    uncertain = tuple(
        _student_seen(each, students[each.candidate_id]) for each in finding.verdicts if each.candidate_id
    )
    unknown_faces = len(finding.verdicts) - len(seen)
    outcome = outcome_of(finding.verdicts)
    return Result(
        upload=upload,
        outcome=outcome,
        reason=_reason(outcome, finding),
        csv=write_csv(seen),
        csv_location=Location(bucket, output_key(upload, ".csv")),
        record_location=Location(bucket, output_key(upload, ".json")),
        picture_location=Location(bucket, output_key(upload, ".jpg")) if finding.verdicts else None,
        students=seen,
        unknown_faces=unknown_faces,
        model=ModelUsed(f"dlib-{finding.detector}", search.first.model, search.version, search.first.threshold),
        timing_ms=spent.timing_ms,
        cost=spent.cost,
        uncertain=uncertain,
    )


def outcome_of(verdicts: Sequence[Verdict]) -> Outcome:
    """The outcome of a clip that was looked at."""
    if any(verdict.student_id for verdict in verdicts):
        return "recognised"
    return "unknown" if verdicts else "no_face"


def refused_if_too_long(result: Result, spent: Spent) -> Result:
    """The result itself, or a rejection when its message is more than SQS takes.

    Half a roll call would mark those absent whom it leaves out; a rejection says what happened. It takes more than
    3,000 students in one clip, or sixty whose every field is 200 emoji.
    """
    size = len(write_result(result))
    if size <= MAX_MESSAGE_BYTES:
        return result
    reason = f"the roll call needs a message of {size:,} bytes; {MAX_MESSAGE_BYTES:,} are allowed: cut the clip"
    return result_without_faces(result.upload, "rejected", reason, result.csv_location.bucket, spent)


def result_without_faces(upload: Upload, outcome: Outcome, reason: str, bucket: str, spent: Spent) -> Result:
    """The result of an upload that could not be looked at: `rejected` or `superseded`."""
    return Result(
        upload=upload,
        outcome=outcome,
        reason=reason,
        csv=write_csv(()),
        csv_location=Location(bucket, output_key(upload, ".csv")),
        record_location=Location(bucket, output_key(upload, ".json")),
        timing_ms=spent.timing_ms,
        cost=spent.cost,
    )


def record_of(result: Result, finding: Finding | None) -> str:
    """The full record as JSON: the message, and the decision for every face. Unknown faces carry no student's id."""
    record = json.loads(write_result(result))
    record["frames_looked_at_s"] = [round(frame.time_s, 3) for frame in finding.frames] if finding else []
    record["decisions"] = [_decision(verdict) for verdict in finding.verdicts] if finding else []
    return json.dumps(record, indent=2, sort_keys=True)


def _student_seen(verdict: Verdict, student: Student) -> StudentSeen:
    if verdict.match is None:
        raise ValueError("a verdict that claims a student has a match")
    return StudentSeen(
        student_id=student.student_id,
        name=student.name,
        major=student.major,
        year=student.year,
        similarity=round(verdict.match.similarity, 4),
        margin=round(verdict.match.margin, 4),
        frames=len(verdict.track.sightings),
        first_seen_s=round(verdict.track.sightings[0].time_s, 3),
    )


def _decision(verdict: Verdict) -> dict[str, object]:
    return {
        "answer": verdict.answer,
        "named": verdict.student_id,
        "perhaps": verdict.candidate_id,
        "similarity": round(verdict.match.similarity, 4) if verdict.match else None,
        "margin": round(verdict.match.margin, 4) if verdict.match else None,
        "votes": verdict.votes,
        "sightings": [
            {
                "time_s": round(sighting.time_s, 3),
                "box": [sighting.box.left, sighting.box.top, sighting.box.right, sighting.box.bottom],
                "confidence": round(sighting.confidence, 3),
            }
            for sighting in verdict.track.sightings
        ],
    }


def _reason(outcome: Outcome, finding: Finding) -> str:
    frames = len(finding.frames)
    if outcome == "no_face":
        return f"no face was found in the {frames} frames looked at"
    if outcome != "unknown":
        return ""
    if any(verdict.candidate_id for verdict in finding.verdicts):
        return "nobody seen resembles an enrolled student closely enough to be sure"
    return NOBODY_CONSENTS
