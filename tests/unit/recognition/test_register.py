"""The register of consents: what an import changes, and the report."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from recognition.erasure.erased import Erased
from recognition.errors import StudentsError
from recognition.register import imported, report
from recognition.roster import Consent, Student
from recognition.students_csv import Line

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
ADA = Student("7", "Ada", "art", "1", Consent("office", "2026-01-01"), ("cse546",))
GIVEN = {"granted_by": "parents", "granted_at": "2026-11-20", "expires_at": "2027-07-31", "scope": ["cse546"]}


def test_a_consent_replaces_the_one_before_and_leaves_the_rest_of_the_row() -> None:
    found = imported([Line(2, "7", GIVEN)], {"7": ADA}, {}, NOW)
    consent = Consent("parents", "2026-11-20", "2027-07-31", ("cse546",))
    assert found.changed == ((replace(ADA, consent=consent), ADA),)


def test_without_a_date_a_consent_is_of_today() -> None:
    found = imported([Line(2, "8", {"name": "Bob", "granted_by": "parents"})], {}, {}, NOW)
    assert found.new == (Student("8", "Bob", "", "", Consent("parents", "2026-11-24T12:00:00+00:00")),)


def test_empty_cells_change_nothing() -> None:
    assert imported([Line(2, "7", {"name": "Ada"})], {"7": ADA}, {}, NOW).changed == ()


def test_every_line_that_cannot_be_used_is_told_at_once() -> None:
    lines = [
        Line(2, "9", {"granted_by": "parents"}),
        Line(3, "7", {"expires_at": "2027-01-01"}),
        Line(4, "8", {"name": "Bob", **GIVEN, "expires_at": "31.7.2027"}),
        Line(5, "6", {"name": "Cyd", **GIVEN, "expires_at": "2026-11-01"}),
        Line(6, "5", {"name": "Dan", "sections": ["a/b"]}),
    ]
    with pytest.raises(StudentsError) as caught:
        imported(lines, {"7": ADA}, {}, NOW)
    told = str(caught.value)
    for each in (
        "line 2: student '9' has no row yet",
        "line 3: student '7': a consent must say by whom",
        "line 4: student '8': '31.7.2027' is not a date",
        "line 5: student '6': the consent ends before it begins",
        "line 6: student '5': a section",
    ):
        assert each in told


def test_two_students_of_one_name_are_told_and_taken() -> None:
    found = imported([Line(2, "8", {"name": "Bob"}), Line(3, "9", {"name": "Bob"})], {}, {}, NOW)
    assert len(found.new) == 2
    assert found.namesakes == {"Bob": ("8", "9")}


@pytest.mark.parametrize(
    ("granted_at", "days_ago", "told"),
    [("2026-10-01", 40, "has not consented since"), ("2026-11-20", 10, "may be under way until 2026-12-14")],
)
def test_an_erased_student_comes_back_by_a_new_consent_and_not_at_once(
    granted_at: str, days_ago: int, told: str
) -> None:
    erased = {"8": Erased((NOW - timedelta(days=days_ago)).timestamp())}
    with pytest.raises(StudentsError, match=told):
        imported([Line(2, "8", {"name": "Bob", **GIVEN, "granted_at": granted_at})], {}, erased, NOW)


def test_an_erased_student_comes_back_after_thirty_days() -> None:
    erased = {"8": Erased((NOW - timedelta(days=31)).timestamp())}
    assert imported([Line(2, "8", {"name": "Bob", **GIVEN})], {}, erased, NOW).again == ("8",)


def test_the_report_sorts_everybody_by_consent() -> None:
    def one(student_id: str, *consent: str | None) -> Student:
        return Student(student_id, "N", "", "", Consent("office", *consent) if consent else None)  # type: ignore[arg-type]

    students = [
        one("e"),
        one("d", "2027-01-01"),
        one("c", "2026-01-01", "2026-11-24T11:00:00+00:00"),
        one("b", "2026-01-01", "2026-12-25"),
        one("a2", "2026-01-01", "2026-12-26"),
        one("a1", "2026-01-01"),
    ]
    found = report(students, NOW)
    told = [[each.student_id for each in part] for part in (found.valid, found.expiring, found.expired)]
    assert told == [["a1", "a2"], ["b"], ["c"]]
    assert [each.student_id for each in (*found.to_come, *found.without)] == ["d", "e"]
