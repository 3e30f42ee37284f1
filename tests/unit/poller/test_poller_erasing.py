"""Erasing a student on the VM: in every file, for everybody else's sake without losing any, and for later arrivals."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from poller.dead_letters import DeadLetter
from poller.erasing import ERASED, REMEMBERED_S, erase, without_the_erased
from poller.filing import file_result
from poller.ports import Delivery
from tests.unit.poller.poller_fakes import result
from tests.unit.poller.test_poller_results import Stage
from wire.erasure_message import Erasure, write_erasure
from wire.result_csv import write_csv
from wire.result_json import read_result, write_result
from wire.result_message import Location, Result, StudentSeen

NOW = 1_700_000_000.0
ZOE = StudentSeen("zoë/7", "Zoë, =Quill", "=art", "1", 0.98, 0.1, 3, 0.0)
BOB = StudentSeen("8", "Bob", "law", "2", 0.97, 0.1, 3, 1.0)
ERASURE = write_erasure(Erasure(ZOE.student_id, "2026-11-24T10:00:00+00:00"))


def seen(*students: StudentSeen, key: str = "a/clip.mp4", perhaps: tuple[StudentSeen, ...] = ()) -> Result:
    return result(
        key,
        outcome="recognised" if students else "unknown",
        students=students,
        uncertain=perhaps,
        unknown_faces=len(perhaps),
        csv=write_csv(students),
        picture_location=Location("out", f"{key}.jpg"),
    )


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    with stage.directory:
        yield stage


def said_by(folder: Path) -> str:
    """All that lies in the folder, and its names."""
    return "".join(f"{path.name} {path.read_bytes().decode()}" for path in folder.iterdir())


def asked(body: str) -> Delivery:
    return Delivery("m-erasure", "r-erasure", body, 1)


def test_a_roll_call_that_names_others_stays_without_the_student(stage: Stage) -> None:
    both = seen(ZOE, BOB)
    file_result(stage.directory, both, write_result(both))
    stage.drain([asked(ERASURE)])
    (record,) = stage.folder.glob("[!.]*.json")
    kept = read_result(record.read_bytes())
    assert (kept.students, kept.unknown_faces, kept.picture_location) == ((BOB,), 1, None)
    assert record.with_suffix(".csv").read_bytes().decode() == write_csv([BOB])
    assert stage.output.calls("delete") == [("r-erasure",)]


@pytest.mark.parametrize("result", [seen(ZOE), seen(perhaps=(ZOE,)), seen(BOB, perhaps=(ZOE,))])
def test_nothing_on_the_disk_speaks_of_the_student_any_more(stage: Stage, result: Result) -> None:
    file_result(stage.directory, result, write_result(result))
    stage.drain([asked(ERASURE)])
    assert not {"zo", "Quill", "=art"} & {word for word in ("zo", "Quill", "=art") if word in said_by(stage.folder)}


def test_the_files_of_others_are_not_touched(stage: Stage) -> None:
    other = seen(BOB)
    file_result(stage.directory, other, write_result(other))
    before = {path.name: path.stat().st_ino for path in stage.folder.iterdir()}
    stage.drain([asked(ERASURE)])
    assert before.items() <= {path.name: path.stat().st_ino for path in stage.folder.iterdir()}.items()


def test_a_rewritten_file_keeps_its_date_so_that_it_expires_when_it_should(stage: Stage) -> None:
    file_result(stage.directory, seen(ZOE, BOB), write_result(seen(ZOE, BOB)))
    for path in stage.folder.iterdir():
        os.utime(path, (1000, 1000))
    erase(stage.directory, ZOE.student_id, NOW)
    assert {path.stat().st_mtime for path in stage.folder.glob("[!.]*")} == {1000}


def test_a_result_that_arrives_after_the_erasure_is_filed_without_the_student(stage: Stage) -> None:
    stage.drain([asked(ERASURE)], [Delivery("m1", "r1", write_result(seen(ZOE, BOB)), 1)])
    assert "Quill" not in said_by(stage.folder)
    assert "Bob" in said_by(stage.folder)


def test_a_replay_of_what_was_rewritten_is_known_as_the_same_result(stage: Stage) -> None:
    body = write_result(seen(ZOE, BOB))
    stage.drain([Delivery("m1", "r1", body, 1)], [asked(ERASURE)], [Delivery("m1", "r2", body, 2)])
    assert len(list(stage.folder.glob("[!.]*.json"))) == 1
    assert stage.tally.counts()["kept_both"] == 0


def test_repeating_an_erasure_changes_nothing(stage: Stage) -> None:
    file_result(stage.directory, seen(ZOE), write_result(seen(ZOE)))
    assert erase(stage.directory, ZOE.student_id, NOW).rewritten == 2
    again = erase(stage.directory, ZOE.student_id, NOW)
    assert (again.rewritten, again.removed) == (0, 0)
    assert (stage.folder / ERASED).read_text().count("\n") == 1


def test_an_erasure_cut_off_between_roll_call_and_record_is_finished_by_the_next(stage: Stage) -> None:
    both = seen(ZOE, BOB)
    file_result(stage.directory, both, write_result(both))
    (csv,) = stage.folder.glob("*.csv")
    csv.write_bytes(write_csv([BOB]).encode())
    erase(stage.directory, ZOE.student_id, NOW)
    assert "Quill" not in said_by(stage.folder)


def test_copies_of_discarded_messages_and_damaged_records_go_as_a_whole(stage: Stage) -> None:
    copy = json.dumps({"id": "m1", "body": write_result(seen(ZOE))})
    (stage.folder / ".discarded-m1.message").write_text(copy)
    (stage.folder / ".discarded-m2.message").write_text(json.dumps({"body": write_result(seen(BOB))}))
    (stage.folder / "edited-0123456789ab.json").write_text('{"student_id": "zoë/7", ')
    (stage.folder / "edited-0123456789ab.csv").write_text("Zoë")
    assert erase(stage.directory, ZOE.student_id, NOW).removed == 3
    assert stage.files() == [".discarded-m2.message", ERASED]


def test_a_roll_call_whose_record_was_never_written_goes_with_the_name_that_other_records_tell(stage: Stage) -> None:
    file_result(stage.directory, seen(ZOE), write_result(seen(ZOE)))
    (stage.folder / "b-0123456789ab.csv").write_bytes(write_csv([ZOE]).encode())
    (stage.folder / "c-0123456789ab.csv").write_bytes(write_csv([BOB]).encode())
    erase(stage.directory, ZOE.student_id, NOW)
    assert "b-0123456789ab.csv" not in stage.files()
    assert "c-0123456789ab.csv" in stage.files()


def test_whom_it_has_erased_it_remembers_for_thirty_days_by_digest_alone(stage: Stage) -> None:
    erase(stage.directory, ZOE.student_id, NOW)
    assert "zo" not in (stage.folder / ERASED).read_text()
    assert not without_the_erased(stage.directory, seen(ZOE), NOW + REMEMBERED_S - 1).names(ZOE.student_id)
    assert without_the_erased(stage.directory, seen(ZOE), NOW + REMEMBERED_S + 1).names(ZOE.student_id)


def test_a_damaged_memory_of_erasures_keeps_no_result_from_being_filed(stage: Stage) -> None:
    (stage.folder / ERASED).write_bytes(b'{"student": 1}\n\xff\n[]\n')
    stage.drain([Delivery("m1", "r1", write_result(seen(BOB)), 1)])
    assert stage.tally.counts()["results"] == 1


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ('{"schema": 3, "erasure": {}}', "newer_schema"),
        ('{"schema": 2, "erasure": {"student_id": " ", "asked_at": "2026-11-24T10:00:00+00:00"}}', "dead_lettered"),
        ('{"schema": 2, "erasure": {"student_id": "7", "asked_at": "yesterday"}}', "dead_lettered"),
        ('{"schema": 2, "erasure": "7"}', "dead_lettered"),
    ],
)
def test_an_erasure_that_cannot_be_read_erases_nobody(
    stage: Stage, body: str, event: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="poller"):
        stage.drain([asked(body)])
    assert event in {record.message for record in caplog.records}
    assert ERASED not in stage.files()


def test_a_dead_erasure_is_worth_redriving() -> None:
    letter = DeadLetter(asked(ERASURE), None)
    assert (letter.source, letter.hopeless, letter.jobs) == ("output", "", [])
