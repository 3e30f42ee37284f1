"""`job_table` as it is read: what was decided about a section's clips, and what people said of it afterwards.

The index is read a moment behind the table: a clip finished within the last second may be missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from recognition.aws.calls import call, conditional, items
from recognition.aws.jobs import BY_SECTION, NO_SECTION, ordering
from recognition.corrections import Correction, read_correction, write_correction
from recognition.decision import Decision, read_decision
from recognition.errors import RecognitionError
from recognition.finished import FinishedVersion, newest
from recognition.sections import Session
from wire.result_message import Outcome
from wire.s3_event import Upload

READ = (
    "job_id", "state", "identity", "sequencer", "section", "ordering", "outcome", "decision", "corrections", "took_ms",
    "usd", "reason", "etag",
)  # fmt: skip
"""What a finished version is made of. An item under way may hold 300 kB of `result` besides."""


@dataclass(frozen=True, slots=True)
class DynamoFinished:
    """The finished versions in `job_table`."""

    dynamodb: Any
    table: str

    def of(self, section: str, session: str | None = None) -> list[FinishedVersion]:
        """Every finished version of the section's clips (empty: of those of none), of one session or of all."""
        found = (version_of(item) for item in self._items(section or NO_SECTION, session))
        return [each for each in found if session is None or each.session.name == session]

    def of_clip(self, session: Session, key: str) -> FinishedVersion | None:
        """The version that counts of the clip `key`, which belongs to `session`; None when none is finished."""
        return newest([each for each in self.of(session.section, session.name) if each.upload.key == key])

    def by_job(self, job_id: str) -> FinishedVersion | None:
        """The finished version with this `job_id`, read consistently; None when there is none, whatever the text."""
        if not re.fullmatch("[0-9a-f]{64}", job_id):
            return None
        answer = call(self.dynamodb.get_item, TableName=self.table, Key={"job_id": {"S": job_id}}, ConsistentRead=True)
        item = answer.get("Item") or {}
        return version_of(item) if is_finished(item) else None

    def correct(self, version: FinishedVersion, correction: Correction) -> None:
        """Add the correction to the version's entry, which keeps its decision.

        Raises `RecognitionError` when the entry is gone, or is being worked on, or was since: the faces may then have
        other numbers.
        """
        written = conditional(
            self.dynamodb.update_item,
            TableName=self.table,
            Key={"job_id": {"S": version.upload.job_id}},
            UpdateExpression="SET corrections = list_append(if_not_exists(corrections, :none), :one)",
            ConditionExpression="#state = :done AND #ordering = :ordering",
            ExpressionAttributeNames={"#state": "state", "#ordering": "ordering"},
            ExpressionAttributeValues={
                ":none": {"L": []},
                ":one": {"L": [{"S": write_correction(correction)}]},
                ":done": {"S": "done"},
                ":ordering": {"S": ordering(version.session.name, version.at)},
            },
        )
        if written is None:
            raise RecognitionError(
                "the clip is being worked on again, or its entry is gone: look at it with `explain` once more"
            )

    def _items(self, section: str, session: str | None) -> Iterator[dict[str, Any]]:
        condition, values = "#section = :section", {":section": {"S": section}, ":done": {"S": "done"}}
        names = {"#section": "section", "#state": "state"}
        if session is not None:
            condition += " AND begins_with(#ordering, :session)"
            names["#ordering"], values[":session"] = "ordering", {"S": f"{session}#"}
        return items(
            self.dynamodb.query,
            TableName=self.table,
            IndexName=BY_SECTION,
            KeyConditionExpression=condition,
            FilterExpression="#state = :done",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )


def is_finished(item: Mapping[str, Any]) -> bool:
    """Whether an item of `job_table` is of a finished version of which more than its outcome is known."""
    return item.get("state") == {"S": "done"} and "ordering" in item


def version_of(item: Mapping[str, Any]) -> FinishedVersion:
    """The finished version in an item, of which `READ` is enough."""
    section, (session, _, at) = item["section"]["S"], item["ordering"]["S"].rpartition("#")
    decision, corrections, fault = _record(item)
    return FinishedVersion(
        upload=_upload(item),
        session=Session("" if section == NO_SECTION else section, session),
        at=float(at),
        outcome=cast(Outcome, item["outcome"]["S"]),
        decision=decision,
        corrections=corrections,
        fault=fault,
        took_ms=number_in(item, "took_ms"),
        usd=number_in(item, "usd"),
        reason=item.get("reason", {}).get("S", ""),
    )


def number_in(item: Mapping[str, Any], name: str) -> float | None:
    """A number of the item's; None where it has none of that name."""
    return float(item[name]["N"]) if name in item else None


def _upload(item: Mapping[str, Any]) -> Upload:
    """The identity says bucket, key and version; a version without a name is told by eTag and sequencer."""
    bucket, key, *version = json.loads(item["identity"]["S"])
    kept = item.get("etag", {}).get("S", "")
    version_id, etag = (version[0], kept) if len(version) == 1 else ("", version[0])
    return Upload(bucket, key, version_id, etag, item["sequencer"]["S"], 0)


def _record(item: Mapping[str, Any]) -> tuple[Decision | None, tuple[Correction, ...], str]:
    """Decision, corrections, and why they cannot be read: one clip's damaged record must not hide the others'."""
    text = item.get("decision", {}).get("S", "")
    try:
        corrections = tuple(read_correction(each["S"]) for each in item.get("corrections", {}).get("L", []))
        return read_decision(text) if text else None, corrections, ""
    except RecognitionError as error:
        return None, (), str(error)
