"""Clients, and the one retry layer around every call to AWS.

botocore's own retries are off: two layers multiply. What never changes by trying again (access denied, a missing
table) is raised at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

P = ParamSpec("P")
T = TypeVar("T")

THROTTLES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "TooManyRequestsException",
        "TransactionInProgressException",
        "ConditionalRequestConflict",
    }
)
ATTEMPTS = 5
LONGEST_WAIT_S = 8.0

CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 1}, tcp_keepalive=True)


def client(service: str) -> Any:
    """A boto3 client without retries of its own; region and credentials come from the environment."""
    return boto3.client(service, config=CONFIG)


def error_code(error: BaseException) -> str:
    """The service's error code, empty when `error` is none of a service's."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def is_passing(error: BaseException) -> bool:
    """Whether trying again may help: throttled, the service's own fault, or no connection."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error_code(error) in THROTTLES or status in (429, 500, 502, 503, 504)
    return isinstance(error, BotoConnectionError | HTTPClientError)


def call(operation: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`operation(*args, **kwargs)`, five attempts at most with full jitter. The last error is raised as it is."""
    attempts = Retrying(
        retry=retry_if_exception(is_passing),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.2, max=LONGEST_WAIT_S),
        reraise=True,
    )
    return attempts(operation, *args, **kwargs)


def conditional(operation: Callable[..., Any], **request: Any) -> Any | None:
    """The answer to a write with a DynamoDB condition; None where the condition does not hold."""
    try:
        return call(operation, **request)
    except ClientError as error:
        if error_code(error) != "ConditionalCheckFailedException":
            raise
        return None


def pages(operation: Callable[..., Any], **request: Any) -> Iterator[list[Any]]:
    """The items of a query or a scan, a list for each page."""
    while True:
        page = call(operation, **request)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def items(operation: Callable[..., Any], **request: Any) -> Iterator[Any]:
    """The items of a query or a scan, page after page."""
    for page in pages(operation, **request):
        yield from page
