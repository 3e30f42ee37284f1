"""`enrol --students-csv`: the commands of docs/enrolment.md, and what goes wrong in a spreadsheet."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recognition.gallery_file import read_gallery
from recognition.roster import Student
from recognition.students_file import read_students
from tests.unit.recognition.command_line import Ran, Run

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "enrolment.md").read_text(encoding="utf-8")
RUN_HERE = re.compile(r"<!-- run by tests/unit/recognition/test_enrolling_a_list\.py -->\n```sh\n(.*?)```", re.DOTALL)
GALLERY, ROWS, PHOTOGRAPHS, LIST = Path("gallery.npz"), Path("students.json"), Path("photographs"), Path("list.csv")


@pytest.fixture
def enrol(run: Run, samples: Path) -> Run:
    """The verb on a copy of the sample photographs with no `student.json`, with the CSV text that it is called with."""
    shutil.copytree(samples / "photographs", PHOTOGRAPHS, ignore=shutil.ignore_patterns("student.json"))

    def enrol(text: str, *options: object) -> Ran:
        LIST.write_text(text, encoding="utf-8")
        return run("enrol", PHOTOGRAPHS, "--students-csv", LIST, *options)

    return enrol


def test_the_pages_commands_enrol_its_list(samples: Path, tmp_path: Path) -> None:
    for student, name in (("grace_hopper", "1906"), ("eileen_collins", "1956")):
        shutil.copytree(samples / "photographs" / student, tmp_path / "photographs" / name)
        (tmp_path / "photographs" / name / "student.json").unlink()
    (block,) = RUN_HERE.findall(PAGE)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    done = subprocess.run(
        ["sh", "-euc", block], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "line 4: student '1815/a' has no photographs: no folder can be called" in done.stderr
    rows = {student.student_id: student for student in read_students(tmp_path / "students.json")}
    assert rows.keys() == {"1906", "1956", "1815/a"}
    assert (rows["1906"].name, rows["1906"].sections) == ("Grace Hopper", ("cse546", "cse551"))
    assert rows["1906"].consent is not None
    assert rows["1906"].consent.expires_at == "2099-07-31"
    assert rows["1815/a"].consent is None
    assert read_gallery((tmp_path / "gallery.npz").read_bytes()).student_ids == ("1906", "1956")


def test_a_list_with_a_byte_order_mark_and_semicolons_gives_the_rows(enrol: Run) -> None:
    done = enrol("﻿id;Name;Major;Section\r\ngrace_hopper;Hopper;CS;cse546\r\neileen_collins;Collins;AE;\r\n")
    assert done.code == 0
    assert read_students(ROWS) == [
        Student("eileen_collins", "Collins", "AE", ""),
        Student("grace_hopper", "Hopper", "CS", "", None, ("cse546",)),
    ]
    assert read_gallery(GALLERY.read_bytes()).student_ids == ("eileen_collins", "grace_hopper")


def test_two_students_of_one_name_are_told_and_stay_two(enrol: Run) -> None:
    done = enrol("id,name\ngrace_hopper,Ann Lee\neileen_collins,Ann Lee\n")
    assert "warning: 2 students are called 'Ann Lee': eileen_collins, grace_hopper" in done.err
    assert len(read_students(ROWS)) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("id\ngrace_hopper\n", "line 1: column name is missing", id="a missing column"),
        pytest.param("id,name\ngrace_hopper,G\n", "eileen_collins' is on no line", id="a folder without a line"),
        pytest.param("id,name\n7,b,Ann\n", 'comma or semicolon in it in "quotes"', id="a comma without quotes"),
        pytest.param("id,name,shoe\n7,Ann,38\n", "--ignore", id="an unknown column"),
    ],
)
def test_a_list_that_cannot_be_used_stops_the_run_before_any_photograph_is_looked_at(
    enrol: Run, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.setattr("recognition.enrolment.looking.look_at", lambda *_: pytest.fail("a photograph was looked at"))
    done = enrol(text)
    assert done.code == 1
    assert told in done.err
    assert not GALLERY.exists()
    assert not ROWS.exists()


def test_a_column_may_be_passed_over_with_a_list_only(enrol: Run, run: Run) -> None:
    text = "id,name,shoe\ngrace_hopper,G,38\neileen_collins,E,39\n"
    assert enrol(text, "--ignore", "shoe").code == 0
    refused = run("enrol", PHOTOGRAPHS, "--ignore", "shoe")
    assert refused.code == 2
    assert "--students-csv" in refused.message
