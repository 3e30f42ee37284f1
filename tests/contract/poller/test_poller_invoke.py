"""The function adapter through the real botocore with our own configuration: how many requests really leave."""

from __future__ import annotations

import socket
import threading
from typing import Any

import boto3
import pytest
import urllib3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from poller.aws import function_config, invoker, queue_config
from poller.errors import FunctionFailed, NotStarted, Refused, UnknownOutcome, Unreachable, Unusable
from poller.function import CONNECT_TRIES, LambdaFunction, Response
from tests.contract.poller.loopback_aws import loopback_aws

URL = "https://lambda.us-east-1.amazonaws.com"
MANY = 10_000


class Raw:
    """The body of a scripted response."""

    def __init__(self, content: bytes | Exception) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Any:
        yield self._content

    def read(self, *_: object) -> bytes:
        if isinstance(self._content, Exception):
            raise self._content
        content, self._content = self._content, b""
        return content


def answer(status: int, content: bytes | Exception = b"{}", **headers: str) -> AWSResponse:
    return AWSResponse(URL, status, {name.replace("_", "-"): value for name, value in headers.items()}, Raw(content))


def error(status: int, code: str, **headers: str) -> AWSResponse:
    return answer(status, b'{"Message": "m"}', x_amzn_errortype=code, **headers)


class Patience:
    """A caller that pauses in no time and wants at most `tries` tries."""

    def __init__(self, tries: int = MANY) -> None:
        self.tries, self.begun, self.never, self.pauses = tries, 0, 0, []  # type: ignore[var-annotated]

    def begin(self) -> bool:
        self.begun += 1
        return self.begun <= self.tries

    def never_started(self) -> None:
        self.never += 1

    def may_wait(self, seconds: float) -> bool:
        return self.begun < self.tries

    def pause(self, seconds: float, turn: threading.Event) -> None:
        self.pauses.append(seconds)


class LineOfOne(Patience):
    """Who waits until another invocation has ended, and notes whether that was taken for a free slot."""

    def __init__(self, end: threading.Event, other: threading.Thread) -> None:
        super().__init__()
        self.end, self.other, self.was_my_turn = end, other, False

    def pause(self, seconds: float, turn: threading.Event) -> None:
        super().pause(seconds, turn)
        if len(self.pauses) > 1:  # the first one is as long as AWS asks for
            assert not turn.is_set()
            self.end.set()
            self.other.join(10)
            self.was_my_turn = turn.is_set()


class Setup:
    """Our adapter, and what left for it."""

    def __init__(self, *answers: Any) -> None:
        client = boto3.client("lambda", region_name="us-east-1", config=function_config(8, 300))
        client.meta.events.register_first("before-send.lambda.Invoke", self._before_send)
        self.function: LambdaFunction = invoker(client, "smart-classroom")
        self.answers, self.payloads, self.patience = list(answers), [], Patience()  # type: ignore[var-annotated]

    def _before_send(self, request: Any, **_: object) -> AWSResponse:
        self.payloads.append(request.body)
        scripted = self.answers.pop(0)
        if isinstance(scripted, Exception):
            raise scripted
        assert isinstance(scripted, AWSResponse)
        return scripted

    def invoke(self) -> bytes:
        return self.function.invoke(b"payload", self.patience)


def test_an_answer_comes_back_as_it_is_after_one_request() -> None:
    setup = Setup(answer(200, b'{"answer": 1}'))
    assert setup.invoke() == b'{"answer": 1}'
    assert setup.payloads == [b"payload"]


@pytest.mark.fault(20)
@pytest.mark.fault(21)
@pytest.mark.parametrize(
    "fault",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        error(500, "ServiceException"),
        error(502, "EC2ThrottledException"),
        error(503, "ServiceUnavailableException"),
        error(504, "GatewayTimeout"),
        answer(200, ConnectionResetError()),
    ],
    ids=["read timeout", "closed", "500", "502", "503", "504", "cut answer"],
)
def test_whatever_may_have_started_is_sent_exactly_once(fault: Any) -> None:
    setup = Setup(fault, answer(200))
    with pytest.raises(UnknownOutcome):
        setup.invoke()
    assert len(setup.payloads) == 1
    assert setup.patience.never == 0


@pytest.mark.fault(23)
@pytest.mark.fault(26)
@pytest.mark.parametrize(
    "fault",
    [
        error(429, "TooManyRequestsException"),
        error(409, "ResourceConflictException"),
        EndpointConnectionError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
    ],
    ids=["429", "409", "refused", "connect timeout"],
)
def test_whatever_never_started_is_tried_again(fault: Any) -> None:
    setup = Setup(fault, fault, answer(200, b"done"))
    assert setup.invoke() == b"done"
    assert len(setup.payloads) == 3
    assert setup.patience.never == 2
    assert all(0 <= pause <= 5 for pause in setup.patience.pauses)


@pytest.mark.fault(23)
def test_retry_after_is_obeyed() -> None:
    setup = Setup(error(429, "TooManyRequestsException", retry_after="9"), answer(200))
    setup.invoke()
    assert setup.patience.pauses == [9.0]


def test_who_was_refused_tries_again_as_soon_as_another_invocation_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)  # a backoff longer than what AWS asks for
    setup = Setup(error(429, "TooManyRequestsException", retry_after="0.01"), answer(200, b"second"))
    running, end = threading.Event(), threading.Event()
    call = setup.function._call

    def first(payload: bytes) -> Response:
        running.set()
        assert end.wait(10)
        return Response(b"first", raised=False, request_id="")

    setup.function._call = first
    other = threading.Thread(target=lambda: setup.function.invoke(b"{}", Patience()))
    other.start()
    assert running.wait(10)
    setup.function._call = call
    patience = LineOfOne(end, other)
    assert setup.function.invoke(b"{}", patience) == b"second"
    assert patience.was_my_turn
    assert setup.function.at_once() == 1


@pytest.mark.fault(23)
def test_throttling_is_waited_out_for_as_long_as_the_caller_wants() -> None:
    setup = Setup(*[error(429, "TooManyRequestsException") for _ in range(50)])
    setup.patience.tries = 30
    with pytest.raises(NotStarted) as caught:
        setup.invoke()
    assert caught.value.code == "TooManyRequestsException"
    assert len(setup.payloads) == 30
    assert max(setup.patience.pauses) <= 5


def test_a_network_that_is_down_is_given_up_after_a_few_tries() -> None:
    setup = Setup(*[EndpointConnectionError(endpoint_url=URL) for _ in range(50)])
    with pytest.raises(Unreachable):
        setup.invoke()
    assert len(setup.payloads) == CONNECT_TRIES


def test_what_the_caller_wants_no_more_is_not_sent() -> None:
    setup = Setup()
    setup.patience.tries = 0
    with pytest.raises(NotStarted):
        setup.invoke()
    assert setup.payloads == []


@pytest.mark.fault(24)
def test_a_function_that_raised_is_a_failure_although_the_status_is_200() -> None:
    raised = b'{"errorType": "Sandbox.Timedout", "errorMessage": "Ada"}'
    setup = Setup(answer(200, raised, x_amz_function_error="Unhandled", x_amzn_requestid="id-1"))
    with pytest.raises(FunctionFailed) as caught:
        setup.invoke()
    assert (caught.value.code, caught.value.hint) == ("Sandbox.Timedout", "id-1")
    assert "Ada" not in str(caught.value)
    assert len(setup.payloads) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (error(403, "AccessDeniedException"), Unusable),
        (error(404, "ResourceNotFoundException"), Unusable),
        (NoCredentialsError(), Unusable),
        (error(413, "RequestTooLargeException"), Refused),
    ],
    ids=["denied", "missing", "no credentials", "too large"],
)
def test_what_no_repeat_can_help_is_sent_once(fault: Any, kind: type[Exception]) -> None:
    setup = Setup(fault)
    with pytest.raises(kind):
        setup.invoke()
    assert len(setup.payloads) == 1


@pytest.mark.fault(21)
def test_a_connection_dropped_after_the_request_is_one_request_on_the_wire() -> None:
    with loopback_aws() as aws:
        client = boto3.client("lambda", "us-east-1", endpoint_url=aws.url, config=function_config(8, 300))
        with pytest.raises(UnknownOutcome):
            invoker(client, "f").invoke(b'{"body": "b"}', Patience())
        assert aws.invoked == ["b"]


@pytest.mark.fault(21)
def test_the_kernel_is_told_to_keep_a_waiting_connection_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []

    def create_connection(*arguments: Any, **named: Any) -> socket.socket:
        made.append(real(*arguments, **named))
        return made[-1]

    real = urllib3.util.connection.create_connection
    monkeypatch.setattr(urllib3.util.connection, "create_connection", create_connection)
    with loopback_aws() as aws:
        aws.on_invoke = lambda aws, body: (200, {}, b"{}")
        client = boto3.client("lambda", "us-east-1", endpoint_url=aws.url, config=function_config(8, 300))
        invoker(client, "f").invoke(b'{"body": "b"}', Patience())
        (connection,) = made
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        client.close()


def test_a_port_nobody_listens_on_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        client = boto3.client("lambda", "us-east-1", endpoint_url=url, config=function_config(8, 300))
        with pytest.raises(Unreachable):
            invoker(client, "f").invoke(b"{}", Patience())


@pytest.mark.fault(20)
def test_the_function_client_is_patient_and_never_repeats() -> None:
    config = function_config(concurrency=8, function_timeout_s=300)
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (5, 315, 10)
    assert config.retries == {"total_max_attempts": 1}
    assert config.tcp_keepalive


def test_a_long_poll_fits_into_the_queue_clients_patience() -> None:
    config = queue_config(concurrency=8, wait_s=20)
    assert config.read_timeout > 20
    assert config.retries == {"total_max_attempts": 1}
    assert config.max_pool_connections >= 8 + 3
