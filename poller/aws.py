"""The only place with boto3 and botocore: clients, their timeouts, and botocore's exceptions put into our words.

botocore's own retries are off everywhere; tenacity, in `sqs` and `function`, is the one retry layer. The surprising
rule: an exception from before the connection means "never started", any other broken connection means "unknown".
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
from botocore import exceptions as boto
from botocore.config import Config
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from poller.errors import AwsError, Transient, UnknownOutcome, Unreachable, Unusable
from poller.function import LambdaFunction, Response
from poller.replies import HINT_ENDPOINT, HINT_NETWORK, HINT_RIGHTS, ErrorReply, invocation_error, queue_error
from poller.settings import READ_MARGIN_S, Settings
from poller.sqs import SqsQueue

SHORT_WAIT_S = 2  # the long poll of whoever sits before the screen
# Raised before a connection exists, so that nothing can have been sent.
_UNCONNECTED = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)
# Raised when the answer is not whole; the last two escape from reading a streamed body.
_BROKEN = (
    boto.HTTPClientError,
    boto.ConnectionError,
    boto.IncompleteReadError,
    ResponseParserError,
    HTTPError,
    OSError,
)
_NO_ENDPOINT = (boto.NoRegionError, boto.UnknownRegionError, boto.UnknownEndpointError, boto.EndpointProviderError)
# Raised where a client is made. OSError: no such credential_process; AttributeError: it printed JSON, but no object.
_NO_CLIENT = (boto.BotoCoreError, ValueError, OSError, AttributeError)
# All that a call to AWS may raise.
_FAILURES = (boto.ClientError, boto.BotoCoreError, *_BROKEN)


@dataclass(frozen=True, slots=True)
class Clients:
    """The queues and the function of one tick."""

    requests: SqsQueue
    output: SqsQueue
    dead_letters: SqsQueue
    output_dead_letters: SqsQueue
    function: LambdaFunction


def connect(settings: Settings, sleep: Callable[[float], None]) -> Clients:
    """Clients for `settings`; makes no request. `sleep` is what the queues' retries wait with. Raises `Unusable`."""
    try:
        session = boto3.session.Session(region_name=settings.region)
        sqs = session.client("sqs", config=queue_config(settings.concurrency, settings.wait_s))
        function = session.client("lambda", config=function_config(settings.concurrency, settings.function_timeout_s))
    except _NO_CLIENT as error:
        raise Unusable("connect", type(error).__name__, _lasting_hint(error)) from error
    return Clients(
        requests=queue(sqs, settings.request_queue_url, sleep),
        output=queue(sqs, settings.output_queue_url, sleep),
        dead_letters=queue(sqs, settings.dead_letter_queue_url, sleep),
        output_dead_letters=queue(sqs, settings.output_dead_letter_queue_url, sleep),
        function=invoker(function, settings.function_name),
    )


def open_queues(region: str, urls: Sequence[str], sleep: Callable[[float], None]) -> list[SqsQueue]:
    """The queues at `urls` for a program that needs nothing else; makes no request. Raises `Unusable`."""
    try:
        client = boto3.session.Session(region_name=region).client("sqs", config=queue_config(1, SHORT_WAIT_S))
    except _NO_CLIENT as error:
        raise Unusable("connect", type(error).__name__, _lasting_hint(error)) from error
    return [queue(client, url, sleep) for url in urls]


@dataclass(frozen=True, slots=True)
class Instruments:
    """What `doctor` examines AWS with; see `examine.cloud.Instruments`."""

    key_id: str
    sts: Any
    sqs: Any
    function: Any
    sleep: Callable[[float], None]
    dates: list[float]

    def identity(self) -> str:
        """The ARN AWS knows us by."""
        try:
            return str(self.sts.get_caller_identity()["Arn"])
        except _FAILURES as error:
            raise _queue_failure(error, "GetCallerIdentity") from error

    def dry_run(self, function: str) -> None:
        """Ask whether we might invoke the function, without doing so."""
        try:
            self.function.invoke(FunctionName=function, InvocationType="DryRun", Payload=b"{}")
        except _FAILURES as error:
            raise _invocation_failure(error) from error

    def queue(self, url: str) -> SqsQueue:
        """The queue at `url`."""
        return queue(self.sqs, url, self.sleep)

    def key_end(self) -> str:
        """The last four characters of the access key's id."""
        return self.key_id[-4:]

    def skews(self) -> Sequence[float]:
        """AWS' clock less ours, in seconds, at each reply so far."""
        return list(self.dates)


def instruments(region: str, sleep: Callable[[float], None], now: Callable[[], float]) -> Instruments:
    """Clients with real credentials, which may take its time: a program may have to be run. Raises `AwsError`."""
    dates: list[float] = []

    def note_date(parsed_response: dict[str, Any] | None = None, **_: object) -> None:
        headers = (parsed_response or {}).get("ResponseMetadata", {}).get("HTTPHeaders", {})
        with contextlib.suppress(ValueError, TypeError, KeyError):
            dates.append(parsedate_to_datetime(headers["date"]).timestamp() - now())

    config = queue_config(1, SHORT_WAIT_S)
    try:
        session = boto3.session.Session(region_name=region)
        session.events.register("response-received", note_date)  # before any client: they copy the session's handlers
        credentials = session.get_credentials()
        if credentials is None:
            raise boto.NoCredentialsError
        key_id = str(credentials.get_frozen_credentials().access_key)
        sts, sqs, function = (session.client(name, config=config) for name in ("sts", "sqs", "lambda"))
    except (*_FAILURES, *_NO_CLIENT) as error:
        raise _queue_failure(error, "connect") from error
    return Instruments(key_id, sts, sqs, function, sleep, dates)


def function_config(concurrency: int, function_timeout_s: int) -> Config:
    """One request an invocation, and longer patience than the function may take."""
    return Config(
        connect_timeout=5,
        read_timeout=function_timeout_s + READ_MARGIN_S,
        retries={"total_max_attempts": 1},
        tcp_keepalive=True,
        max_pool_connections=concurrency + 2,
    )


def queue_config(concurrency: int, wait_s: int) -> Config:
    """Long polls fit in; requests, results, heartbeat and every worker have a connection each."""
    return Config(
        connect_timeout=5,
        read_timeout=wait_s + 10,
        retries={"total_max_attempts": 1},
        tcp_keepalive=True,
        max_pool_connections=concurrency + 4,
    )


def queue(client: Any, url: str, sleep: Callable[[float], None]) -> SqsQueue:
    """The queue at `url`, through an SQS client."""

    def call(operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(client, operation)(QueueUrl=url, **parameters)
        except _FAILURES as error:
            raise _queue_failure(error, operation) from error
        return answer

    return SqsQueue(call, sleep)


def invoker(client: Any, name: str) -> LambdaFunction:
    """The function called `name`, through a Lambda client."""

    def invoke(payload: bytes) -> Response:
        try:
            answer = client.invoke(FunctionName=name, Payload=payload)
            content = answer["Payload"].read()
        except _FAILURES as error:
            raise _invocation_failure(error) from error
        return Response(content, "FunctionError" in answer, answer["ResponseMetadata"].get("RequestId", ""))

    return LambdaFunction(invoke)


def _queue_failure(error: Exception, operation: str) -> AwsError:
    if isinstance(error, boto.ClientError):
        return queue_error(_reply(error), operation)
    return _library_failure(error, operation, Transient)


def _invocation_failure(error: Exception) -> AwsError:
    if isinstance(error, boto.ClientError):
        return invocation_error(_reply(error), "Invoke")
    return _library_failure(error, "Invoke", Unreachable if isinstance(error, _UNCONNECTED) else UnknownOutcome)


def _library_failure(error: Exception, operation: str, broken: type[AwsError]) -> AwsError:
    name = type(error).__name__
    if isinstance(error, _BROKEN):
        return broken(operation, name, HINT_NETWORK)
    return Unusable(operation, name, _lasting_hint(error))


def _lasting_hint(error: Exception) -> str:
    """botocore calls a region or an endpoint that is none a plain `ValueError`, or one of its own."""
    if isinstance(error, (json.JSONDecodeError, UnicodeError)):  # what a credential_process wrote
        return HINT_RIGHTS
    return HINT_ENDPOINT if isinstance(error, (ValueError, *_NO_ENDPOINT)) else HINT_RIGHTS


def _reply(error: boto.ClientError) -> ErrorReply:
    body, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    return ErrorReply(
        code=str(body.get("Code") or "Unknown"),
        status=int(meta.get("HTTPStatusCode", 0)),
        text=str(body.get("Message", "")),
        retry_after=str(meta.get("HTTPHeaders", {}).get("retry-after", "")),
    )
