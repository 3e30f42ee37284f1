"""Students and their consents in a CSV file, as a school office's spreadsheet writes it.

Knows the file, no table. The surprising rule: it is read whole or not at all, and every fault is told with its line;
a column that is not known is a fault as well, because a misspelt `until` would make a consent without an end.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from recognition.errors import StudentsError
from recognition.roster import NOT_IN_AN_ID

COLUMNS = {  # as it may stand in the file: as we call it
    "student_id": "student_id",
    "id": "student_id",
    "name": "name",
    "major": "major",
    "year": "year",
    "sections": "sections",
    "section": "sections",
    "granted_by": "granted_by",
    "consent_by": "granted_by",
    "granted_at": "granted_at",
    "consent_at": "granted_at",
    "expires_at": "expires_at",
    "until": "expires_at",
    "consent_until": "expires_at",
    "scope": "scope",
    "consent_scope": "scope",
    "folder": "folder",  # of photographs, where it is not called as the id is
}
LISTS = ("sections", "scope")
DELIMITERS = ",;\t"
MAX_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """One student's line, numbered as an editor numbers it; `told` holds what is not empty, texts without blanks
    around them, `sections` and `scope` as lists of texts."""

    number: int
    student_id: str
    told: Mapping[str, object] = field(default_factory=dict)


def read_csv(path: Path, *, needed: Collection[str] = (), ignored: Collection[str] = ()) -> list[Line]:
    """The lines of a CSV file in UTF-8 with a header, cells divided by commas, semicolons or tabs.

    `needed` columns must be there, besides `student_id`; those `ignored` are passed over. Lists within a cell are
    divided by `|`. Raises `StudentsError` telling every fault with its line.
    """
    rows = list(_rows(path))
    if not rows:
        raise StudentsError(f"{path}: the file is empty; its first line names the columns, student_id among them")
    columns = _columns(path, rows[0][1], needed, ignored)
    lines, faults = [], []
    for number, cells in rows[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            faults.append(
                f"line {number}: {len(cells)} cells, but the header names {len(columns)} columns: "
                'put a cell with a comma or semicolon in it in "quotes", and give every column a cell'
            )
            continue
        lines.append(_line(number, columns, cells))
    faults += _faults_of_ids(lines)
    if faults:
        raise StudentsError("\n".join([f"{path}: nothing was taken over:", *(f"  {fault}" for fault in faults)]))
    return lines


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its first line."""
    text = _text(path)
    delimiter = max(DELIMITERS, key=text.split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    try:
        for row in reader:
            yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        raise StudentsError(f"{path}: line {number}: {error}") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StudentsError(f"{path}: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise StudentsError(f"{path}: more than {MAX_BYTES >> 20} MB; divide the file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise StudentsError(f"{path}: line {line}: not UTF-8; save it as 'CSV UTF-8'") from error


def _columns(path: Path, header: list[str], needed: Collection[str], ignored: Collection[str]) -> list[str]:
    """What each column is; empty for one to pass over."""
    written = [cell.strip().lower().replace(" ", "_") for cell in header]
    passed = {each.strip().lower().replace(" ", "_") for each in ignored}
    unknown = [name for name in written if name not in COLUMNS and name not in passed]
    columns = ["" if name in passed else COLUMNS.get(name, "") for name in written]
    known = [name for name in columns if name]
    faults = [f"column {name!r} is not known" for name in unknown]
    faults += [f"column {name} is missing" for name in ("student_id", *needed) if name not in known]
    faults += [f"column {name} is there twice" for name in sorted({n for n in known if known.count(n) > 1})]
    if faults:
        raise StudentsError(
            f"{path}: line 1: {'; '.join(faults)}. Known are {', '.join(COLUMNS)}; others may be passed over with "
            "--ignore NAME"
        )
    return columns


def _line(number: int, columns: list[str], cells: list[str]) -> Line:
    texts = {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if name and cell.strip()}
    told: dict[str, object] = {name: text for name, text in texts.items() if name not in LISTS}
    for name in LISTS:
        if name in texts:
            told[name] = [each.strip() for each in texts[name].split("|") if each.strip()]
    return Line(number, str(told.pop("student_id", "")), told)


def _faults_of_ids(lines: list[Line]) -> list[str]:
    faults = []
    first: dict[str, int] = {}
    for line in lines:
        if not line.student_id:
            faults.append(f"line {line.number}: student_id is empty")
        elif NOT_IN_AN_ID.search(line.student_id):
            faults.append(f"line {line.number}: student_id holds a control character or a line break")
        elif line.student_id in first:
            faults.append(
                f"line {line.number}: student_id {line.student_id!r} is on line {first[line.student_id]}, too"
            )
        else:
            first[line.student_id] = line.number
    return faults
