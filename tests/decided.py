"""Made-up finished versions, decisions and students, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

from recognition.corrections import Correction, Says
from recognition.decision import Decision, FaceDecision
from recognition.finished import FinishedVersion
from recognition.roster import Consent, Student
from recognition.sections import Session
from recognition.standing import Standing
from recognition.vote import Answer
from wire.result_message import Outcome
from wire.s3_event import Upload

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
CONSENT = Consent("office", "2026-09-01", "2027-07-31")
SESSION = "2026-11-23T0900"


def face(number: int, student_id: str | None = None, answer: Answer | None = None, **other: object) -> FaceDecision:
    """Face `number`, in a place of its own; identified when it has a student, else unknown, unless `answer` differs."""
    fields: dict[str, object] = {
        "first_seen_s": float(number),
        "box": (200 * number, 100, 200 * number + 99, 199),
        "frames": 4,
        "votes": 4,
        "quality": 0.9,
        "similarity": 0.95,
        "margin": 0.03,
        **other,
    }
    return FaceDecision(number, answer or ("identified" if student_id else "unknown"), student_id=student_id, **fields)  # type: ignore[arg-type]


def decision(*faces: FaceDecision, **other: object) -> Decision:
    fields: dict[str, object] = {"threshold": 0.93, "uncertain_from": 0.92, "frames_s": (0.0, 0.5), **other}
    return Decision("gallery1", "dlib-resnet-v1", "hog", faces=faces, **fields)  # type: ignore[arg-type]


def finished(
    *faces: FaceDecision,
    clip: str = "cam1.mp4",
    session: str = SESSION,
    sequencer: str = "01",
    at: float = 1_795_000_000.0,
    outcome: Outcome = "recognised",
    corrections: Iterable[Correction] = (),
    took_ms: float | None = None,
) -> FinishedVersion:
    """A version of a clip of section cse546; with an outcome that looks at nothing, without a decision."""
    upload = Upload("clips", f"cse546/{session}/{clip}", f"v{sequencer}", "", sequencer, 0)
    decided = None if outcome in ("rejected", "superseded") else decision(*faces)
    place = Session("cse546", session)
    return FinishedVersion(upload, place, at, outcome, decided, tuple(corrections), took_ms=took_ms)


def correction(of: FaceDecision, says: Says, student_id: str | None = None, by: str = "Prof. Noether") -> Correction:
    return Correction(of.face, of.first_seen_s, of.box, says, by, 1_795_000_100.0, student_id)


def student(student_id: str, name: str, consent: Consent | None = CONSENT, sections: tuple[str, ...] = ()) -> Student:
    return Student(student_id, name, "maths", "senior", consent, sections)


ROWS = {each.student_id: each for each in (student("a", "Ada"), student("b", "Bob"), student("c", "Cyd"))}


def standing(*roster: str, rows: dict[str, Student] | None = None, enrolled: Iterable[str] | None = None) -> Standing:
    """The students `rows` (a, b, c), of whom `roster` are on the section's; all enrolled unless said otherwise."""
    there = ROWS if rows is None else rows
    return Standing("cse546", frozenset(roster), there, frozenset(there if enrolled is None else enrolled), NOW)
