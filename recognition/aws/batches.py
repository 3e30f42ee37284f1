"""Batches of DynamoDB items, of which it may serve a part only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from recognition.aws.calls import ATTEMPTS, call
from recognition.errors import RecognitionError

KEYS_PER_GET = 100  # DynamoDB's limits for one batch
ROWS_PER_WRITE = 25
BATCHES_AT_ONCE = 4  # some 5,000 rows a second, about what a table of its own accord takes


def get_all(dynamodb: Any, table: str, keys: Sequence[dict[str, Any]], **how: Any) -> list[dict[str, Any]]:
    """The items there are under `keys`, in no order, each read consistently. `how` goes into the requests."""
    found: list[dict[str, Any]] = []

    def get(some: list[dict[str, Any]]) -> None:
        request = {table: {"Keys": some, "ConsistentRead": True, **how}}
        until_served(dynamodb.batch_get_item, request, lambda answer: found.extend(answer["Responses"][table]))

    _each(get, list(in_groups(keys, KEYS_PER_GET)))
    return found


def put_all(dynamodb: Any, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Put the items, replacing those with the same key."""

    def put(some: list[dict[str, Any]]) -> None:
        puts = [{"PutRequest": {"Item": row}} for row in some]
        until_served(dynamodb.batch_write_item, {table: puts}, lambda _: None)

    _each(put, list(in_groups(rows, ROWS_PER_WRITE)))


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


def _each(work: Callable[[list[Any]], None], batches: Sequence[list[Any]]) -> None:
    """Do `work` on each batch, several at once; no thread is worth the students of one clip."""
    if len(batches) < 2:
        for some in batches:
            work(some)
        return
    with ThreadPoolExecutor(BATCHES_AT_ONCE) as workers:
        for _ in workers.map(work, batches):  # raises what one of them raised
            pass
