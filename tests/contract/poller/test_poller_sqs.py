"""The queue adapter against moto's SQS, through the real botocore and the real retry layer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from moto import mock_aws

from poller.aws import connect, queue, queue_config
from poller.errors import Refused, Transient, Unusable
from poller.replies import HINT_ENDPOINT, HINT_RIGHTS
from poller.sqs import TRIES, SqsQueue
from tests.unit.poller.poller_fakes import ENVIRONMENT, settings


class Setup:
    """A queue in moto, our adapter to it, every request that leaves, and every pause."""

    def __init__(self) -> None:
        self.client = boto3.client("sqs", region_name="us-east-1", config=queue_config(8, 20))
        self.url = self.client.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
        self.sent: list[str] = []
        self.pauses: list[float] = []
        self.queue: SqsQueue = queue(self.client, self.url, self.pauses.append)
        self.answers: list[Any] = []
        self.client.meta.events.register_first("before-send.sqs", self._before_send)

    def _before_send(self, request: Any, **_: object) -> AWSResponse | None:
        self.sent.append(request.headers["X-Amz-Target"].decode().split(".")[1])
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            request.url = "https://elsewhere.test/"  # or moto would carry the request out as well
        return answer

    def put(self, count: int = 1) -> None:
        for n in range(count):
            self.client.send_message(QueueUrl=self.url, MessageBody=f"body {n}")
        self.sent.clear()


@pytest.fixture
def setup() -> Iterator[Setup]:
    with mock_aws():
        yield Setup()


class Raw:
    """The body of a scripted response."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content


def response(status: int, code: str, content: bytes = b"", **headers: str) -> AWSResponse:
    body = content or b'{"__type": "%s", "message": "m"}' % code.encode()
    return AWSResponse("https://sqs", status, {"x-amzn-errortype": code, **headers}, Raw(body))


def test_a_received_message_hides_until_it_is_handed_back(setup: Setup) -> None:
    setup.put()
    (first,) = setup.queue.receive(10, 1, 120)
    assert (first.body, first.receive_count) == ("body 0", 1)
    assert setup.queue.receive(10, 1, 120) == []
    assert setup.queue.set_visibility({first.receipt: 0}) == frozenset()
    (again,) = setup.queue.receive(10, 1, 120)
    assert (again.message_id, again.receive_count) == (first.message_id, 2)


def test_two_pollers_never_hold_the_same_message(setup: Setup) -> None:
    setup.put(10)
    other = queue(boto3.client("sqs", region_name="us-east-1"), setup.url, setup.pauses.append)
    mine, theirs = setup.queue.receive(6, 1, 120), other.receive(10, 1, 120)
    assert len(mine) == 6
    assert len({one.message_id for one in (*mine, *theirs)}) == 10


def test_deleting_takes_ten_a_request(setup: Setup) -> None:
    setup.put(13)
    held = [*setup.queue.receive(10, 1, 120), *setup.queue.receive(10, 1, 120)]
    setup.sent.clear()
    assert setup.queue.delete([one.receipt for one in held]) == frozenset()
    assert setup.sent == ["DeleteMessageBatch"] * 2
    assert setup.queue.receive(10, 1, 120) == []


def test_deleting_nothing_asks_nothing(setup: Setup) -> None:
    assert setup.queue.delete([]) == frozenset()
    assert setup.sent == []


def test_a_receipt_that_is_no_receipt_fails_alone(setup: Setup) -> None:
    setup.put(2)
    one, two = setup.queue.receive(10, 1, 120)
    assert setup.queue.delete([one.receipt, "rubbish", two.receipt]) == frozenset({"rubbish"})
    assert setup.queue.set_visibility({"rubbish": 5}) == frozenset({"rubbish"})


def partly_failed(sender_fault: bool) -> AWSResponse:
    failure = {"Id": "1", "SenderFault": sender_fault, "Code": "X"}
    return response(200, "", json.dumps({"Successful": [{"Id": "0"}], "Failed": [failure]}).encode())


def test_only_the_failed_entry_of_a_batch_is_repeated(setup: Setup) -> None:
    setup.put(2)
    one, two = setup.queue.receive(10, 1, 120)
    setup.sent.clear()
    setup.answers = [partly_failed(sender_fault=False)]
    assert setup.queue.set_visibility({one.receipt: 0, two.receipt: 0}) == frozenset()
    assert setup.sent == ["ChangeMessageVisibilityBatch"] * 2
    (repeated,) = setup.queue.receive(10, 1, 120)
    assert repeated.message_id == two.message_id


def test_an_entry_that_is_our_own_fault_is_not_repeated(setup: Setup) -> None:
    setup.answers = [partly_failed(sender_fault=True)]
    assert setup.queue.delete(["a", "b"]) == frozenset({"b"})
    assert len(setup.sent) == 1


def test_an_entry_that_keeps_failing_is_given_up(setup: Setup) -> None:
    setup.answers = [partly_failed(sender_fault=False), *[response(200, "", b"{}") for _ in range(TRIES)]]
    assert setup.queue.delete(["a", "b"]) == frozenset({"b"})
    assert len(setup.sent) == 1 + TRIES
    assert len(setup.pauses) == TRIES - 1


@pytest.mark.parametrize(
    "fault",
    [
        EndpointConnectionError(endpoint_url="https://sqs"),
        ReadTimeoutError(endpoint_url="https://sqs"),
        response(503, "ServiceUnavailable"),
        response(400, "ThrottlingException"),
    ],
    ids=["connect", "read", "503", "throttled"],
)
def test_a_passing_fault_is_repeated_once_and_paused_for(setup: Setup, fault: Any) -> None:
    setup.put()
    setup.answers = [fault]
    assert len(setup.queue.receive(10, 1, 120)) == 1
    assert len(setup.sent) == 2
    assert len(setup.pauses) == 1


def test_a_page_of_some_proxy_is_no_success(setup: Setup) -> None:
    setup.put()
    (one,) = setup.queue.receive(10, 1, 120)
    page = b"<html>please log in</html>"
    setup.answers = [response(200, "", page), response(200, "", page)]
    assert setup.queue.set_visibility({one.receipt: 0}) == frozenset()
    setup.answers = [response(200, "", page)]
    setup.queue.send("body", {"reason": "r"})
    assert {found.body for found in setup.queue.receive(10, 1, 120)} == {"body 0", "body"}


def test_a_lasting_fault_is_given_up_after_a_few_paused_tries(setup: Setup) -> None:
    setup.answers = [response(503, "ServiceUnavailable") for _ in range(20)]
    with pytest.raises(Transient):
        setup.queue.receive(10, 1, 120)
    assert len(setup.sent) == TRIES
    assert len(setup.pauses) == TRIES - 1


def test_retry_after_is_the_least_pause(setup: Setup) -> None:
    setup.answers = [response(429, "TooManyRequestsException", **{"retry-after": "7"})]
    setup.queue.receive(10, 1, 120)
    assert setup.pauses == [7.0]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (response(403, "AccessDeniedException"), Unusable),
        (response(400, "InvalidMessageContents"), Refused),
        (NoCredentialsError(), Unusable),
    ],
    ids=["denied", "contents", "credentials"],
)
def test_a_fault_that_lasts_is_not_repeated(setup: Setup, fault: Any, error: type[Exception]) -> None:
    setup.answers = [fault]
    with pytest.raises(error):
        setup.queue.send("body", {"reason": "r"})
    assert len(setup.sent) == 1


def test_a_missing_queue_is_for_the_operator(setup: Setup) -> None:
    setup.client.delete_queue(QueueUrl=setup.url)
    with pytest.raises(Unusable) as caught:
        setup.queue.receive(10, 1, 120)
    assert "queue URLs" in caught.value.hint


def test_a_sent_message_carries_its_attributes(setup: Setup) -> None:
    setup.queue.send("body", {"reason": "not JSON", "queue": "requests"})
    found = setup.client.receive_message(QueueUrl=setup.url, MessageAttributeNames=["All"])["Messages"][0]
    assert found["Body"] == "body"
    assert found["MessageAttributes"]["reason"]["StringValue"] == "not JSON"


def test_redrive_to_the_dead_letter_queue_is_sqs_own_business(setup: Setup) -> None:
    dead = setup.client.create_queue(QueueName="dead")["QueueUrl"]
    arn = setup.client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "2"})
    setup.client.set_queue_attributes(QueueUrl=setup.url, Attributes={"RedrivePolicy": policy})
    setup.put()
    for count in (1, 2):
        (one,) = setup.queue.receive(10, 1, 120)
        assert one.receive_count == count
        setup.queue.set_visibility({one.receipt: 0})
    assert setup.queue.receive(10, 1, 120) == []
    assert len(queue(setup.client, dead, setup.pauses.append).receive(10, 1, 120)) == 1


def test_connecting_gives_each_url_its_own_queue(setup: Setup) -> None:
    clients = connect(settings(request_queue_url=setup.url), setup.pauses.append)
    setup.put()
    assert len(clients.requests.receive(10, 1, 120)) == 1
    with pytest.raises(Unusable):
        clients.output.receive(10, 1, 120)


def test_an_endpoint_that_is_no_url_is_for_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    with pytest.raises(Unusable) as caught:
        connect(settings(), lambda seconds: None)
    assert caught.value.hint == HINT_ENDPOINT


def test_a_region_that_is_none_is_for_the_operator() -> None:
    with pytest.raises(Unusable) as caught:
        connect(settings(region="us east 1"), lambda seconds: None)
    assert caught.value.hint == HINT_ENDPOINT


@pytest.mark.parametrize("process", ["/nowhere/at-all", "echo rubbish", "false", "echo 377"])
def test_credentials_that_cannot_be_had_are_no_trouble_with_the_region(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, process: str
) -> None:
    (tmp_path / "config").write_text(f"[profile broken]\ncredential_process = {process}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "broken")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Unusable) as caught:
        connect(settings(), lambda seconds: None)
    assert caught.value.hint == HINT_RIGHTS


def test_the_environment_of_the_tests_is_complete() -> None:
    assert settings().function_name == ENVIRONMENT["FUNCTION_NAME"]
