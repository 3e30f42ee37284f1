"""The poller's call and the function's answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.answer import Answer, Done, InWork, read_answer, read_call, write_answer, write_call
from wire.errors import WireError
from wire.s3_event import Fault, Notification, Upload

ONE, TWO = (Upload("clips", key, "v1", "e", "01", 1) for key in ("one", "two"))
DONE_ONE, DONE_TWO = Done(ONE.job_id, "recognised"), Done(TWO.job_id, "no_face")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_call_carries_the_body_verbatim(body: str) -> None:
    assert read_call(json.loads(write_call(body))) == body


def test_a_call_of_a_newer_poller_is_refused() -> None:
    with pytest.raises(WireError, match="newer"):
        read_call({"call": 2, "body": ""})


def test_an_answer_comes_back_as_it_was() -> None:
    answer = Answer((DONE_ONE,), (Fault(1, "no key"),), (InWork(TWO.job_id, 1700000000.5),))
    assert read_answer(json.dumps(write_answer(answer))) == answer


@pytest.mark.parametrize(
    "payload", [b"", b"null", b"{}", b"[]", b'{"answer": 2}', b'{"answer": 1, "done": [3]}', b"\xff"]
)
def test_garbage_is_no_answer(payload: bytes) -> None:
    with pytest.raises(WireError):
        read_answer(payload)


def test_a_message_has_served_when_every_upload_is_done() -> None:
    assert Answer((DONE_ONE, DONE_TWO)).accounts_for(Notification((ONE, TWO)))


def test_a_message_with_an_upload_unaccounted_for_has_not_served() -> None:
    assert not Answer((DONE_ONE,)).accounts_for(Notification((ONE, TWO)))


def test_a_message_with_an_upload_in_work_has_not_served() -> None:
    answer = Answer((DONE_ONE,), in_work=(InWork(TWO.job_id, 9.0),))
    assert not answer.accounts_for(Notification((ONE, TWO)))


def test_an_unreadable_record_does_not_stand_in_for_an_upload() -> None:
    notification = Notification((ONE,), (Fault(1, "no key"),))
    assert not Answer(refused=(Fault(1, "no key"),)).accounts_for(notification)
    assert Answer((DONE_ONE,), (Fault(1, "no key"),)).accounts_for(notification)


def test_a_refused_upload_is_accounted_for() -> None:
    assert Answer((DONE_ONE,), (Fault(1, "foreign bucket"),)).accounts_for(Notification((ONE, TWO)))


def test_the_same_version_twice_in_one_event_is_accounted_for_once() -> None:
    assert Answer((DONE_ONE,)).accounts_for(Notification((ONE, ONE)))
