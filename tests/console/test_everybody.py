"""Lists that are read anew every few seconds, and rows that are not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from console.everybody import FRESH_S, Lately, ListedRegister, everybody_in
from recognition.roster import Student
from tests.decided import student

ADA, BOB = student("a", "Ada", sections=("cse546",)), student("b", "Bob", sections=("cse546", "law101"))


@dataclass
class Table:
    rows: dict[str, Student] = field(default_factory=lambda: {"a": ADA, "b": BOB})
    asked: list[Collection[str]] = field(default_factory=list)

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        self.asked.append(student_ids)
        return {each: self.rows[each] for each in student_ids if each in self.rows}

    def everybody(self) -> list[Student]:
        return list(self.rows.values())


def test_a_list_is_read_again_after_a_while_or_once_it_has_changed() -> None:
    now, answers = [0.0], iter([["one"], ["two"], ["three"]])
    kept = Lately(lambda: next(answers), lambda: now[0])
    assert (kept.get(), kept.get()) == (["one"], ["one"])
    now[0] = FRESH_S + 1
    assert kept.get() == ["two"]
    kept.changed()
    assert kept.get() == ["three"]


def test_a_roster_is_listed_and_its_rows_are_read_as_they_are_now() -> None:
    table = Table()
    register = ListedRegister(table, everybody_in(table.everybody))
    assert register.of_section("cse546") == [ADA, BOB]
    table.rows["a"] = replace(ADA, consent=None)
    table.rows["b"] = replace(BOB, sections=("law101",))
    assert register.of_section("cse546") == [replace(ADA, consent=None)], "a withdrawal counts at once"


def test_whoever_was_erased_a_moment_ago_is_on_no_roster() -> None:
    table = Table()
    register = ListedRegister(table, everybody_in(table.everybody))
    assert register.of_section("law101") == [BOB]
    del table.rows["b"]
    assert register.of_section("law101") == []


def test_a_section_of_nobody_asks_for_no_row() -> None:
    table = Table()
    assert ListedRegister(table, everybody_in(table.everybody)).of_section("art") == []
    assert table.asked == []
