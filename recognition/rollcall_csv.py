"""Roll calls as CSV: one session with the evidence, or a section's sessions side by side.

RFC 4180, cells that a spreadsheet would take for a formula neutralised as in every CSV of ours.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from recognition.rollcall import Line, RollCall, Status
from recognition.rollcall_matrix import Matrix
from recognition.rollcall_wording import session_title
from wire.result_csv import neutralise

HEADER = (
    "student_id",
    "name",
    "status",
    "on_roster",
    "clip",
    "second",
    "similarity",
    "corrected_by",
    "picture",
    "remark",
)
COUNTED: tuple[Status, ...] = ("present", "uncertain", "absent")


def session_csv(call: RollCall) -> str:
    """A row for each student, those of the roster first; the clip is the one that shows the student most surely."""
    rows = [_row(line, call, on_roster="yes") for line in call.lines]
    return _text(HEADER, rows + [_row(line, call, on_roster="no") for line in call.others])


def matrix_csv(matrix: Matrix) -> str:
    """A row for each student, a column for each session, and how often the student was what."""
    header = ("student_id", "name", "on_roster", *map(session_title, matrix.sessions), *COUNTED)
    rows = [
        (row.student_id, row.name, "yes" if row.on_roster else "no", *row.statuses, *map(row.statuses.count, COUNTED))
        for row in matrix.rows
    ]
    return _text(header, rows)


def _row(line: Line, call: RollCall, on_roster: str) -> tuple[object, ...]:
    start = (line.student_id, line.name, line.status, on_roster)
    if not line.evidence:
        return (*start, "", "", "", "", "", line.remark)
    best = line.evidence[0]
    place = call.clip(best.clip).picture
    picture = f"s3://{place.bucket}/{place.key}" if place else ""
    return (*start, best.clip, best.second, best.similarity, best.corrected_by, picture, line.remark)


def _text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([header, *rows])
    return neutralise(text.getvalue())
