"""A tick's clients and their timeouts. `failures` puts what they raise into our words.

The surprising rule: botocore's own retries are off everywhere; tenacity, in `sqs` and `function`, is the one retry
layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import exceptions as boto
from botocore.config import Config

from poller.failures import FAILURES, NO_CLIENT, invocation_failure, no_client, queue_failure
from poller.function import LambdaFunction, Response
from poller.replies import plain_word
from poller.settings import READ_MARGIN_S, Settings
from poller.sign_of_life import CloudWatchSign
from poller.sqs import Call, SqsQueue

SHORT_WAIT_S = 2  # the long poll of whoever sits before the screen
# One try, and an answer at once or never: the next tick is a minute away.
SIGN_CONFIG = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class Clients:
    """The queues and the function of one tick, and where it reports."""

    requests: SqsQueue
    output: SqsQueue
    dead_letters: SqsQueue
    output_dead_letters: SqsQueue
    function: LambdaFunction
    sign_of_life: CloudWatchSign


def connect(settings: Settings, sleep: Callable[[float], None]) -> Clients:
    """Clients for `settings`; makes no request. `sleep` is what the queues' retries wait with. Raises `Unusable`."""
    try:
        session = boto3.session.Session(region_name=settings.region)
        sqs = session.client("sqs", config=queue_config(settings.concurrency, settings.wait_s))
        function = session.client("lambda", config=function_config(settings.concurrency, settings.function_timeout_s))
    except NO_CLIENT as error:
        raise no_client(error) from error
    return Clients(
        requests=queue(sqs, settings.request_queue_url, sleep),
        output=queue(sqs, settings.output_queue_url, sleep),
        dead_letters=queue(sqs, settings.dead_letter_queue_url, sleep),
        output_dead_letters=queue(sqs, settings.output_dead_letter_queue_url, sleep),
        function=invoker(function, settings.function_name),
        sign_of_life=CloudWatchSign(_metrics(session), settings.function_name),
    )


def open_queues(region: str, urls: Sequence[str], sleep: Callable[[float], None]) -> list[SqsQueue]:
    """The queues at `urls` for a program that needs nothing else; makes no request. Raises `Unusable`."""
    try:
        client = boto3.session.Session(region_name=region).client("sqs", config=queue_config(1, SHORT_WAIT_S))
    except NO_CLIENT as error:
        raise no_client(error) from error
    return [queue(client, url, sleep) for url in urls]


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
    return SqsQueue(_calling(client, QueueUrl=url), sleep)


def _calling(client: Any, **always: Any) -> Call:
    """Calls to a client whose calls may be repeated, with the parameters `always` in each of them."""

    def call(operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(client, operation)(**always, **parameters)
        except FAILURES as error:
            raise queue_failure(error, operation) from error
        return answer

    return call


def _metrics(session: Any) -> Call:
    """Calls to CloudWatch. Its client is made with the first one: what is wrong with it must not stop a tick."""

    def call(operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            client = session.client("cloudwatch", config=SIGN_CONFIG)
        except (boto.BotoCoreError, ValueError) as error:
            raise no_client(error) from error
        return _calling(client)(operation, **parameters)

    return call


def invoker(client: Any, name: str) -> LambdaFunction:
    """The function called `name`, through a Lambda client."""

    def invoke(payload: bytes) -> Response:
        try:
            answer = client.invoke(FunctionName=name, Payload=payload)
            content = answer["Payload"].read()
        except FAILURES as error:
            raise invocation_failure(error) from error
        return Response(content, "FunctionError" in answer, plain_word(answer["ResponseMetadata"].get("RequestId")))

    return LambdaFunction(invoke)
