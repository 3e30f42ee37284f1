"""The queue that tests/chaos plays with behaves as moto's SQS does behind the real adapter."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from poller.aws import queue, queue_config
from poller.ports import Queue
from tests.chaos.memory_queue import MemoryQueue


@pytest.fixture(params=["memory", "moto"])
def requests(request: pytest.FixtureRequest) -> Iterator[Queue]:
    if request.param == "memory":
        yield MemoryQueue("requests", now=lambda: 0.0, sleep=lambda seconds: None)
        return
    with mock_aws():
        sqs = boto3.client("sqs", config=queue_config(1, 1))
        yield queue(sqs, sqs.create_queue(QueueName="requests")["QueueUrl"], lambda seconds: None)


def test_a_delivery_counts_and_has_a_receipt_of_its_own(requests: Queue) -> None:
    requests.send("body", {})
    (first,) = requests.receive(1, 1, 30)
    assert requests.receive(1, 1, 30) == []
    assert requests.set_visibility({first.receipt: 0}) == frozenset()
    (second,) = requests.receive(1, 1, 30)
    assert (first.receive_count, second.receive_count) == (1, 2)
    assert first.message_id == second.message_id
    assert first.receipt != second.receipt


def test_what_was_deleted_does_not_come_back(requests: Queue) -> None:
    requests.send("body", {})
    (only,) = requests.receive(1, 1, 0)
    assert requests.delete([only.receipt]) == frozenset()
    assert requests.receive(1, 1, 30) == []
