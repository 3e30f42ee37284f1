"""One message from lease to end, with fakes at the ports."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest

from poller import decide
from poller.attempt import LOOK_S, Window
from poller.decide import BACKOFF_CAP_S
from poller.errors import FunctionFailed, NotStarted, Refused, Transient, UnknownOutcome, Unreachable, Unusable
from poller.lease import Leases
from poller.ports import Attempt
from poller.tally import Exit, Tally
from poller.work import Work
from tests.unit.poller.poller_fakes import (
    FakeClock,
    FakeFunction,
    FakeQueue,
    all_done,
    delivery,
    event,
    raising,
    record,
    settings,
)
from wire.answer import Answer, InWork, write_answer


class Stage:
    """A `Work` among fakes, and one message on its way through it."""

    def __init__(self) -> None:
        self.clock, self.tally = FakeClock(), Tally()
        self.queue, self.dead, self.function = FakeQueue(), FakeQueue(), FakeFunction()
        configured = settings()
        self.leases = Leases(self.queue, self.clock, configured.visibility_s, configured.lease_cap_s)
        self.work = Work(
            requests=self.queue,
            dead_letters=self.dead,
            function=self.function,
            leases=self.leases,
            clock=self.clock,
            tally=self.tally,
            settings=configured,
            window=Window.of(configured, self.clock.time),
            chance=lambda: 0.5,
        )

    def carry_out(self, body: str = "", receive_count: int = 1) -> None:
        one = delivery(body, receive_count=receive_count)
        self.leases.take(one, self.clock.time)
        self.work.carry_out(one)
        assert self.leases.held() == []

    def counted(self) -> dict[str, int]:
        return {name: n for name, n in self.tally.counts().items() if n}


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_served_message_is_deleted_last(stage: Stage) -> None:
    stage.carry_out()
    assert stage.function.invoked == [event()]
    assert stage.queue.log == [("delete", "r1")]
    assert stage.counted() == {"done": 1}


def test_the_heartbeat_is_over_before_the_delete(stage: Stage) -> None:
    held_at_delete: list[int] = []
    delete = stage.queue.delete
    stage.queue.delete = lambda receipts: (  # type: ignore[method-assign]
        held_at_delete.append(len(stage.leases.held())) or delete(receipts)  # type: ignore[func-returns-value]
    )
    stage.carry_out()
    assert held_at_delete == [0]


def test_the_function_gets_the_body_verbatim(stage: Stage) -> None:
    body = json.dumps({"Records": [record("a%20b"), "rubbish"]}, indent=3)
    stage.carry_out(body)
    assert stage.function.invoked == [body]


@pytest.mark.fault(12)
def test_a_test_event_is_deleted_without_an_invocation(stage: Stage) -> None:
    stage.carry_out('{"Event": "s3:TestEvent"}')
    assert stage.function.invoked == []
    assert stage.queue.log == [("delete", "r1")]


def test_an_unreadable_body_is_buried_as_it_is_and_then_deleted(stage: Stage) -> None:
    stage.carry_out("nonsense")
    ((body, attributes),) = stage.dead.calls("send")
    assert body == "nonsense"
    assert attributes["queue"] == "requests"  # type: ignore[index]
    assert "not JSON" in attributes["reason"]  # type: ignore[index]
    assert stage.queue.log == [("delete", "r1")]
    assert stage.function.invoked == []


@pytest.mark.fault(15)
def test_an_event_with_a_refused_record_is_served_buried_and_deleted(stage: Stage) -> None:
    body = event(record("a"), "rubbish", record("c"))
    stage.carry_out(body)
    assert stage.function.invoked == [body]
    assert [call[0] for call in stage.dead.calls("send")] == [body]
    assert stage.counted() == {"done": 1, "dead_lettered": 1}


def test_what_the_dead_letter_queue_does_not_take_is_not_deleted(stage: Stage) -> None:
    stage.dead.fail["send"] = Refused("send", "InvalidParameterValue")
    stage.carry_out("nonsense")
    assert stage.queue.log == [("hide", {"r1": 15})]
    assert stage.tally.exit_code() is Exit.LEFT_OVER


def test_a_dead_letter_queue_that_is_gone_ends_the_tick_and_deletes_nothing(stage: Stage) -> None:
    stage.dead.fail["send"] = Unusable("send", "QueueDoesNotExist")
    stage.carry_out("nonsense")
    assert stage.queue.calls("delete") == []
    assert stage.tally.exit_code() is Exit.AWS
    assert stage.tally.halt.is_set()


@pytest.mark.fault(24)
@pytest.mark.fault(25)
@pytest.mark.parametrize(
    "answer",
    [
        raising(FunctionFailed("Invoke", "Sandbox.Timedout")),
        raising(Refused("Invoke", "InvalidRequestContentException")),
        lambda body: b"",
        lambda body: b"<html>",
        lambda body: b'{"answer": 1, "done": [], "refused": [], "in_work": []}',
    ],
)
def test_a_failure_leaves_the_message_with_a_backoff(stage: Stage, answer: Callable[[str], bytes]) -> None:
    stage.function.answer = answer
    stage.carry_out(receive_count=3)
    assert stage.queue.log == [("hide", {"r1": 60})]
    assert stage.counted() == {"failed": 1}
    assert stage.tally.exit_code() is Exit.LEFT_OVER


def test_work_held_elsewhere_is_left_until_its_lock_expires_and_is_no_failure(stage: Stage) -> None:
    in_work = Answer(in_work=(InWork("job", stage.clock.now() + 70),))
    stage.function.answer = lambda body: json.dumps(write_answer(in_work)).encode()
    stage.carry_out()
    assert stage.queue.log == [("hide", {"r1": 73})]
    assert stage.tally.exit_code() is Exit.FINE


@pytest.mark.fault(20)
def test_an_unknown_outcome_is_hidden_until_the_functions_deadline(stage: Stage) -> None:
    def vanish(_: str) -> bytes:
        stage.clock.time += 100
        raise UnknownOutcome("Invoke", "ConnectionClosedError")

    stage.function.answer = vanish
    stage.carry_out()
    assert stage.queue.log == [("hide", {"r1": 200})]
    assert len(stage.function.invoked) == 1
    assert stage.counted() == {"held": 1}


@pytest.mark.fault(20)
def test_an_unknown_outcome_does_not_come_back_in_the_same_tick(stage: Stage) -> None:
    object.__setattr__(stage.work, "settings", settings(function_timeout_s=10))
    stage.function.answer = raising(UnknownOutcome("Invoke", "ServiceException"))
    stage.carry_out()
    assert stage.queue.log == [("hide", {"r1": 45})]


@pytest.mark.fault(23)
def test_throttled_work_is_handed_back_and_is_no_failure(stage: Stage) -> None:
    stage.function.answer = raising(NotStarted("Invoke", "TooManyRequestsException"))
    stage.function.before_begin = lambda attempt: attempt.begin() and attempt.never_started()
    stage.carry_out()
    assert stage.counted() == {"not_started": 1}
    assert stage.tally.exit_code() is Exit.FINE


@pytest.mark.fault(42)
def test_a_stopped_tick_hands_unsent_work_back_at_once(stage: Stage) -> None:
    stage.tally.terminate()
    stage.carry_out()
    assert stage.function.invoked == []
    assert stage.queue.log == [("hide", {"r1": 0})]
    assert stage.tally.exit_code() is Exit.FINE


@pytest.mark.fault(27)
@pytest.mark.parametrize(
    "error", [Unusable("Invoke", "AccessDeniedException"), Unreachable("Invoke", "EndpointConnectionError")]
)
def test_an_outage_does_not_use_up_deliveries(stage: Stage, error: Exception) -> None:
    stage.function.answer = raising(error)
    stage.carry_out()
    assert stage.queue.log == [("hide", {"r1": BACKOFF_CAP_S})]
    assert stage.tally.exit_code() is Exit.AWS
    assert stage.tally.halt.is_set()


def test_a_stale_receipt_at_the_delete_is_harmless(stage: Stage) -> None:
    stage.queue.undeletable = frozenset({"r1"})
    stage.carry_out()
    assert stage.tally.exit_code() is Exit.FINE


def test_a_delete_that_never_succeeds_ends_the_tick_with_trouble(stage: Stage) -> None:
    stage.queue.fail["delete"] = Transient("delete", "ServiceUnavailable")
    stage.carry_out()
    assert stage.tally.exit_code() is Exit.AWS


def test_a_lease_taken_away_meanwhile_leaves_the_message_alone(stage: Stage) -> None:
    def lose(body: str) -> bytes:
        stage.work.leave(stage.leases.end_all())
        return all_done(body)

    stage.function.answer = lose
    stage.carry_out()
    assert stage.queue.log == [("hide", {"r1": 300})]
    assert stage.counted() == {"held": 1}


def test_a_failing_lease_taken_away_meanwhile_is_left_alone_too(stage: Stage) -> None:
    def lose(body: str) -> bytes:
        stage.leases.end_all()
        return b""

    stage.function.answer = lose
    stage.carry_out()
    assert stage.queue.log == []


def test_an_unforeseen_error_neither_escapes_nor_deletes(stage: Stage) -> None:
    stage.function.answer = raising(ZeroDivisionError())
    stage.carry_out()
    assert stage.queue.log == [("hide", {"r1": 300})]
    assert stage.tally.exit_code() is Exit.LEFT_OVER


def test_an_unforeseen_error_before_the_function_is_asked_backs_off_and_counts_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decide, "before", raising(MemoryError()))
    stage.carry_out()
    ((_, hidden),) = stage.queue.log
    assert hidden["r1"] > 0  # type: ignore[index]
    assert (stage.tally.counts()["failed"], stage.tally.counts()["not_started"]) == (1, 0)
    assert not stage.function.invoked


def test_leaving_reports_an_unreachable_queue(stage: Stage) -> None:
    stage.queue.fail["hide"] = Transient("hide", "EndpointConnectionError")
    stage.leases.take(delivery(), stage.clock.time)
    stage.work.leave(stage.leases.end_all())
    assert stage.tally.exit_code() is Exit.AWS


def throttled_at(stage: Stage, check: Callable[[Attempt], None]) -> None:
    stage.function.before_begin = check
    stage.carry_out()


def test_throttled_work_may_wait_one_function_timeout_beyond_the_window(stage: Stage) -> None:
    seen: list[bool] = []
    throttled_at(stage, lambda attempt: seen.extend([attempt.may_wait(344), attempt.may_wait(346)]))
    assert seen == [True, False]


def test_throttled_work_may_not_wait_once_the_tick_halts(stage: Stage) -> None:
    seen: list[bool] = []

    def check(attempt: Attempt) -> None:
        stage.tally.halt.set()
        seen.append(attempt.may_wait(1))
        attempt.pause(1000, threading.Event())

    throttled_at(stage, check)
    assert seen == [False]
    assert stage.clock.time == 1000


def test_throttled_work_sleeps_for_as_long_as_it_is_told_and_no_longer_than_until_its_turn(stage: Stage) -> None:
    slept: list[float] = []

    def check(attempt: Attempt) -> None:
        turn, began = threading.Event(), stage.clock.time
        attempt.pause(3, turn)
        slept.append(stage.clock.time - began)
        stage.clock.on_wait = lambda _: turn.set()
        attempt.pause(3, turn)
        slept.append(stage.clock.time - began)

    throttled_at(stage, check)
    assert slept == [pytest.approx(3), pytest.approx(3 + LOOK_S)]


def test_throttled_work_may_not_wait_without_a_lease(stage: Stage) -> None:
    seen: list[bool] = []

    def check(attempt: Attempt) -> None:
        stage.clock.time += 120
        seen.append(attempt.may_wait(1))

    throttled_at(stage, check)
    assert seen == [False]
    assert stage.function.invoked == []
