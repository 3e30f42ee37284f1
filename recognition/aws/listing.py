"""What `job_table`'s indexes list, newest first: each entry's place, and its version if that is finished.

The surprising rule: by time the index says only which and when; the rest comes from the table itself, read
consistently, so that a correction or an erasure of a moment ago shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recognition.aws.batches import get_all
from recognition.aws.calls import pages
from recognition.aws.finished import READ, is_finished, version_of
from recognition.aws.jobs import BY_SECTION, BY_STATE, ordering
from recognition.finished import FinishedVersion
from recognition.latest import Place
from wire.result_message import Outcome

Listed = Iterator[tuple[Place, FinishedVersion | None]]


def by_time(dynamodb: Any, table: str, start: Place | None, outcome: Outcome | None, a_page: int) -> Listed:
    """The versions of all sections that have the outcome, whichever if None; `a_page` of them are read at a time."""
    request = in_state(table, "done", a_page)
    if start:
        key = {"job_id": {"S": start.job_id}, "state": {"S": "done"}, "at": {"N": f"{start.at_ms / 1000:.3f}"}}
        request["ExclusiveStartKey"] = key
    for rows in pages(dynamodb.query, **request):
        meant = [row for row in rows if outcome is None or row.get("outcome") == {"S": outcome}]
        items = whole(dynamodb, table, meant, READ)
        for row in rows:
            job_id = row["job_id"]["S"]
            yield Place(job_id, _ms(row["at"]["N"])), _finished(items.pop(job_id, {}))  # listed twice while it moves


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


def in_state(table: str, state: str, limit: int) -> dict[str, Any]:
    """The query for the newest entries in a state, "working" or "done"."""
    return {
        "TableName": table,
        "IndexName": BY_STATE,
        "KeyConditionExpression": "#state = :state",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":state": {"S": state}},
        "ScanIndexForward": False,
        "Limit": limit,
    }


def whole(
    dynamodb: Any, table: str, rows: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> dict[str, dict[str, Any]]:
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
