"""The last gate before a name is shown: a row on the roster, and a consent that is valid now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from recognition.identify import Finding
from recognition.ports import Roster
from recognition.roster import Student


def with_consent(
    finding: Finding, roster: Roster, now: datetime, section: str = ""
) -> tuple[Finding, Mapping[str, Student]]:
    """The finding with only those faces identified, or uncertain, whose students consent; those students by id.

    `section` is the clip's (empty: none): a consent may be for other sections only.

    Everybody else seen counts as an unknown face: missing from the roster, without consent, or expired.
    """
    claimed = (verdict.student_id or verdict.candidate_id for verdict in finding.verdicts)
    seen = frozenset(student_id for student_id in claimed if student_id)
    found = roster.students(seen) if seen else {}
    named = {student_id: student for student_id, student in found.items() if student.may_be_named(now, section)}
    return finding.without(seen - named.keys()), named
