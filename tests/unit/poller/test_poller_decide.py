"""What becomes of a message, before and after the function was asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.decide import Bury, Delete, Return, after, as_reason, backoff, before
from tests.unit.poller.poller_fakes import all_done, event, record
from wire.answer import Answer, Done, InWork, write_answer
from wire.s3_event import Fault, Notification, read_notification

NOW = 1_700_000_000.0


def ask(answer: Answer, body: str, chance: float = 0.5) -> object:
    return after(json.dumps(write_answer(answer)).encode(), read_notification(body), 1, NOW, chance)


def test_a_readable_event_goes_to_the_function() -> None:
    assert isinstance(before(event()), Notification)


def test_s3s_test_event_is_acknowledged_without_asking() -> None:
    assert before('{"Event": "s3:TestEvent"}') == Delete()


@pytest.mark.fault(13)
@pytest.mark.parametrize("body", ["", "nonsense", "[]", "{}", '{"Records": []}', "[" * 100_000])
def test_an_unreadable_body_is_buried_with_a_reason(body: str) -> None:
    step = before(body)
    assert isinstance(step, Bury)
    assert step.reason


def test_an_event_with_nothing_but_bad_records_is_buried() -> None:
    bad = {**record(), "eventVersion": "3.0"}
    step = before(event(bad))
    assert isinstance(step, Bury)
    assert "major version 2" in step.reason


def test_one_good_record_is_enough_to_ask() -> None:
    assert isinstance(before(event(record("a"), "rubbish", record("b"))), Notification)


def test_a_complete_answer_deletes() -> None:
    assert after(all_done(event()), read_notification(event()), 1, NOW, 0.5) == Delete()


def test_a_complete_answer_with_refusals_buries_the_original() -> None:
    body = event(record("a"), "rubbish")
    settlement = after(all_done(body), read_notification(body), 1, NOW, 0.5)
    assert isinstance(settlement, Bury)
    assert settlement.reason.startswith("record 1: ")


@pytest.mark.fault(25)
def test_an_answer_that_misses_one_record_is_a_failure() -> None:
    body = event(record("a"), record("b"))
    first = read_notification(body).uploads[0]
    assert ask(Answer(done=(Done(first.job_id, "no_face"),)), body) == Return(15, "failed")


def test_an_answer_that_forgets_a_bad_record_is_a_failure() -> None:
    body = event(record("a"), "rubbish")
    done = tuple(Done(upload.job_id, "no_face") for upload in read_notification(body).uploads)
    assert ask(Answer(done=done), body) == Return(15, "failed")


@pytest.mark.fault(25)
@pytest.mark.parametrize("payload", [b"", b"null", b"{}", b"<html>", b'{"answer": 2}', b"\xff"])
def test_a_garbled_answer_is_a_failure(payload: bytes) -> None:
    assert after(payload, read_notification(event()), 1, NOW, 0.5) == Return(15, "failed")


def test_a_number_too_large_for_a_float_is_a_failure_and_no_crash() -> None:
    payload = b'{"answer":1,"done":[],"refused":[],"in_work":[{"job_id":"x","until":1' + b"0" * 400 + b"}]}"
    assert after(payload, read_notification(event()), 1, NOW, 0.5) == Return(15, "failed")


def test_work_that_another_invocation_holds_is_left_until_its_lock_expires() -> None:
    job = read_notification(event()).uploads[0].job_id
    assert ask(Answer(in_work=(InWork(job, NOW + 100),)), event(), chance=0.0) == Return(100, "in_work")
    assert ask(Answer(in_work=(InWork(job, NOW + 100),)), event(), chance=0.5) == Return(103, "in_work")


@pytest.mark.parametrize(("until", "seconds"), [(NOW - 5, 1), (NOW + 1e9, 900)])
def test_a_senseless_expiry_is_bounded(until: float, seconds: int) -> None:
    job = read_notification(event()).uploads[0].job_id
    assert ask(Answer(in_work=(InWork(job, until),)), event(), chance=0.0) == Return(seconds, "in_work")


def test_the_refusal_of_a_good_record_still_counts_as_answered() -> None:
    assert isinstance(ask(Answer(refused=(Fault(0, "foreign bucket"),)), event()), Bury)


@pytest.mark.parametrize(("count", "ceiling"), [(0, 30), (1, 30), (2, 60), (5, 480), (6, 900), (10_000, 900)])
def test_backoff_doubles_up_to_its_cap(count: int, ceiling: int) -> None:
    assert backoff(count, 1.0) == ceiling
    assert backoff(count, 0.5) == ceiling // 2
    assert backoff(count, 0.0) == 1


@given(st.text(max_size=600))
def test_a_reason_always_fits_an_attribute(text: str) -> None:
    reason = as_reason(text)
    assert 1 <= len(reason) <= 250
    assert all(c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000" for c in reason)


def test_the_decisions_know_no_client_clock_or_file() -> None:
    source = Path(before.__code__.co_filename).read_text()
    assert not [word for word in ("import time", "random", "boto", "threading", "pathlib") if word in source]
