"""Faults of the queue: duplicates, slow work, lost heartbeats, stale and lost deletes, a queue that is not there."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.chaos_stage import SHORT, ChaosStage
from tests.chaos.proxy import LOST_ANSWER, Answer, Call, Fault, changed, error, instead
from tests.unit.poller.poller_fakes import result
from wire.result_json import write_result

pytestmark = pytest.mark.pipeline
REQUESTS, RESULTS = "requests-local", "results-local"
DENIED = error(403, "AccessDenied")
LEASE_S = {"POLLER_VISIBILITY_S": "2"}


def no_heartbeat(call: Call) -> Fault | None:
    """Nothing that is leased can be kept, nor handed back."""
    return DENIED if call.operation == "ChangeMessageVisibilityBatch" else None


class Repeating:
    """Every message is delivered twice at once, and once more after its delete, when nothing else is there."""

    def __init__(self) -> None:
        self._seen: dict[str, list[Any]] = {}
        self._deleted: set[str] = set()

    def __call__(self, call: Call) -> Fault | None:
        if call.operation == "DeleteMessageBatch":
            self._deleted.add(call.queue)
        if call.operation != "ReceiveMessage":
            return None
        return changed(lambda said: {"Messages": self._repeat(call.queue, said.get("Messages", []))})

    def _repeat(self, queue: str, messages: list[Any]) -> list[Any]:
        if not messages:
            return self._seen.pop(queue, []) if queue in self._deleted else []
        self._seen[queue] = messages
        return messages * 2


@pytest.mark.fault(1)
def test_a_message_delivered_twice_at_once_and_again_after_its_delete_gives_one_file(stage: ChaosStage) -> None:
    stage.proxy.choose = Repeating()
    stage.put("a", seconds=0.5)
    assert stage.tick() == 0
    assert stage.keys() == ["a"]
    assert len(stage.events("already_in_work")) == 1
    assert (stage.invocations(), stage.works()) == (2, 1)
    assert len(stage.events("already_there")) == 2
    assert len(list(stage.results.glob("*.csv"))) == 1
    assert stage.balance() == {}


@pytest.mark.fault(2)
def test_two_messages_for_one_version_at_once_make_one_work_and_one_file(stage: ChaosStage) -> None:
    stage.put("a", seconds=1)
    (record,) = stage.take_records(1)
    stage.send_event(record)
    stage.send_event(record)
    stage.tick()
    assert len(stage.events("in_work")) >= 1
    stage.settle()
    assert stage.works() == 1
    assert stage.keys() == ["a"]
    assert stage.balance() == {}


@pytest.mark.fault(3)
def test_work_longer_than_its_lease_is_asked_for_once(stage: ChaosStage) -> None:
    stage.put("slow", seconds=3.8)
    assert stage.tick(POLLER_VISIBILITY_S="3", POLLER_RECEIVE_S="5") == 0
    assert stage.invocations() == 1
    assert stage.events("already_in_work") == []
    assert [line["receive_count"] for line in stage.events("invoke")] == [1]
    assert stage.keys() == ["slow"]
    assert stage.balance() == {}


@pytest.mark.fault(4)
def test_when_the_heartbeat_fails_for_good_nothing_unproven_is_deleted(stage: ChaosStage) -> None:
    """One function raises, the other one's answer is lost."""

    def choose(call: Call) -> Fault | None:
        lost = call.operation == "Invoke" and b"/lost" in call.body
        return LOST_ANSWER if lost else no_heartbeat(call)

    stage.proxy.choose = choose
    stage.put("lost", seconds=0.5)
    stage.put("raises", faults=["raise"])
    assert stage.tick(**LEASE_S) == 3
    assert stage.proxy.count("DeleteMessageBatch", REQUESTS) == 0
    assert stage.waiting("REQUEST_QUEUE_URL") == 2
    stage.proxy.choose = lambda call: None
    stage.settle()
    assert stage.keys() == ["lost", "raises"]
    assert stage.function.count("GET") == 3  # the answer that was lost is not worked for again
    assert stage.balance() == {}


@pytest.mark.fault(4)
def test_when_the_heartbeat_fails_for_good_work_in_hand_is_not_asked_for_again(stage: ChaosStage) -> None:
    stage.proxy.choose = no_heartbeat
    stage.put("slow", seconds=3)
    assert stage.tick(POLLER_RECEIVE_S="4", **LEASE_S) == 0
    assert len(stage.events("heartbeat_failed")) >= 2
    assert len(stage.events("already_in_work")) >= 1
    assert stage.invocations() == 1
    assert stage.keys() == ["slow"]
    assert stage.balance() == {}


@pytest.mark.fault(5)
def test_a_tick_stopped_past_its_lease_while_others_work_means_one_work_and_a_file_at_most_on_each_machine(
    stage: ChaosStage, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "another machine"
    stage.put("a", seconds=2)
    stopped = stage.start_tick(**LEASE_S)
    try:
        stage.proxy.wait_for("Invoke")
        stopped.send_signal(signal.SIGSTOP)
        assert stage.tick() == 0
        assert len(stage.events("another_tick_runs")) == 1
        assert stage.tick(RESULTS_DIR=str(elsewhere), POLLER_RECEIVE_S="4") == 0
        assert stage.invocations() >= 2
    finally:
        stopped.send_signal(signal.SIGCONT)
        stage.end_of(stopped)
    stage.settle()
    assert stage.works() == 1
    here, there = (sorted(folder.glob("*.csv")) for folder in (stage.results, elsewhere))
    assert here or there
    assert len(here) <= 1
    assert len(there) <= 1
    assert {path.name for path in here + there} == {path.name for path in there or here}
    assert stage.balance() == {}


@pytest.mark.fault(6)
@pytest.mark.parametrize("kind", ["refused", "said to have succeeded"])
def test_a_delete_with_a_stale_receipt_loses_and_repeats_nothing(stage: ChaosStage, kind: str) -> None:
    stage.proxy.choose = no_heartbeat
    if kind == "said to have succeeded":
        stage.proxy.on("DeleteMessageBatch", instead({"Successful": [{"Id": "0"}], "Failed": []}), REQUESTS)
    stage.put("a", seconds=3)
    tick = stage.start_tick(POLLER_CONCURRENCY="1", **SHORT, **LEASE_S)
    stage.proxy.wait_for("Invoke")
    deliver_elsewhere(stage)
    assert stage.end_of(tick) == 0
    assert len(stage.events("delete_refused")) == (kind == "refused")
    assert stage.balance() == {"REQUEST_QUEUE_URL": 1}
    stage.settle()
    assert (stage.invocations(), stage.works()) == (2, 1)
    assert stage.keys() == ["a"]
    assert stage.balance() == {}


def deliver_elsewhere(stage: ChaosStage) -> None:
    """Once its lease is over somebody else receives the message, for a second: the poller's receipt is stale now."""
    answer = stage.client("sqs").receive_message(
        QueueUrl=stage.cloud.operator["REQUEST_QUEUE_URL"], WaitTimeSeconds=20, VisibilityTimeout=1
    )
    assert len(answer["Messages"]) == 1


@pytest.mark.fault(7)
def test_a_delete_waits_for_the_heartbeat_in_flight_and_none_follows_it(stage: ChaosStage) -> None:
    order: list[str] = []
    answered = threading.Event()

    def note_answer(given: Answer | None) -> Answer:
        order.append("function answered")
        answered.set()
        assert given
        return given

    def hold(given: Answer | None) -> Answer:
        assert answered.wait(20)
        time.sleep(0.5)  # a delete that does not wait comes now
        order.append("heartbeat answered")
        assert given
        return given

    def choose(call: Call) -> Fault | None:
        if call.operation == "Invoke":
            return Fault(answer=note_answer)
        if call.queue.endswith(REQUESTS) and call.operation != "ReceiveMessage":
            order.append(call.operation)
        return Fault(answer=hold) if call.operation == "ChangeMessageVisibilityBatch" else None

    stage.proxy.choose = choose
    stage.put("a", seconds=1.5)
    assert stage.tick() == 0
    assert order == ["ChangeMessageVisibilityBatch", "function answered", "heartbeat answered", "DeleteMessageBatch"]
    assert stage.keys() == ["a"]
    assert stage.balance() == {}


@pytest.mark.fault(8)
def test_of_ten_messages_for_two_slots_none_expires_waiting(stage: ChaosStage) -> None:
    """The proxy keeps count of what is in the poller's hands: never more than it can start now."""
    held, most, lock = 0, 0, threading.Lock()

    def receive(said: dict[str, Any]) -> dict[str, Any]:
        nonlocal held
        with lock:
            held += len(said.get("Messages", []))
        return said

    def choose(call: Call) -> Fault | None:
        nonlocal held, most
        if not call.queue.endswith(REQUESTS):
            return None
        with lock:
            if call.operation == "DeleteMessageBatch":
                held -= 1
            if call.operation == "ReceiveMessage":
                most = max(most, held + call.asked["MaxNumberOfMessages"])
        return changed(receive) if call.operation == "ReceiveMessage" else None

    stage.proxy.choose = choose
    for n in range(10):
        stage.put(f"{n}", seconds=0.5)
    assert stage.tick(POLLER_CONCURRENCY="2", POLLER_RECEIVE_S="6", **LEASE_S) == 0
    assert most == 2
    assert [line["receive_count"] for line in stage.events("invoke")] == [1] * 10
    assert stage.keys() == [f"{n}" for n in range(10)]
    assert stage.balance() == {}


@pytest.mark.fault(9)
def test_of_a_delete_that_fails_in_part_only_the_failed_are_tried_again(stage: ChaosStage) -> None:
    first: list[str] = []

    def choose(call: Call) -> Fault | None:
        """Carry out the first delete for its first entry only."""
        if call.operation != "DeleteMessageBatch" or first:
            return None
        served, *failed = call.asked["Entries"]
        first.extend(entry["ReceiptHandle"] for entry in call.asked["Entries"])
        stage.client("sqs").delete_message(QueueUrl=call.asked["QueueUrl"], ReceiptHandle=served["ReceiptHandle"])
        failures = [{"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"} for entry in failed]
        return instead({"Successful": [{"Id": served["Id"]}], "Failed": failures})

    stage.proxy.choose = choose
    for key in ("a", "b", "c"):
        stage.send(write_result(result(stage.prefix + key)), "OUTPUT_QUEUE_URL")
    assert stage.tick("--drain-only") == 0
    assert stage.keys() == ["a", "b", "c"]
    deletes = [call.asked["Entries"] for call in stage.proxy.calls if call.operation == "DeleteMessageBatch"]
    assert [[entry["ReceiptHandle"] for entry in entries] for entries in deletes] == [first, [first[1]], [first[2]]]
    assert stage.balance() == {}


@pytest.mark.fault(10)
def test_when_the_answer_to_a_delete_is_lost_its_replay_does_nothing(stage: ChaosStage) -> None:
    stage.proxy.on("DeleteMessageBatch", LOST_ANSWER, queue=REQUESTS)
    stage.put("a")
    assert stage.tick() == 0
    assert stage.keys() == ["a"]
    assert stage.invocations() == 1
    assert stage.proxy.count("DeleteMessageBatch", REQUESTS) == 2
    assert stage.balance() == {}


@pytest.mark.fault(11)
def test_a_queue_that_is_not_there_ends_the_tick_after_one_call_and_tells_the_operator(stage: ChaosStage) -> None:
    gone = error(400, "QueueDoesNotExist")
    stage.proxy.choose = lambda call: gone if call.queue.endswith(REQUESTS) else None
    stage.put("a")
    assert stage.tick() == 3
    assert stage.proxy.count("ReceiveMessage", REQUESTS) == 1
    assert [line["hint"] for line in stage.events("aws_trouble")] == [
        "check the queue URLs, FUNCTION_NAME and the region"
    ]
    assert stage.balance() == {"REQUEST_QUEUE_URL": 1}


@pytest.mark.fault(11)
def test_rights_taken_away_before_the_delete_keep_the_message_and_repeat_no_work(stage: ChaosStage) -> None:
    stage.proxy.on("DeleteMessageBatch", DENIED, queue=REQUESTS)
    stage.put("a", seconds=0.5)
    assert stage.tick(**LEASE_S) == 3
    assert stage.proxy.count("DeleteMessageBatch", REQUESTS) == 1
    assert stage.balance()["REQUEST_QUEUE_URL"] == 1
    stage.settle()
    assert stage.works() == 1
    assert stage.keys() == ["a"]
    assert stage.balance() == {}


@pytest.mark.fault(11)
def test_queues_that_are_down_are_asked_a_few_times_with_pauses_and_no_more(stage: ChaosStage) -> None:
    stage.proxy.choose = lambda call: error(503, "ServiceUnavailable")
    stage.put("a")
    assert stage.tick() == 3
    assert 1 <= stage.proxy.count("ReceiveMessage", REQUESTS) <= 5
    assert 1 <= stage.proxy.count("ReceiveMessage", RESULTS) <= 5
    assert stage.invocations() == 0
    assert stage.balance() == {"REQUEST_QUEUE_URL": 1}


def test_the_functions_own_calls_go_through_its_proxy(stage: ChaosStage) -> None:
    stage.put("a", students=["s1"])
    assert stage.tick() == 0
    assert stage.csv_of(stage.files()[0]).splitlines()[1] == "Ada Lovelace,Mathematics,2"
    assert stage.function.count("UpdateItem") == 3
    assert stage.function.count("BatchGetItem") == 1
    assert stage.function.count("SendMessage", "results-local") == 1
    assert stage.function.count("PUT") == 3
