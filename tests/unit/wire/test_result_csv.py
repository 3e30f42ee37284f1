"""The roll call as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.result_csv import write_csv


@dataclass(frozen=True)
class Row:
    name: str
    major: str = "physics"
    year: str = "junior"


def test_nobody_seen_gives_the_header_alone() -> None:
    assert write_csv([]) == "name,major,year\r\n"


def test_rows_keep_their_order_and_end_with_cr_lf() -> None:
    assert write_csv([Row("zoe"), Row("abe")]) == "name,major,year\r\nzoe,physics,junior\r\nabe,physics,junior\r\n"


@pytest.mark.fault(40)
@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x","y")'])
def test_a_cell_that_looks_like_a_formula_is_neutralised(cell: str) -> None:
    (_, row) = csv.reader(io.StringIO(write_csv([Row(cell)]), newline=""))
    assert row[0] == f"'{cell}"


def test_commas_quotes_and_line_breaks_are_quoted() -> None:
    assert write_csv([Row('O"Neil, Ada\nMae')]).splitlines(keepends=False)[1].startswith('"O""Neil, Ada')


@pytest.mark.fault(40)
@given(st.lists(st.tuples(st.text(), st.text(), st.text())))
def test_every_cell_comes_back_from_a_reader_and_none_starts_a_formula(cells: list[tuple[str, str, str]]) -> None:
    (_, *rows) = csv.reader(io.StringIO(write_csv(Row(*each) for each in cells), newline=""))
    assert len(rows) == len(cells)
    for row, given_cells in zip(rows, cells, strict=True):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
        assert [cell.removeprefix("'") for cell in row] == [
            c.replace("\x00", "").removeprefix("'") for c in given_cells
        ]
