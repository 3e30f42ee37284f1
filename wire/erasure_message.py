"""The request to forget a student, as it travels through the output queue to the VM: JSON, `schema: 2`.

It gives the student's id and no name. The surprising rule: it counts as a newer schema of what the output queue
carries, so that a poller from before there were erasures takes it for a result of a newer program: it puts it off and
leaves it whole for the dead-letter queue, from where it is redriven once the poller is installed anew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from wire.errors import NewerSchemaError, WireError
from wire.fields import as_object, parse_object, required

SCHEMA = 2
MAX_ID = 200


@dataclass(frozen=True, slots=True)
class Erasure:
    """Forget `student_id`; asked for at `asked_at` (ISO 8601 with zone)."""

    student_id: str
    asked_at: str

    def __post_init__(self) -> None:
        if not self.student_id.strip() or len(self.student_id) > MAX_ID:
            raise WireError("an erasure needs a student's id of a sensible length")
        try:
            aware = datetime.fromisoformat(self.asked_at).tzinfo is not None
        except ValueError as error:
            raise WireError("erasure.asked_at is not a time") from error
        if not aware:
            raise WireError("erasure.asked_at has no zone")


def digest_of(student_id: str) -> str:
    """64 hexadecimal digits that stand for the id where it must not be written.

    They hide it from a glance, not from somebody who tries all the ids there may be.
    """
    return hashlib.sha256(student_id.encode()).hexdigest()


def holds(content: bytes, student_id: str) -> bool:
    """Whether the id stands as a text in JSON, or in JSON inside a text of JSON, that nobody can read otherwise."""
    once, plain = json.dumps(student_id), json.dumps(student_id, ensure_ascii=False)
    forms = (once, json.dumps(once)[1:-1], plain, json.dumps(plain)[1:-1])
    return any(form.encode() in content for form in forms)


def write_erasure(erasure: Erasure) -> str:
    """The message's body, ASCII only."""
    body = {"student_id": erasure.student_id, "asked_at": erasure.asked_at}
    return json.dumps({"schema": SCHEMA, "erasure": body}, sort_keys=True)


def read_erasure(text: str | bytes) -> Erasure | None:
    """The erasure that a body of the output queue asks for; None if it is something else.

    Raises `WireError` for one that cannot be read, `NewerSchemaError` for one of a newer schema.
    """
    body = parse_object(text, "message")
    if "erasure" not in body:
        return None
    if required(body, "schema", int, "message") != SCHEMA:
        raise NewerSchemaError(f"an erasure of another schema than {SCHEMA}: install the newer poller first")
    asked = as_object(body["erasure"], "erasure")
    return Erasure(required(asked, "student_id", str, "erasure"), required(asked, "asked_at", str, "erasure"))
