"""What a text says of a student, and the same text without: nothing of the student is left, nobody else is touched."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.decision import Decision, FaceDecision, read_decision, write_decision
from recognition.erasure.erased import Erased
from recognition.erasure.places import Trace
from recognition.erasure.receipt import MACHINE, Entry, Receipt, as_json, as_text, counted
from recognition.erasure.traces import (
    anybody_identified,
    corrections_show,
    corrections_without,
    decision_shows,
    decision_without,
    holds,
    record_without,
    roll_call_names,
    roll_call_without,
    told_by,
)
from tests.unit.wire.test_result_message import RECOGNISED, UNCERTAIN, results
from wire.result_csv import write_csv
from wire.result_json import read_result, write_result
from wire.result_message import Result, StudentSeen

FACE = FaceDecision(1, "identified", 1.0, (0, 0, 9, 9), 4, 4, 0.9, 0.98, 0.03, "7", "8")
DECISION = Decision("v", "m", "hog", 0.95, 0.93, (0.0,), (FACE, replace(FACE, face=2, student_id="8", runner_up="7")))


def record(result: Result, *decisions: object) -> bytes:
    told = json.loads(write_result(result)) | {"decisions": list(decisions), "frames_looked_at_s": [0.5]}
    return json.dumps(told, indent=2, sort_keys=True).encode()


def face(**changes: object) -> dict[str, object]:
    plain = {"answer": "identified", "named": None, "perhaps": None, "similarity": 0.98, "margin": 0.1, "votes": 3}
    return {**plain, **changes}


def test_a_record_keeps_what_is_not_the_students() -> None:
    before = record(UNCERTAIN, face(named="7"), face(answer="uncertain", perhaps="8"))
    after = record_without(before, UNCERTAIN, "7")
    assert read_result(after) == UNCERTAIN.without("7")
    told = json.loads(after)
    assert told["decisions"][0] == face(answer="unknown", similarity=None, margin=None)
    assert told["decisions"][1] == face(answer="uncertain", perhaps="8")
    assert told["frames_looked_at_s"] == [0.5]
    assert not told_by(after, "7").concerns


def test_a_record_that_does_not_name_the_student_is_the_same_bytes() -> None:
    before = record(RECOGNISED, face(named="7"))
    assert record_without(before, RECOGNISED, "8") == before


def test_a_record_may_tell_of_a_student_in_its_decisions_alone() -> None:
    rejected = replace(RECOGNISED, outcome="rejected", students=(), unknown_faces=0, reason="too long")
    before = record(rejected, face(named="7"))
    assert told_by(before, "7").concerns
    assert not told_by(record_without(before, rejected, "7"), "7").concerns


@pytest.mark.parametrize(
    ("text", "concerns"),
    [
        (b'{"torn": "7"', True),
        (b'{"torn": "77"', False),
        (b"\xff\x00", False),
        (b"[]", False),
        (b'{"schema": 9, "students": [{"student_id": "7"}]}', True),
        (b"", False),
    ],
)
def test_what_cannot_be_read_concerns_whose_id_it_holds(text: bytes, concerns: bool) -> None:
    assert (told_by(text, "7").concerns, told_by(text, "7").result) == (concerns, None)


@given(results())
def test_no_text_of_a_result_holds_an_id_that_was_taken_out(result: Result) -> None:
    for student in result.students + result.uncertain:
        told = told_by(record(result, face(named=student.student_id)), student.student_id)
        assert told.concerns
        assert student.name in told.names
        less = record_without(record(result, face(named=student.student_id)), result, student.student_id)
        assert not told_by(less, student.student_id).concerns


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()))
def test_an_id_is_found_in_json_however_it_is_escaped(student_id: str) -> None:
    for ascii_only in (True, False):
        assert holds(json.dumps({"x": [student_id]}, ensure_ascii=ascii_only).encode(), student_id)


def test_a_decision_keeps_its_faces_and_their_numbers() -> None:
    less = read_decision(decision_without(write_decision(DECISION), "7"))
    gone = replace(FACE, answer="unknown", student_id=None, runner_up=None, similarity=None, margin=None)
    assert less.faces == (gone, replace(FACE, face=2, student_id="8", runner_up=None))
    assert anybody_identified(write_decision(less))
    assert not anybody_identified(write_decision(replace(less, faces=(gone,))))


@pytest.mark.parametrize("text", ["", "[]", "torn", '{"faces": 7}', '{"faces": [7, "7"]}', write_decision(DECISION)])
def test_a_decision_without_the_student_is_the_same_text(text: str) -> None:
    assert decision_without(text, "9") == text
    assert not decision_shows(text, "9")


@pytest.mark.parametrize("text", ['torn "7"', '{"faces": 1, "x": "7"}', '["7"]'])
def test_a_decision_that_nobody_can_read_goes_if_it_holds_the_id(text: str) -> None:
    assert decision_without(text, "7") == ""


def test_whoever_was_a_runner_up_was_not_there() -> None:
    only_second = write_decision(replace(DECISION, faces=DECISION.faces[1:]))
    assert (decision_shows(only_second, "8"), decision_shows(only_second, "7")) == (True, False)


def test_a_correction_that_cannot_be_read_goes_if_it_holds_the_id() -> None:
    assert corrections_without(['torn "7"', 'torn "8"', "[]"], "7") == ('torn "8"', "[]")
    assert not corrections_show(['torn "7"'], "7")


def test_a_roll_call_loses_the_rows_of_a_name_however_it_was_written() -> None:
    sums = StudentSeen("7", "=Ada, B", "=art", "1", 0.98, 0.1, 1, 0.0)
    other = StudentSeen("8", 'Bob "B"', "", "2", 0.98, 0.1, 1, 0.0)
    text = write_csv([sums, other])
    assert roll_call_names(text.encode(), frozenset({"=Ada, B"}))
    assert roll_call_without(text, frozenset({"=Ada, B"})) == write_csv([other])
    assert roll_call_without(text, frozenset({"nobody", "name"})) == text


def test_the_receipt_counts_and_names_no_clip() -> None:
    entries = counted("output bucket", [Trace("picture", "secret/key.jpg"), Trace("picture", 1), Trace("record")], "T")
    assert entries == [Entry("output bucket", "picture", 2, "T"), Entry("output bucket", "record", 1, "T")]
    done = Receipt("7", "T0", "T1", False, tuple(entries))
    assert done.complete
    assert "secret" not in as_json(done) + as_text(done)
    assert json.loads(as_json(done))["complete"]
    for broken in (replace(done, dry_run=True), replace(done, again_after="T2"), replace(done, remains=done.entries)):
        assert not broken.complete
        assert "a second look has found nothing" not in as_text(broken)


@pytest.mark.parametrize(
    ("student_id", "typed"),
    [("7", "7"), ("7 b'c", """'7 b'"'"'c'"""), ("$(rm -r x)", "'$(rm -r x)'"), ("-7", "-- -7")],
)
def test_a_receipt_says_what_is_to_be_done_by_hand_on_every_further_machine(student_id: str, typed: str) -> None:
    done = Receipt(student_id, "T0", "T1", False, (Entry("one polling machine", "asked to erase", 1, "T"),))
    command = f"`python -m poller.erase {typed}`"
    (machines, *others) = json.loads(as_json(done))["by_hand"]
    assert command in machines
    assert all(f"[ ] {each}\n" in as_text(done) for each in (machines, *others))


def test_a_receipt_of_nothing_asks_whether_the_id_is_right() -> None:
    assert "is the id right" in as_text(Receipt("7", "T0", "T1", True, ()))


def test_an_erasure_that_found_nothing_but_a_machine_to_ask_asks_so_too() -> None:
    asked, row = Entry(MACHINE, "asked to erase", 1, "T1"), Entry("student table", "row with consent", 1, "T1")
    assert "is the id right" in as_text(Receipt("7", "T0", "T1", False, (asked,)))
    assert "is the id right" not in as_text(Receipt("7", "T0", "T1", False, (asked, row)))


def test_what_a_run_that_was_cut_off_set_out_to_erase_is_counted_once() -> None:
    record, row = ("output bucket", "record"), ("student table", "row")
    cut_off = Erased(1.0).with_found({record: 3})
    again = cut_off.with_found({record: 1, row: 2})
    assert again == Erased(1.0, counts={record: 3, row: 2}, under_way=True)
    assert replace(again, under_way=False).with_found({record: 1}).counts == {record: 4, row: 2}


def test_the_receipt_says_plainly_whether_the_operators_files_were_named() -> None:
    done = Receipt("7", "T0", "T1", False, ())
    for text in (as_text, as_json):
        assert "WERE NOT NAMED" in text(done)
        assert "WERE NOT NAMED" not in text(replace(done, files_named=True))
