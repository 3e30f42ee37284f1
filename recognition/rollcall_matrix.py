"""A section's sessions side by side: for each student, what each session's roll call says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from recognition.rollcall import Line, RollCall, Status


@dataclass(frozen=True, slots=True)
class Row:
    """One student; a status for each of the matrix's sessions, empty where somebody off the roster was not seen."""

    student_id: str
    name: str
    on_roster: bool
    statuses: tuple[Status | Literal[""], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The names of the sessions in order; the rows, those of the roster first."""

    section: str
    sessions: tuple[str, ...]
    rows: tuple[Row, ...]


def matrix_of(section: str, calls: Sequence[RollCall]) -> Matrix:
    """The matrix of a section's roll calls, all of them made with one standing."""
    roster = _rows([call.lines for call in calls], on_roster=True)
    others = _rows([call.others for call in calls], on_roster=False)
    return Matrix(section, tuple(call.session.name for call in calls), (*roster, *others))


def _rows(sessions: Sequence[Sequence[Line]], *, on_roster: bool) -> list[Row]:
    statuses = [{line.student_id: line.status for line in lines} for lines in sessions]
    names = {line.student_id: line.name for lines in sessions for line in lines}
    return [
        Row(student_id, name, on_roster, tuple(of_session.get(student_id, "") for of_session in statuses))
        for student_id, name in sorted(names.items(), key=lambda named: (named[1].casefold(), named[0]))
    ]
