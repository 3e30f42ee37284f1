"""docs/reliability.md says which tests guard the promises and inject the faults; these tests hold it to that."""

from __future__ import annotations

import re

from tests.chaos.faults import DOCUMENT, ROOT, ROW, marked_tests, with_tests

FAULTS = 46


def test_every_fault_has_a_test_or_a_reason() -> None:
    rows = {int(number): tests.strip() for number, _, tests in ROW.findall(DOCUMENT.read_text())}
    assert sorted(rows) == list(range(1, FAULTS + 1))
    assert [number for number, tests in rows.items() if "`test_" not in tests and "cannot" not in tests] == []


def test_the_table_of_faults_lists_the_marked_tests() -> None:
    document = DOCUMENT.read_text()
    assert document == with_tests(document, marked_tests()), "run: python -m tests.chaos.faults"


def test_every_promise_names_a_test_and_every_test_named_is_there() -> None:
    document = DOCUMENT.read_text()
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert set(re.findall(r"`(test_\w+)`", document)) - there == set()
    promises = document.split("## Promises")[1].split("## ")[0]
    rows = [row for row in promises.splitlines() if row.startswith("| ") and not row.startswith(("| Promise", "| ---"))]
    assert len(rows) >= 10
    assert [row for row in rows if "`test_" not in row] == []


def test_a_mark_is_read_from_a_tests_decorators() -> None:
    assert "test_when_the_answer_to_a_delete_is_lost_its_replay_does_nothing" in marked_tests()[10]
