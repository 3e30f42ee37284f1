"""Faults of the invocation: slow, dropped, throttled, failed, garbled, refused; each through the real program."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from poller.replies import HINT_CLOCK, HINT_RIGHTS
from tests.chaos.chaos_stage import SHORT, ChaosStage
from tests.chaos.proxy import LOST_ANSWER, Answer, Call, Fault, error, said

pytestmark = [pytest.mark.pipeline, pytest.mark.usefixtures("brisk")]

REQUESTS = "requests-local"
READ_TIMEOUT_S = 2
# The whole program with one number changed: it gives up on an answer 3 s before the function's timeout of 5 s.
IMPATIENT = "from poller import settings; settings.READ_MARGIN_S = -3; from poller import tick; tick.run()"
ALWAYS_HIDDEN_S = 60  # nothing of these tests is put off for longer, so nothing is hurried
LOCK_OVER_S = 8  # the lock of somebody who died lasts for 5 + 2 s
# The whole program on a machine whose clock is so many minutes off: that is what its signatures say.
SKEWED = """
from datetime import timedelta
from botocore import auth
right = auth.get_current_datetime
auth.get_current_datetime = lambda *told, **named: right(*told, **named) + timedelta(minutes={})
from poller import tick
tick.run()
"""


def hints(stage: ChaosStage) -> list[str]:
    return [line["hint"] for line in stage.events("aws_trouble")]


@pytest.mark.fault(20)
def test_work_slower_than_the_read_timeout_is_asked_for_once_in_that_tick(stage: ChaosStage) -> None:
    stage.hurried_s = ALWAYS_HIDDEN_S
    stage.program = ("-c", IMPATIENT)
    stage.put("slow", seconds=READ_TIMEOUT_S + 1.5)
    assert stage.tick() == 1
    assert stage.invocations() == 1
    assert stage.events("summary")[-1]["held"] == 1
    assert stage.waiting("REQUEST_QUEUE_URL") == 1
    stage.settle()
    assert stage.keys() == ["slow"]
    assert stage.works() == 1
    assert stage.balance() == {}


@pytest.mark.fault(21)
def test_a_connection_that_a_nat_forgot_is_given_up_and_the_work_done_after_the_deadline(stage: ChaosStage) -> None:
    stage.hurried_s = ALWAYS_HIDDEN_S
    stage.program = ("-c", IMPATIENT)
    stage.proxy.on("Invoke", Fault(forward=False, hold_s=READ_TIMEOUT_S + 1, drop=True))
    stage.put("forgotten")
    assert stage.tick() == 1
    assert stage.invocations() == 1
    assert [line["code"] for line in stage.events("outcome_unknown")] == ["ReadTimeoutError"]
    assert stage.waiting("REQUEST_QUEUE_URL") == 1
    stage.settle()
    assert stage.keys() == ["forgotten"]
    assert stage.works() == 1
    assert stage.balance() == {}


@pytest.mark.fault(22)
def test_when_the_answer_is_lost_the_next_tick_gets_the_stored_outcome(stage: ChaosStage) -> None:
    stage.hurried_s = ALWAYS_HIDDEN_S
    stage.proxy.on("Invoke", LOST_ANSWER)
    stage.put("done")
    assert stage.tick() == 1
    assert stage.invocations() == 1
    assert stage.waiting("REQUEST_QUEUE_URL") == 1
    stage.settle()
    assert stage.invocations() == 2
    assert stage.works() == 1
    assert stage.function.count("SendMessage", "results-local") == 1
    assert stage.keys() == ["done"]
    assert stage.balance() == {}


@pytest.mark.fault(23)
def test_throttled_requests_wait_for_as_long_as_they_are_told_or_are_handed_back(stage: ChaosStage) -> None:
    for told in ({"retry_after": "1"}, {}, {"retry_after": "3600"}):
        stage.proxy.on("Invoke", error(429, "TooManyRequestsException", **told))
    for key in ("a", "b", "c"):
        stage.put(key)
    assert stage.tick() == 0
    assert len(stage.keys()) >= 2
    assert stage.events("failed") == []
    stage.settle()
    assert stage.keys() == ["a", "b", "c"]
    assert stage.invocations() == 6
    assert stage.works() == 3
    assert stage.balance() == {}


@pytest.mark.fault(23)
def test_more_clips_than_the_function_may_work_on_at_once_wait_for_their_turn(stage: ChaosStage) -> None:
    keys = [f"{n}" for n in range(8)]
    for key in keys:
        stage.put(key, seconds=1)
    assert stage.tick(POLLER_CONCURRENCY="8") == 0
    stage.settle()
    assert stage.invocations() > 8
    assert stage.events("failed") == []
    assert stage.keys() == keys
    assert stage.works() == 8
    assert stage.balance() == {}


@pytest.mark.fault(24)
def test_whatever_fails_in_the_function_keeps_its_message_and_no_neighbour_suffers(stage: ChaosStage) -> None:
    stage.hurried_s = LOCK_OVER_S
    for fault in ("raise", "exit", "kill", "hang"):
        stage.put(fault, faults=[fault])
    assert stage.tick(**SHORT) == 1  # it receives for much less than the time after which one of them comes back
    assert stage.waiting("REQUEST_QUEUE_URL") == 4
    stage.put("sound")
    stage.settle()
    assert stage.keys() == ["exit", "hang", "kill", "raise", "sound"]
    assert len(stage.events("function_failed")) == 4
    assert stage.works() == 5
    assert stage.balance() == {}


def of_nobody(answer: Answer | None) -> Answer:
    """The function's answer without the record that it did."""
    assert answer
    return replace(answer, content=json.dumps({**json.loads(answer.content), "done": []}).encode())


@pytest.mark.fault(25)
def test_an_answer_that_is_none_is_a_failure_and_the_next_one_is_the_stored_outcome(stage: ChaosStage) -> None:
    for fault in (said(b""), said(b"<html>502 Bad Gateway</html>"), Fault(cut=10), Fault(answer=of_nobody)):
        stage.proxy.on("Invoke", fault)
    for key in ("a", "b", "c", "d"):
        stage.put(key)
    assert stage.tick() == 1
    stage.settle()
    assert (len(stage.events("failed")), len(stage.events("outcome_unknown"))) == (3, 1)
    assert stage.keys() == ["a", "b", "c", "d"]
    assert stage.invocations() == 8
    assert stage.works() == 4
    assert stage.balance() == {}


@pytest.mark.fault(26)
def test_a_deployment_under_way_is_waited_for(stage: ChaosStage) -> None:
    stage.proxy.on("Invoke", error(409, "ResourceConflictException"), times=2)
    stage.put("a")
    assert stage.tick() == 0
    assert stage.invocations() == 3
    assert stage.keys() == ["a"]
    assert stage.balance() == {}


@pytest.mark.fault(27)
def test_credentials_that_expire_end_the_tick_with_a_hint_and_cost_no_clip(stage: ChaosStage) -> None:
    expired = error(403, "ExpiredTokenException", "The security token included in the request is expired")
    stage.put("a")
    for operation, queue in (("ReceiveMessage", REQUESTS), ("Invoke", ""), ("DeleteMessageBatch", REQUESTS)):
        stage.proxy.on(operation, expired, queue)
        assert stage.tick() == 3
        assert stage.waiting("REQUEST_QUEUE_URL") == 1
    assert set(hints(stage)) == {HINT_RIGHTS}
    stage.settle()
    assert stage.keys() == ["a"]
    assert stage.works() == 1
    assert stage.balance() == {}


@pytest.mark.fault(27)
@pytest.mark.skipif(shutil.which("timeout") is None, reason="this system has no timeout(1)")
def test_a_credential_process_that_hangs_is_cut_off_as_documented(stage: ChaosStage, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile slow]\ncredential_process = timeout 1 sleep 1000\n")
    slow = {"AWS_CONFIG_FILE": str(config), "AWS_PROFILE": "slow"}
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "")
    stage.put("a")
    assert stage.tick(**slow, **keys) == 3
    assert hints(stage) == [HINT_RIGHTS]
    assert stage.proxy.calls == []
    stage.settle()
    assert stage.keys() == ["a"]
    assert stage.balance() == {}


def as_aws_checks_the_time(call: Call) -> Fault | None:
    """AWS refuses a signature that is five minutes away from its own time; ministack does not look."""
    now = datetime.now(timezone.utc)
    signed = datetime.strptime(call.signed_at, "%Y%m%dT%H%M%S%z")
    if abs(now - signed) < timedelta(minutes=5):
        return None
    late = "expired" if signed < now else "not yet current"
    return error(403, "InvalidSignatureException", f"Signature {late}: {call.signed_at}")


@pytest.mark.fault(28)
def test_a_machine_whose_clock_is_ten_minutes_off_is_told_so_and_costs_no_clip(stage: ChaosStage) -> None:
    stage.proxy.choose = as_aws_checks_the_time
    stage.put("a")
    right = stage.program
    for minutes in (-10, 10):
        stage.program = ("-c", SKEWED.format(minutes))
        assert stage.tick() == 3
    assert set(hints(stage)) == {HINT_CLOCK}
    assert stage.invocations() == 0
    stage.program = right
    assert stage.tick() == 0
    assert stage.keys() == ["a"]
    assert stage.balance() == {}
