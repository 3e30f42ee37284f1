"""Faults of the queue: duplicates, slow work, lost heartbeats, stale and lost deletes, a queue that is not there."""

from __future__ import annotations

import pytest

from tests.chaos.conftest import ChaosStage
from tests.chaos.proxy import LOST_ANSWER

pytestmark = pytest.mark.pipeline


@pytest.mark.fault(10)
def test_when_the_answer_to_a_delete_is_lost_its_replay_does_nothing(stage: ChaosStage) -> None:
    stage.proxy.on("DeleteMessageBatch", LOST_ANSWER, queue="requests-local")
    stage.put("a")
    assert stage.tick() == 0
    assert stage.keys() == ["a"]
    assert stage.invocations() == 1
    assert stage.proxy.count("DeleteMessageBatch", "requests-local") == 2
    assert stage.balance() == {}


def test_the_functions_own_calls_go_through_its_proxy(stage: ChaosStage) -> None:
    stage.put("a", students=["s1"])
    assert stage.tick() == 0
    assert stage.csv_of(stage.files()[0]).splitlines()[1] == "Ada Lovelace,Mathematics,2"
    assert stage.function.count("UpdateItem") == 3
    assert stage.function.count("BatchGetItem") == 1
    assert stage.function.count("SendMessage", "results-local") == 1
    assert stage.function.count("PUT") == 3
