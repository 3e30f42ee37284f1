"""The roll call as CSV."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.result_csv import neutralise, write_csv


@dataclass(frozen=True)
class Row:
    name: str
    major: str = "physics"
    year: str = "junior"


def test_nobody_seen_gives_the_header_alone() -> None:
    assert write_csv([]) == "name,major,year\r\n"


def test_rows_keep_their_order_and_end_with_cr_lf() -> None:
    assert write_csv([Row("zoe"), Row("abe")]) == "name,major,year\r\nzoe,physics,junior\r\nabe,physics,junior\r\n"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x","y")'])
def test_a_cell_that_looks_like_a_formula_is_neutralised(cell: str) -> None:
    (_, row) = csv.reader(io.StringIO(write_csv([Row(cell)]), newline=""))
    assert row[0] == f"'{cell}"


def test_commas_quotes_and_line_breaks_are_quoted() -> None:
    assert write_csv([Row('O"Neil, Ada\nMae')]).splitlines(keepends=False)[1].startswith('"O""Neil, Ada')


@given(st.lists(st.tuples(st.text(), st.text(), st.text())))
def test_every_cell_comes_back_from_a_reader_and_none_starts_a_formula(cells: list[tuple[str, str, str]]) -> None:
    (_, *rows) = csv.reader(io.StringIO(write_csv(Row(*each) for each in cells), newline=""))
    assert len(rows) == len(cells)
    for row, given_cells in zip(rows, cells, strict=True):
        parts = [part for cell in row for part in re.split("[;\t]", cell)]
        assert not any(part.startswith(("=", "+", "-", "@", "\r", "\uff1d")) for part in parts)
        assert [cell.replace("'", "") for cell in row] == [
            cell.replace("\x00", "").lstrip("\ufeff").replace("'", "") for cell in given_cells
        ]


@given(st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]))] * 3), max_size=4))
def test_a_roll_call_of_ours_is_harmless_already(rows: list[tuple[str, str, str]]) -> None:
    text = write_csv([Row(*row) for row in rows])
    assert neutralise(text) == text


@pytest.mark.parametrize(
    "text", ["year,major,name\nsenior,art,Ada\n", "name,major,year,seat\r\nAda,art,4,7b\r\n", "", "name"]
)
def test_a_roll_call_in_another_order_or_with_more_cells_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == text


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+1", "-1", "\t=1", '"=HYPERLINK(""http://x"",""y"")"', "\x00=1"])
@pytest.mark.parametrize("before", ["", "a,", "a\r\n", "a\r", "a\n", ",\n"])
def test_no_cell_of_a_forged_roll_call_is_a_formula(before: str, cell: str) -> None:
    rows = list(csv.reader(io.StringIO(neutralise(f"{before}{cell},b"), newline="")))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\x00"))]
    assert neutralise(neutralise(f"{before}{cell},b")) == neutralise(f"{before}{cell},b")


@pytest.mark.parametrize(
    ("cell", "harmless"),
    [
        ("\uff1d1+1", "'\uff1d1+1"),
        ("x;=1+1", "x;'=1+1"),
        ("x\t@SUM(A1)", "x\t'@SUM(A1)"),
        (";-1;+1", ";'-1;'+1"),
        ("\ufeff=1", "'=1"),
        ("O'Neil; Ada", "O'Neil; Ada"),
        ("a=b+c", "a=b+c"),
    ],
)
def test_a_formula_hides_neither_behind_another_separator_nor_in_other_characters(cell: str, harmless: str) -> None:
    (_, row) = csv.reader(io.StringIO(write_csv([Row(cell)]), newline=""))
    assert row[0] == harmless
    assert neutralise(write_csv([Row(cell)])) == write_csv([Row(cell)])


def test_a_mark_of_the_byte_order_hides_no_formula() -> None:
    assert neutralise("\ufeff=1+1,b\r\n") == "'=1+1,b\r\n"


@pytest.mark.parametrize("text", ['a,"b', '"a"b', "x" * 200_000, "sep=;\r\nx;=1+1\r\n", "SEP = ;\r\n"])
def test_what_is_no_csv_is_refused(text: str) -> None:
    with pytest.raises(WireError, match="no CSV"):
        neutralise(text)
