"""What `job_table`'s indexes list, newest first: each entry's place, and its version if that is finished.

The surprising rule: by time the index says only which and when; the rest comes from the table itself, read
consistently, so that a correction or an erasure of a moment ago shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from recognition.aws.batches import KEYS_PER_GET, get_all, in_groups
from recognition.aws.calls import pages
from recognition.aws.finished import READ, is_finished, version_of
from recognition.aws.jobs import BY_SECTION, BY_TIME, listed_under, ordering, week_of
from recognition.finished import FinishedVersion
from recognition.latest import Place
from wire.result_message import Outcome

Row: TypeAlias = dict[str, Any]
Listed: TypeAlias = Iterator[tuple[Place, FinishedVersion | None]]


def by_time(dynamodb: Any, table: str, rows: Iterable[Row], outcome: Outcome | None) -> Listed:
    """The versions behind rows of `done`; those of another outcome, if one is given, are not read."""
    for some in in_groups(rows, KEYS_PER_GET):
        items = whole(dynamodb, table, [row for row in some if outcome is None or row.get("outcome") == {"S": outcome}])
        for row in some:
            job_id = row["job_id"]["S"]
            yield Place(job_id, _ms(row["at"]["N"])), _finished(items.pop(job_id, {}))  # listed twice while it moves


def done(dynamodb: Any, table: str, weeks: range, start: Place | None, a_page: int) -> Iterator[Row]:
    """The index's rows of what was finished in these weeks, behind `start`; `a_page` of them are read at a time."""
    for week in weeks:
        request = listed(table, listed_under(week), a_page)
        if start and week == week_of(start.at_ms / 1000):
            key = {"job_id": {"S": start.job_id}, "at": {"N": f"{start.at_ms / 1000:.3f}"}}
            request["ExclusiveStartKey"] = key | {"listed_under": {"S": listed_under(week)}}
        for rows in pages(dynamodb.query, **request):
            yield from rows


def by_section(
    dynamodb: Any, table: str, section: str, session: str | None, start: tuple[str, Place] | None, a_page: int
) -> Listed:
    """The versions of a section, or of the sessions whose names begin with `session` and the end of it or a `#`.

    `start` is a session and the place in it.
    """
    condition, values = "#section = :section", {":section": {"S": section}}
    request = _projection(READ)
    if session is not None:
        condition += " AND begins_with(#ordering, :session)"
        values[":session"] = {"S": f"{session}#"}
    if start:
        name, place = start
        sort = ordering(name, place.at_ms / 1000)
        key = {"job_id": {"S": place.job_id}, "section": {"S": section}, "ordering": {"S": sort}}
        request["ExclusiveStartKey"] = key
    for items in pages(
        dynamodb.query,
        TableName=table,
        IndexName=BY_SECTION,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        ScanIndexForward=False,
        Limit=a_page,
        **request,
    ):
        for item in items:
            at_s = item["ordering"]["S"].rpartition("#")[2]
            yield Place(item["job_id"]["S"], _ms(at_s)), _finished(item)


def listed(table: str, under: str, limit: int) -> dict[str, Any]:
    """The query for the newest rows in a partition of the index by time."""
    return {
        "TableName": table,
        "IndexName": BY_TIME,
        "KeyConditionExpression": "listed_under = :there",
        "ExpressionAttributeValues": {":there": {"S": under}},
        "ScanIndexForward": False,
        "Limit": limit,
    }


def whole(dynamodb: Any, table: str, rows: Iterable[Row], names: Sequence[str] = READ) -> dict[str, dict[str, Any]]:
    """The items behind an index's rows by their job ids, with these attributes; what is gone is left out."""
    keys = [{"job_id": {"S": job_id}} for job_id in {row["job_id"]["S"] for row in rows}]
    return {item["job_id"]["S"]: item for item in get_all(dynamodb, table, keys, **_projection(names))}


def _projection(names: Sequence[str]) -> dict[str, Any]:
    return {
        "ProjectionExpression": ", ".join(f"#{name}" for name in names),
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
    }


def _finished(item: Mapping[str, Any]) -> FinishedVersion | None:
    return version_of(item) if is_finished(item) else None


def _ms(seconds: str) -> int:
    return round(float(seconds) * 1000)
