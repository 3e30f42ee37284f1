"""What a kept text says of a student, and the same text without it: records, roll calls, decisions, corrections.

Pure. The surprising rule: what is erased is the student, not the face. It stays as an unknown one, so that the faces
keep their numbers and everybody else's roll call stays right.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recognition.erasure.places import Clip
from wire.erasure_message import holds
from wire.errors import WireError
from wire.result_csv import names_in
from wire.result_json import read_result, write_result
from wire.result_message import Result

IDENTITIES = ("student_id", "named", "perhaps", "runner_up")
SCORES = ("similarity", "margin")
ERASED = "(erased)"


@dataclass(frozen=True, slots=True)
class Told:
    """What a record or message tells of the student: `names` it bears there; `result` is None if it is none that can
    be read; `concerns` whether the student is in it at all."""

    concerns: bool
    names: frozenset[str] = frozenset()
    result: Result | None = None

    @property
    def clip(self) -> Clip | None:
        """The clip it tells of."""
        upload = self.result.upload if self.result else None
        return Clip(upload.key, upload.job_id, upload.version_id) if upload else None


def told_by(text: bytes, student_id: str) -> Told:
    """Read a record, or a result's message."""
    try:
        result = read_result(text)
        faces = _list(json.loads(text), "decisions")
    except (WireError, ValueError, AttributeError):
        return Told(holds(text, student_id))
    names = frozenset(each.name for each in result.students + result.uncertain if each.student_id == student_id)
    concerned = bool(names) or any(_mentions(face, student_id) for face in faces)
    return Told(concerned, names, result)


def record_without(text: bytes, result: Result, student_id: str) -> bytes:
    """The record without the student; `result` is what `text` holds."""
    kept = json.loads(text)
    less = json.loads(write_result(result.without(student_id)))
    rest = {name: value for name, value in kept.items() if name not in json.loads(write_result(result))}
    if "decisions" in rest:
        rest["decisions"] = [_face_without(face, student_id) for face in rest["decisions"]]
    return json.dumps({**less, **rest}, indent=2, sort_keys=True).encode()


def roll_call_without(text: str, names: frozenset[str]) -> str:
    """A roll call whose record is lost, without the rows that bear one of these names."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    kept = [row for n, row in enumerate(rows) if n == 0 or not row or not {row[0], row[0].removeprefix("'")} & names]
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(kept)
    return out.getvalue()


def roll_call_names(text: bytes, names: frozenset[str]) -> bool:
    """Whether one of its rows bears one of these names."""
    return bool(names & names_in(text.decode(errors="replace")))


def decision_without(text: str, student_id: str) -> str:
    """A decision as `decision.write_decision` has it, without the student; the text itself if it does not name the
    student, and empty if it does where nobody can read it."""
    body = _object(text)
    faces = _list(body, "faces")
    if any(_mentions(face, student_id) for face in faces):
        return json.dumps({**body, "faces": [_face_without(face, student_id) for face in faces]}, sort_keys=True)
    unreadable = not isinstance(body.get("faces"), list)
    return "" if unreadable and holds(text.encode(), student_id) else text


def decision_shows(text: str, student_id: str) -> bool:
    """Whether one of its faces is, or perhaps is, the student's; a runner-up was not there."""
    return any(
        isinstance(face, dict) and face.get("student_id") == student_id for face in _list(_object(text), "faces")
    )


def anybody_identified(text: str) -> bool:
    """Whether a decision still names anybody."""
    faces = _list(_object(text), "faces")
    return any(isinstance(face, dict) and face.get("answer") == "identified" for face in faces)


def corrections_without(texts: Sequence[str], student_id: str) -> tuple[str, ...]:
    """The corrections, each a text of JSON, without the student.

    A face that a person called the student's is now one that a person called unknown, or whom the decision had taken it
    for would be back. That it was *not* the student's need not be said any more.
    """
    kept = (_correction_without(text, student_id) for text in texts)
    return tuple(text for text in kept if text is not None)


def corrections_show(texts: Sequence[str], student_id: str) -> bool:
    """Whether a person called one of the faces the student's."""
    said = map(_object, texts)
    return any(each.get("student_id") == student_id and each.get("says") == "is" for each in said)


def _correction_without(text: str, student_id: str) -> str | None:
    said = _object(text)
    if not said:
        return None if holds(text.encode(), student_id) else text
    if student_id not in said.values():
        return text
    if said.get("student_id") == student_id and said.get("says") != "is":
        return None
    less = {name: ERASED if value == student_id else value for name, value in said.items()}
    unnamed = {"says": "is unknown", "student_id": None} if said.get("student_id") == student_id else {}
    return json.dumps({**less, **unnamed}, sort_keys=True)


def _face_without(face: Any, student_id: str) -> Any:
    """A face that was, or perhaps was, the student's becomes unknown; of a runner-up's face only that goes."""
    if not isinstance(face, dict) or not _mentions(face, student_id):
        return face
    was = any(face.get(name) == student_id for name in IDENTITIES if name != "runner_up")
    gone = [name for name in face if face[name] == student_id] + ([*IDENTITIES, *SCORES] if was else [])
    less = {name: None if name in gone else value for name, value in face.items()}
    return {**less, "answer": "unknown"} if was else less


def _mentions(face: Any, student_id: str) -> bool:
    return isinstance(face, dict) and any(face.get(name) == student_id for name in IDENTITIES)


def _list(body: dict[str, Any], name: str) -> list[Any]:
    found = body.get(name)
    return found if isinstance(found, list) else []


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
