"""A school office's CSV: every way a spreadsheet writes it, and every fault told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from recognition.errors import StudentsError
from recognition.students_csv import Line, read_csv

ADA = Line(2, "7", {"name": "Ada", "granted_by": "parents", "sections": ["cse546", "art 1"]})


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "students.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("student_id,name,granted_by,sections\n7,Ada,parents,cse546|art 1\n", id="commas"),
        pytest.param("﻿student_id,name,granted_by,sections\r\n7,Ada,parents,cse546|art 1\r\n", id="a BOM, CR LF"),
        pytest.param("student_id;name;granted_by;sections\n7;Ada;parents;cse546|art 1", id="semicolons, no end"),
        pytest.param("student_id\tname\tgranted_by\tsections\n7\tAda\tparents\tcse546 | art 1\n", id="tabs"),
        pytest.param(' ID ,"Name",Consent By,Section\n 7 , Ada ,parents,cse546|art 1|\n', id="other names, blanks"),
        pytest.param("id,name,granted_by,sections,major,until\n7,Ada,parents,cse546|art 1,,\n\n,,,,,\n", id="empty"),
    ],
)
def test_each_way_a_spreadsheet_writes_it_is_read_alike(tmp_path: Path, text: str) -> None:
    assert read_csv(written(tmp_path, text)) == [ADA]


def test_ids_may_hold_commas_and_slashes_and_names_may_be_alike(tmp_path: Path) -> None:
    lines = read_csv(written(tmp_path, 'id,name\n"7,b",Ada\n8/c,Ada\n'))
    assert [line.student_id for line in lines] == ["7,b", "8/c"]


def test_a_line_is_numbered_as_an_editor_does_though_a_cell_before_it_has_two(tmp_path: Path) -> None:
    assert [line.number for line in read_csv(written(tmp_path, 'id,name\n7,"Ada\nLovelace"\n8,Bob\n'))] == [2, 4]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", ["the file is empty"], id="empty"),
        pytest.param("name,year\nAda,1\n", ["line 1", "column student_id is missing"], id="no id column"),
        pytest.param("id,untill\n7,2027\n", ["line 1", "'untill' is not known", "--ignore"], id="a misspelt column"),
        pytest.param("id,student_id\n7,8\n", ["column student_id is there twice"], id="a column twice"),
        pytest.param("id,name\n7,Ada\n7,Bob\n", ["line 3: student_id '7' is on line 2, too"], id="an id twice"),
        pytest.param("id,name\n7,Ada,x\n8\n", ["line 2: 3 cells", "line 3: 1 cells"], id="cells too many and too few"),
        pytest.param("id,name\n,Ada\n", ["line 2: student_id is empty"], id="no id"),
        pytest.param('id,name\n"7\n8",Ada\n', ["line 2: student_id holds a control"], id="a line break in an id"),
        pytest.param('id,name\n7,"Ada\n', ["line 2:"], id="a quote that never ends"),
        pytest.param(b"id,name\n7,Ada\n8,Zo\xeb\n", ["line 3: not UTF-8; save it as"], id="Latin-1"),
        pytest.param("id,name\n7,Ada\n".encode("utf-16"), ["not UTF-8"], id="UTF-16"),
    ],
)
def test_every_fault_is_told_with_its_line(tmp_path: Path, text: str | bytes, told: list[str]) -> None:
    with pytest.raises(StudentsError) as caught:
        read_csv(written(tmp_path, text))
    assert all(each in str(caught.value) for each in told), str(caught.value)


def test_a_column_may_be_passed_over_and_another_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, "id,Shoe Size\n7,38\n")
    assert read_csv(path, ignored=["shoe size"]) == [Line(2, "7", {})]
    with pytest.raises(StudentsError, match="column name is missing"):
        read_csv(path, ignored=["shoe size"], needed=["name"])


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(StudentsError, match=r"nowhere\.csv: No such file"):
        read_csv(tmp_path / "nowhere.csv")
