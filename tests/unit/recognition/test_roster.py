"""Students, consent, and the file they are kept in."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from recognition.consent import with_consent
from recognition.errors import SetupError, StudentsError
from recognition.file_roster import FileRoster
from recognition.identify import Finding
from recognition.roster import Consent, Student, from_row, moment, to_row
from recognition.settings import REQUIRED, Settings
from recognition.students_file import read_students, write_students
from recognition.track import link
from recognition.vote import decide
from tests.people import direction, gallery_of, sighting

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
ADA = Student("7", "Ada", "maths", "senior", Consent("office", "2026-09-01", "2027-07-31"))


@pytest.mark.parametrize(
    "student",
    [
        ADA,
        Student("8", "Bøb", "", ""),
        replace(ADA, consent=Consent("x", "2026-01-01")),
        replace(ADA, consent=Consent("x", "2026-01-01", scope=("cse546", "7b")), sections=("cse546",)),
    ],
)
def test_a_row_comes_back_as_it_was(student: Student) -> None:
    assert from_row(to_row(student)) == student


@pytest.mark.parametrize("student_id", ["7\n8", "7\x1b[2J", "\x00", "7\x7f", "7\x9b", "7\u2028"])
def test_an_id_that_moves_a_cursor_or_breaks_a_line_is_refused(student_id: str) -> None:
    with pytest.raises(StudentsError, match="control character or a line break"):
        from_row({"student_id": student_id, "name": "Ada"})


def test_the_original_tables_numeric_id_is_a_student_id() -> None:
    assert from_row({"id": 3, "name": "x", "major": "law", "year": 2}) == Student("3", "x", "law", "2")


@pytest.mark.parametrize(
    ("consent", "may"),
    [
        (None, False),
        (Consent("office", "2026-11-23T11:59:59+00:00"), True),
        (Consent("office", "2026-11-24"), False),
        (Consent("office", "2026-01-01", "2026-11-23T12:00:00Z"), False),
        (Consent("office", "2026-01-01", "2026-11-23T12:00:01Z"), True),
        (Consent("office", "2026-01-01", "2026-11-23T13:30:00+01:00"), True),
    ],
)
def test_only_a_consent_that_is_valid_now_counts(consent: Consent | None, may: bool) -> None:
    assert replace(ADA, consent=consent).may_be_named(NOW) is may


def finding_of(*people: int) -> Finding:
    sightings = [sighting(0, direction(person), left=300 * person) for person in people]
    return Finding((), tuple(decide(link(sightings), gallery_of("7", "8", "9"))))


@pytest.mark.parametrize(
    "rows",
    [[], [replace(ADA, consent=None)], [replace(ADA, consent=Consent("office", "2020-01-01", "2021-01-01"))]],
    ids=["no row", "no consent", "expired"],
)
def test_whoever_may_not_be_named_counts_as_an_unknown_face(rows: list[Student]) -> None:
    finding, named = with_consent(finding_of(0), FileRoster(rows), NOW)
    assert named == {}
    assert [verdict.student_id for verdict in finding.verdicts] == [None]


def test_one_students_missing_consent_does_not_unname_another() -> None:
    finding, named = with_consent(finding_of(0, 1), FileRoster([ADA, Student("8", "Bob", "", "")]), NOW)
    assert set(named) == {"7"}
    assert [verdict.student_id for verdict in finding.verdicts] == ["7", None]


def test_students_without_a_file_go_by_their_id() -> None:
    _, named = with_consent(finding_of(0), FileRoster(None), NOW)
    assert named["7"].name == "7"


def test_a_students_file_comes_back_as_it_was_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "students.json"
    write_students(path, [ADA, Student("8", "Bøb", "", "")])
    assert read_students(path) == [ADA, Student("8", "Bøb", "", "")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "{}",
        "[3]",
        '[{"student_id": "1"}]',
        '[{"name": "x"}]',
        '[{"id": null, "name": "x"}]',
        '[{"id": 1, "name": null}]',
        '[{"id": 1, "name": ["a"]}]',
        '[{"id": 1, "name": "x", "year": true}]',
        '[{"id": 1, "name": "x", "consent": {}}]',
        '[{"id": 1, "name": "x", "consent": {"granted_by": null, "granted_at": "2026-01-01"}}]',
        '[{"id": 1, "name": "x", "consent": {"granted_by": "x", "granted_at": "2026-01-01", "expires": "2027-01-01"}}]',
        '[{"id": 1, "name": "half \\ud83c"}]',
        "[" * 100_000,
        '[{"student_id": "1", "name": " "}]',
        '[{"student_id": "1", "name": "a"}, {"id": 1, "name": "b"}]',
        '[{"student_id": "1", "name": "a", "consent": "yes"}]',
        '[{"student_id": "1", "name": "a", "consent": {"granted_at": "2026-01-01"}}]',
        '[{"student_id": "1", "name": "a", "consent": {"granted_by": "x", "granted_at": "soon"}}]',
        '[{"id": 1, "name": "a", "consent": {"granted_by": "x", "granted_at": "2026-01-01", "expires_at": "-"}}]',
        json.dumps([{"student_id": "1", "name": "a" * 201}]),
    ],
)
def test_a_students_file_with_one_thing_wrong_gets_a_clear_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "students.json"
    path.write_text(content)
    with pytest.raises(StudentsError):
        read_students(path)


def test_a_moment_without_a_zone_is_utc() -> None:
    assert moment("2026-11-23") == datetime(2026, 11, 23, tzinfo=timezone.utc)


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(SetupError) as caught:
        Settings.from_environment({"INPUT_BUCKET": "clips", "JOB_TABLE": ""})
    assert all(name in str(caught.value) for name in REQUIRED if name != "INPUT_BUCKET")
    assert "INPUT_BUCKET" not in str(caught.value)


def test_settings_carry_the_functions_memory() -> None:
    environment: dict[str, Any] = {name: name.lower() for name in REQUIRED} | {
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "2048"
    }
    settings = Settings.from_environment(environment)
    assert settings.job_table == "job_table"
    assert settings.memory_mb == 2048


@pytest.mark.parametrize(("said", "detector"), [(None, "hog"), ("", "hog"), ("hog", "hog"), ("hog+cnn", "hog+cnn")])
def test_the_detector_is_hog_unless_a_second_opinion_is_asked_for(said: str | None, detector: str) -> None:
    environment = dict.fromkeys(REQUIRED, "x") | ({} if said is None else {"DETECTOR": said})
    assert Settings.from_environment(environment).detector == detector


def test_a_detector_there_is_none_of_is_refused_with_those_there_are() -> None:
    with pytest.raises(SetupError, match=r"DETECTOR is 'cnn'; it may be hog or hog\+cnn"):
        Settings.from_environment(dict.fromkeys(REQUIRED, "x") | {"DETECTOR": "cnn"})


@pytest.mark.parametrize(("section", "may"), [("cse546", True), ("law101", False), ("", False)])
def test_a_consent_for_one_section_names_nobody_in_another(section: str, may: bool) -> None:
    limited = replace(ADA, consent=Consent("office", "2026-09-01", scope=("cse546",)))
    assert limited.may_be_named(NOW, section) is may
    assert limited.may_be_enrolled(NOW)
    finding, named = with_consent(finding_of(0), FileRoster([limited]), NOW, section)
    assert bool(named) is may
    assert [verdict.answer for verdict in finding.verdicts] == ["identified" if may else "unknown"]


@pytest.mark.parametrize("sections", [["a/b"], [""], ["x" * 300], "cse546", [1.5]])
def test_sections_that_cannot_be_are_refused(sections: object) -> None:
    with pytest.raises(StudentsError, match="section"):
        from_row({"student_id": "7", "name": "Ada", "sections": sections})
