"""The roll call as CSV: RFC 4180, UTF-8, header `name,major,year`, a row for each identified student.

Knows nothing of S3 or disks. The surprising rule: a cell that a spreadsheet would take for a formula
gets a leading apostrophe (https://owasp.org/www-community/attacks/CSV_Injection), also after a semicolon or a tab,
which other spreadsheets take for the separator.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Protocol

from wire.errors import WireError

HEADER = ("name", "major", "year")
_FORMULA = re.compile(r"(^[\t\r]|(?:^|(?<=[;\t]))(?=[=+\-@\uff1d\uff0b\uff0d\uff20]))")
_SETS_SEPARATOR = re.compile(r"\s*sep\s*=", re.IGNORECASE)


class CsvRow(Protocol):
    """Whoever can stand in a roll call."""

    @property
    def name(self) -> str: ...
    @property
    def major(self) -> str: ...
    @property
    def year(self) -> str: ...


def write_csv(rows: Iterable[CsvRow]) -> str:
    """The file's text, rows in the order given, lines ended by CR LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows([_neutralised(cell) for cell in (row.name, row.major, row.year)] for row in rows)
    return text.getvalue()


def neutralise(text: str) -> str:
    """`text` itself if no cell of it could be taken for a formula, else the same cells with the apostrophes put in.

    What `write_csv` has written of students, in this version or another, comes back as it is. Raises `WireError` when
    it is no CSV, would have a spreadsheet read it with another separator, or holds half a character, which could never
    be written out.
    """
    try:
        text.encode()
        rows = list(csv.reader(io.StringIO(text.replace("\x00", "").lstrip("\ufeff"), newline=""), strict=True))
    except (csv.Error, UnicodeError) as error:
        raise WireError(f"the roll call is no CSV: {type(error).__name__}") from error
    if _SETS_SEPARATOR.match(text):
        raise WireError("the roll call is no CSV: its first line sets a separator")
    harmless = [[_neutralised(cell) for cell in row] for row in rows]
    if harmless == rows and "\x00" not in text and not text.startswith("\ufeff"):
        return text
    rewritten = io.StringIO()
    csv.writer(rewritten, lineterminator="\r\n").writerows(harmless)
    return rewritten.getvalue()


def names_in(text: str) -> set[str]:
    """The names in a roll call's rows, as they are without the apostrophe; none if it is no CSV."""
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\x00", ""), newline="")))
    except csv.Error:
        return set()
    return {plain for row in rows[1:] if row for plain in (row[0], row[0].removeprefix("'"))}


def _neutralised(cell: str) -> str:
    return _FORMULA.sub(r"'\1", cell.replace("\x00", "").lstrip("\ufeff"))
