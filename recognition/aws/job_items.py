"""The items of `job_table` as an erasure sees them: all of them, and rewritten on condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from recognition.aws.calls import call, conditional, items
from recognition.erasure.jobs import JobItem

NAMES = ("job_id", "clip", "version_id", "decision", "result", "outcome", "corrections", "state", "locked_until")
REWRITTEN = ("decision", "result", "outcome", "corrections")
_read = TypeDeserializer()
_write = TypeSerializer()


@dataclass(frozen=True, slots=True)
class DynamoJobItems:
    """See `erasure.jobs.JobItems`. It reads the whole table: a student is no key of it."""

    dynamodb: Any
    table: str

    def all(self) -> Iterator[JobItem]:
        """Every item, read consistently."""
        found = items(
            self.dynamodb.scan,
            TableName=self.table,
            ConsistentRead=True,
            ProjectionExpression=", ".join(f"#{name}" for name in NAMES),
            ExpressionAttributeNames={f"#{name}": name for name in NAMES},
        )
        yield from map(_item, found)

    def expiries(self) -> Iterator[float]:
        """When each item ends, seconds since the epoch; 0 for one that never does."""
        found = items(self.dynamodb.scan, TableName=self.table, ProjectionExpression="expires")
        yield from (float(item.get("expires", {}).get("N", "0")) for item in found)

    def ends(self) -> bool:
        """Whether DynamoDB deletes what has expired."""
        told = call(self.dynamodb.describe_time_to_live, TableName=self.table)["TimeToLiveDescription"]
        return told.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") and told.get("AttributeName") == "expires"

    def rewrite(self, there: JobItem, less: JobItem) -> bool:
        """Write what differs, if the item is still as it was; False if it is not."""
        changed = [name for name in REWRITTEN if getattr(less, name) != getattr(there, name)]
        gone = [name for name in changed if getattr(less, name) == ""]
        kept = [name for name in changed if name not in gone]
        values = {f":new_{name}": _value(getattr(less, name)) for name in kept}
        values |= {f":old_{name}": _value(getattr(there, name)) for name in changed}
        update = "SET " + ", ".join(f"#{name} = :new_{name}" for name in kept) if kept else ""
        update += " REMOVE " + ", ".join(f"#{name}" for name in gone) if gone else ""
        written = conditional(
            self.dynamodb.update_item,
            TableName=self.table,
            Key={"job_id": {"S": there.job_id}},
            UpdateExpression=update,
            ConditionExpression=" AND ".join(f"#{name} = :old_{name}" for name in changed),
            ExpressionAttributeNames={f"#{name}": name for name in changed},
            ExpressionAttributeValues=values,
        )
        return written is not None


def _value(value: str | tuple[str, ...]) -> dict[str, Any]:
    return dict(_write.serialize(list(value) if isinstance(value, tuple) else value))


def _item(row: dict[str, Any]) -> JobItem:
    read = {name: _read.deserialize(value) for name, value in row.items()}
    texts = {name: str(read.get(name, "")) for name in NAMES[:6]}
    at_work = read.get("state") == "working"
    return JobItem(
        **texts,
        corrections=tuple(map(str, read.get("corrections", ()))),
        locked_until=float(read.get("locked_until", 0)) if at_work else None,
    )
