"""Students in `student_table`: one BatchGet for all that a clip shows. Only a roll call's roster is worth a scan."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from recognition.aws.batches import get_all, put_all
from recognition.aws.calls import call, conditional, items
from recognition.errors import StageChanged, StudentsError
from recognition.roster import Student, from_row, to_row

AT_ONCE = 16
PARTS = ("name", "major", "year", "consent", "sections")
"""Of a row, besides its key."""

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
        rows = get_all(self.dynamodb, self.table, keys)
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
        put_all(self.dynamodb, self.table, [_item(student) for student in students])

    def everybody(self) -> Iterator[Student]:
        """All students, in no order, read consistently; rows that cannot be read are left out and reported."""
        rows = items(self.dynamodb.scan, TableName=self.table, ConsistentRead=True)
        yield from (student for row in rows if (student := _readable(row)))

    def replace(self, pairs: Collection[tuple[Student, Student]]) -> None:
        """Put each first row instead of the second, which was read.

        Raises `StageChanged` when one of them is another now, in whatever part, or the row is gone: that one stays as
        it is, whatever became of the others.
        """
        with ThreadPoolExecutor(AT_ONCE) as writers:
            for _ in writers.map(self._replace_one, pairs):  # raises what one of them raised
                pass

    def _replace_one(self, pair: tuple[Student, Student]) -> None:
        student, there = pair
        if self._put_over(_item(there), student):
            return
        # another program may have written the same otherwise, a year as a number: then it is the row as it stands
        (row,) = get_all(self.dynamodb, self.table, [{"student_id": {"S": there.student_id}}]) or [{}]
        if not row or _readable(row) != there or not self._put_over(row, student):
            raise StageChanged

    def _put_over(self, row: dict[str, Any], student: Student) -> bool:
        """Put the student's row if what lies there is `row` in each of a row's parts."""
        parts = {f"#{name}": name for name in PARTS}
        alike = [f"#{name} = :{name}" if name in row else f"attribute_not_exists(#{name})" for name in PARTS]
        written = conditional(
            self.dynamodb.put_item,
            TableName=self.table,
            Item=_item(student),
            ConditionExpression=" AND ".join(["attribute_exists(student_id)", *alike]),
            ExpressionAttributeNames=parts,
            ExpressionAttributeValues={f":{name}": row[name] for name in PARTS if name in row},
        )
        return written is not None

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


def _item(student: Student) -> dict[str, Any]:
    """The student as an item of the table."""
    return {name: _write.serialize(value) for name, value in to_row(student).items()}


def _readable(row: dict[str, Any]) -> Student | None:
    """The student in an item. One that cannot be read names nobody, and keeps nobody else from being named."""
    try:
        return from_row({name: _read.deserialize(value) for name, value in row.items()})
    except StudentsError:
        logger.warning("a row of the student table cannot be read; its student stays unnamed")
        return None
