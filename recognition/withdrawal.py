"""A consent taken back: out of the student's row, and the student out of the published gallery, at once.

Knows no cloud. The surprising rule: what was recognised before stays; only an erasure takes that away.
"""

from __future__ import annotations

from recognition.erasure.forget import Rows
from recognition.erasure.templates import Galleries, publish_without
from recognition.errors import StudentsError


def withdraw(student_id: str, rows: Rows, galleries: Galleries) -> bool:
    """Whether the student was in the published gallery. Raises `StudentsError` for who has no row."""
    if not rows.withdraw_consent(student_id):
        raise StudentsError(f"student {student_id!r} has no row in the student table: check the id")
    return publish_without([student_id], galleries)
