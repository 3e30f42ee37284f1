"""Batches of DynamoDB items, of which it may serve a part only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from recognition.aws.calls import ATTEMPTS, call
from recognition.errors import RecognitionError

KEYS_PER_GET = 100  # DynamoDB's limits for one batch
ROWS_PER_WRITE = 25


def get_all(dynamodb: Any, table: str, keys: Sequence[dict[str, Any]], **how: Any) -> list[dict[str, Any]]:
    """The items there are under `keys`, in no order, each read consistently. `how` goes into the requests."""
    found: list[dict[str, Any]] = []
    for some in in_groups(keys, KEYS_PER_GET):
        request = {table: {"Keys": some, "ConsistentRead": True, **how}}
        until_served(dynamodb.batch_get_item, request, lambda answer: found.extend(answer["Responses"][table]))
    return found


def put_all(dynamodb: Any, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Put the items, replacing those with the same key."""
    for some in in_groups(rows, ROWS_PER_WRITE):
        puts = [{"PutRequest": {"Item": row}} for row in some]
        until_served(dynamodb.batch_write_item, {table: puts}, lambda _: None)


def until_served(operation: Callable[..., Any], request: dict[str, Any], take: Callable[[Any], None]) -> None:
    """Ask until nothing is left unprocessed. Raises `RecognitionError` when some is after all attempts."""
    left = dict(request)

    def ask() -> bool:
        nonlocal left
        answer = call(operation, RequestItems=left)
        take(answer)
        left = answer.get("UnprocessedKeys") or answer.get("UnprocessedItems") or {}
        return bool(left)

    attempts = Retrying(
        retry=retry_if_result(bool), stop=stop_after_attempt(ATTEMPTS), wait=wait_random_exponential(0.2, max=8)
    )
    try:
        attempts(ask)
    except RetryError as error:
        raise RecognitionError(f"DynamoDB is throttled: {', '.join(request)} served a batch in part only") from error


def in_groups(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of `size` of them, the last one perhaps shorter."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
