"""Faults of operation: two ticks at once, SIGTERM at every moment, dead letters that are sent again."""

from __future__ import annotations

import json
import signal

import pytest

from tests.chaos.chaos_stage import ChaosStage
from tests.chaos.proxy import LOST_ANSWER, Fault, error

pytestmark = [pytest.mark.pipeline, pytest.mark.usefixtures("brisk")]

REQUESTS, OUTPUT = "requests-local", "results-local"
# The program itself, and then what it had loaded.
TELLING = "import sys; from poller import tick; code = int(tick.main([])); print(code, *sys.modules)"
# The whole program with a grace of half a second instead of ten.
UNGRACIOUS = "from poller import stopping; stopping.GRACE_S = 0.5; from poller import tick; tick.run()"
ALWAYS_HIDDEN_S = 60
LONG = {"POLLER_RECEIVE_S": "30"}  # a tick that would go on for long, were it not for the signal


def hidden_for(stage: ChaosStage) -> list[int]:
    """For how many seconds the poller last told SQS to hide its requests."""
    told = [json.loads(call.body) for call in stage.proxy.calls if call.operation == "ChangeMessageVisibilityBatch"]
    return [entry["VisibilityTimeout"] for entry in told[-1]["Entries"]]


@pytest.mark.fault(41)
def test_a_second_tick_ends_at_once_without_loading_boto3(stage: ChaosStage) -> None:
    stage.put("a", seconds=2)
    first = stage.start_tick()
    stage.proxy.wait_for("Invoke")
    stage.program = ("-c", TELLING)
    second = stage.start_tick()
    printed, logged = second.communicate()
    code, *loaded = printed.split()
    assert first.poll() is None
    assert [json.loads(line)["event"] for line in logged.splitlines()] == ["another_tick_runs"]
    assert (code, {"boto3", "botocore", "tenacity"} & set(loaded)) == ("0", set())
    assert stage.end_of(first) == 0
    assert stage.keys() == ["a"]
    assert stage.invocations() == 1
    assert stage.balance() == {}


@pytest.mark.fault(42)
def test_what_still_arrives_in_a_long_poll_after_sigterm_is_visible_again_at_once(stage: ChaosStage) -> None:
    tick = stage.start_tick(**LONG, POLLER_WAIT_S="5")
    stage.proxy.wait_for("ReceiveMessage", REQUESTS)
    tick.send_signal(signal.SIGTERM)
    assert tick.stderr
    assert any("terminating" in line for line in tick.stderr)
    stage.put("late")
    assert stage.end_of(tick) == 0
    assert stage.invocations() == 0
    assert hidden_for(stage) == [0]
    stage.settle()
    assert stage.keys() == ["late"]
    assert stage.works() == 1
    assert stage.balance() == {}


@pytest.mark.fault(42)
def test_sigterm_lets_the_function_end_within_the_grace_and_the_next_tick_files_its_result(stage: ChaosStage) -> None:
    stage.put("a", seconds=1)
    tick = stage.start_tick(**LONG)
    stage.proxy.wait_for("Invoke")
    tick.send_signal(signal.SIGTERM)
    assert stage.end_of(tick) == 0
    assert stage.waiting("REQUEST_QUEUE_URL") == 0
    stage.settle()
    assert stage.keys() == ["a"]
    assert stage.invocations() == 1
    assert stage.balance() == {}


@pytest.mark.fault(42)
def test_sigterm_leaves_what_outlasts_the_grace_hidden_until_the_functions_deadline(stage: ChaosStage) -> None:
    stage.hurried_s = ALWAYS_HIDDEN_S
    stage.program = ("-c", UNGRACIOUS)
    stage.put("slow", seconds=3)
    tick = stage.start_tick(POLLER_HEARTBEAT_S="3")
    stage.proxy.wait_for("Invoke")
    tick.send_signal(signal.SIGTERM)
    assert stage.end_of(tick) == 1
    assert stage.events("summary")[-1]["held"] == 1
    assert 3 <= hidden_for(stage)[0] <= 5
    assert stage.waiting("REQUEST_QUEUE_URL") == 1
    stage.settle()
    assert stage.keys() == ["slow"]
    assert stage.works() == 1
    assert stage.balance() == {}


@pytest.mark.fault(42)
def test_sigterm_makes_what_was_not_started_visible_at_once(stage: ChaosStage) -> None:
    stage.proxy.choose = lambda call: error(429, "TooManyRequestsException") if call.operation == "Invoke" else None
    stage.put("a")
    tick = stage.start_tick(**LONG)
    stage.proxy.wait_for("Invoke")
    tick.send_signal(signal.SIGTERM)
    assert stage.end_of(tick) == 0
    assert hidden_for(stage) == [0]
    stage.proxy.choose = lambda call: None
    assert stage.tick() == 0
    assert stage.keys() == ["a"]
    assert stage.works() == 1
    assert stage.balance() == {}


@pytest.mark.fault(42)
@pytest.mark.parametrize("reached", [True, False], ids=["after", "before"])
def test_sigterm_while_a_result_is_filed_loses_and_doubles_nothing(stage: ChaosStage, reached: bool) -> None:
    held = Fault(hold_s=1) if reached else Fault(wait_s=1)
    stage.proxy.on("DeleteMessageBatch", held, OUTPUT)
    stage.put("a")
    tick = stage.start_tick(**LONG)
    stage.proxy.wait_for("DeleteMessageBatch", OUTPUT)
    tick.send_signal(signal.SIGTERM)
    assert stage.end_of(tick) == 0
    assert stage.keys() == ["a"]
    stage.settle()
    assert stage.keys() == ["a"]
    assert stage.works() == 1
    assert stage.balance() == {}


@pytest.mark.fault(45)
def test_a_dead_letter_whose_work_was_finished_is_no_second_work_when_it_is_sent_again(stage: ChaosStage) -> None:
    stage.hurried_s = 0
    stage.proxy.on("Invoke", LOST_ANSWER, times=5)
    stage.put("done")
    stage.settle()
    assert stage.balance() == {"DEAD_LETTER_QUEUE_URL": 1}
    assert stage.keys() == ["done"]
    assert stage.operate("dlq", "redrive", "--all")[0] == 0
    stage.settle()
    assert stage.invocations() == 6
    assert stage.works() == 1
    assert stage.function.count("SendMessage", OUTPUT) == 1
    assert stage.keys() == ["done"]
    assert stage.balance() == {}


@pytest.mark.fault(24)
@pytest.mark.fault(45)
def test_what_failed_five_times_is_a_dead_letter_and_one_result_once_the_cause_is_gone(stage: ChaosStage) -> None:
    stage.hurried_s = 0
    stage.put("mended", faults=["raise"] * 5)
    stage.settle()
    assert stage.invocations() == 5
    assert stage.keys() == []
    assert stage.balance() == {"DEAD_LETTER_QUEUE_URL": 1}
    assert stage.operate("dlq", "redrive", "--all")[0] == 0
    stage.settle()
    assert stage.keys() == ["mended"]
    assert stage.works() == 1
    assert stage.balance() == {}
