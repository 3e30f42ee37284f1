"""Students in `student_table`: one BatchGet for all that a clip shows. Only a roll call's roster is worth a scan."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from recognition.aws.calls import ATTEMPTS, call, conditional, items
from recognition.errors import RecognitionError, StageChanged, StudentsError
from recognition.roster import Student, from_row, to_row

KEYS_PER_GET = 100  # DynamoDB's limits for one batch
ROWS_PER_WRITE = 25
AT_ONCE = 16
BATCHES_AT_ONCE = 4  # some 5,000 rows a second, about what a table of its own accord takes

T = TypeVar("T")
R = TypeVar("R")

logger = logging.getLogger(__name__)
_read = TypeDeserializer()
_write = TypeSerializer()


@dataclass(frozen=True, slots=True)
class DynamoRoster:
    """Looks students up, and writes their rows."""

    dynamodb: Any
    table: str

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        """The rows there are among `student_ids`, each read consistently: a consent withdrawn a moment ago counts."""
        keys = [{"student_id": {"S": student_id}} for student_id in sorted(student_ids)]
        rows = [row for some in _in_batches(self._get_batch, keys, KEYS_PER_GET) for row in some]
        found = [student for row in rows if (student := _readable(row))]
        return {student.student_id: student for student in found}

    def of_section(self, section: str) -> list[Student]:
        """Whoever is on the section's roster, by id: reads the whole table, consistently."""
        rows = items(
            self.dynamodb.scan,
            TableName=self.table,
            FilterExpression="contains(sections, :section)",
            ExpressionAttributeValues={":section": {"S": section}},
            ConsistentRead=True,
        )
        found = (student for row in rows if (student := _readable(row)))
        return sorted(found, key=lambda student: student.student_id)

    def write(self, students: Collection[Student]) -> None:
        """Put the students' rows, replacing those with the same id."""
        _in_batches(self._put_batch, list(students), ROWS_PER_WRITE)

    def everybody(self) -> Iterator[Student]:
        """All students, in no order, read consistently; rows that cannot be read are left out and reported."""
        rows = items(self.dynamodb.scan, TableName=self.table, ConsistentRead=True)
        yield from (student for row in rows if (student := _readable(row)))

    def replace(self, pairs: Collection[tuple[Student, Student]]) -> None:
        """Put each first row instead of the second, which was read.

        Raises `StageChanged` when the consent in one of them is another now, or the row is gone: that one stays as it
        is, whatever became of the others.
        """
        with ThreadPoolExecutor(AT_ONCE) as writers:
            for _ in writers.map(self._replace_one, pairs):  # raises what one of them raised
                pass

    def _replace_one(self, pair: tuple[Student, Student]) -> None:
        student, there = pair
        consent = to_row(there).get("consent")
        without = "attribute_exists(student_id) AND attribute_not_exists(consent)"
        written = conditional(
            self.dynamodb.put_item,
            TableName=self.table,
            Item={name: _write.serialize(value) for name, value in to_row(student).items()},
            ConditionExpression="consent = :consent" if consent else without,
            **({"ExpressionAttributeValues": {":consent": _write.serialize(consent)}} if consent else {}),
        )
        if written is None:
            raise StageChanged

    def withdraw_consent(self, student_id: str) -> bool:
        """Take the consent out of the student's row; False if there is no row."""
        written = conditional(
            self.dynamodb.update_item,
            TableName=self.table,
            Key={"student_id": {"S": student_id}},
            UpdateExpression="REMOVE consent",
            ConditionExpression="attribute_exists(student_id)",
        )
        return written is not None

    def remove(self, student_id: str) -> None:
        """Delete the student's row, whether there is one or not."""
        call(self.dynamodb.delete_item, TableName=self.table, Key={"student_id": {"S": student_id}})

    def _get_batch(self, keys: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The items there are under up to `KEYS_PER_GET` keys."""
        rows: list[dict[str, Any]] = []
        request = {self.table: {"Keys": keys, "ConsistentRead": True}}
        self._until_served(request, "batch_get_item", lambda answer: rows.extend(answer["Responses"][self.table]))
        return rows

    def _put_batch(self, students: Sequence[Student]) -> None:
        """Put up to `ROWS_PER_WRITE` rows."""
        rows = [{name: _write.serialize(value) for name, value in to_row(student).items()} for student in students]
        puts = [{"PutRequest": {"Item": row}} for row in rows]
        self._until_served({self.table: puts}, "batch_write_item", lambda _: None)

    def _until_served(self, request: dict[str, Any], operation: str, take: Any) -> None:
        """Ask until nothing is left unprocessed: DynamoDB may serve a batch in part."""
        unprocessed = "UnprocessedKeys" if operation == "batch_get_item" else "UnprocessedItems"

        def ask() -> bool:
            answer = call(getattr(self.dynamodb, operation), RequestItems=dict(request))
            take(answer)
            request.clear()
            request.update(answer.get(unprocessed) or {})
            return bool(request)

        attempts = Retrying(
            retry=retry_if_result(bool), stop=stop_after_attempt(ATTEMPTS), wait=wait_random_exponential(0.2, max=8)
        )
        try:
            attempts(ask)
        except RetryError as error:
            raise RecognitionError("DynamoDB is throttled: the student table served a batch in part only") from error


def _readable(row: dict[str, Any]) -> Student | None:
    """The student in an item. One that cannot be read names nobody, and keeps nobody else from being named."""
    try:
        return from_row({name: _read.deserialize(value) for name, value in row.items()})
    except StudentsError:
        logger.warning("a row of the student table cannot be read; its student stays unnamed")
        return None


def _in_batches(work: Callable[[Sequence[T]], R], items: Sequence[T], size: int) -> list[R]:
    """What `work` makes of each `size` items, several at once; no thread is worth the students of one clip."""
    batches = [items[start : start + size] for start in range(0, len(items), size)]
    if len(batches) < 2:
        return [work(some) for some in batches]
    with ThreadPoolExecutor(BATCHES_AT_ONCE) as workers:
        return list(workers.map(work, batches))
