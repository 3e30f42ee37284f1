"""`job_table`: the lock and the outcome of every object version, kept by conditional writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from recognition.aws.calls import call, conditional
from recognition.jobs import Begun, Entry, Finished, Held, State
from wire.result_message import Outcome
from wire.s3_event import Upload

DAY_S = 24 * 3600
MAX_KEPT_RESULT = 300_000  # an item holds 400 kB
BY_SECTION = "by_section"
"""The index: partition key `section`, sort key `ordering`, the session and then the time of the work."""
BY_TIME = "by_time"
"""The index: partition key `listed_under`, sort key `at`, when the work began or, once it is done, ended; epoch
seconds."""
LISTED = ("outcome", "section", "took_ms", "usd", "reason")
"""What else `BY_TIME` holds. Little, for every change of it is paid for, in a partition that all clips share."""
WORKING = "working"
WEEK_S = 7 * DAY_S
NO_SECTION = "-"  # a key of an index cannot be empty


def ordering(session: str, at: float) -> str:
    """The index's sort key: sessions in the order of their names, within one the order of the work."""
    return f"{session}#{at:014.3f}"


def week_of(at: float) -> int:
    """The week that a moment, in epoch seconds, lies in: weeks since the epoch."""
    return int(at // WEEK_S)


def listed_under(week: int) -> str:
    """Where `BY_TIME` lists what was finished in this week: a partition a week, however many clips come."""
    return f"week {week}"


@dataclass(frozen=True, slots=True)
class DynamoJobs:
    """The register of work in DynamoDB."""

    dynamodb: Any
    table: str
    kept_days: int = 180

    def begin(self, upload: Upload, now: float, deadline: float) -> State:
        """Lock the version until `deadline`, unless it is finished or another lock is still valid at `now`."""
        owner = uuid4().hex
        answer = self._update(
            upload,
            "SET #state = :working, listed_under = :working, #at = :now, #owner = :owner, #identity = :identity, "
            "locked_until = :until, expires = :end",
            "attribute_not_exists(job_id) OR (#state = :working AND locked_until < :now)",
            {"#state": "state", "#at": "at", "#owner": "owner", "#identity": "identity"},
            {
                ":working": {"S": WORKING},
                ":owner": {"S": owner},
                ":identity": {"S": upload.identity},
                ":until": {"N": f"{deadline:.3f}"},
                ":now": {"N": f"{now:.3f}"},
                ":end": {"N": self._expires(now)},
            },
        )
        if answer is None:
            return self._state(upload, owner)
        return Begun(answer["Attributes"].get("result", {}).get("S", ""))

    def release(self, upload: Upload, deadline: float, now: float) -> None:
        """Let the lock that ends at `deadline` end `now`, if it is still there and the version is not finished."""
        self._update(
            upload,
            "SET locked_until = :now",
            "#state = :working AND locked_until = :deadline",
            {"#state": "state"},
            {":working": {"S": WORKING}, ":now": {"N": f"{now:.3f}"}, ":deadline": {"N": f"{deadline:.3f}"}},
        )

    def keep(self, upload: Upload, result: str, entry: Entry) -> None:
        """Keep entry and result. A result too long for an item is worked out again instead, should it come to that."""
        values = {
            ":section": {"S": entry.session.section or NO_SECTION},
            ":ordering": {"S": ordering(entry.session.name, entry.at)},
            ":clip": {"S": upload.key},
            ":version_id": {"S": upload.version_id},
            ":sequencer": {"S": upload.sequencer},
            ":decision": {"S": entry.decision},
        }
        names = {"#section": "section", "#ordering": "ordering", "#clip": "clip", "#version_id": "version_id"}
        names |= {"#sequencer": "sequencer", "#decision": "decision"}
        update = "SET " + ", ".join(f"{name} = :{name[1:]}" for name in names)
        told = {"took_ms": _number(entry.took_ms, 1), "usd": _number(entry.usd, 9), "reason": {"S": entry.reason}}
        told["etag"] = {"S": upload.etag}  # of the bytes: what a person says of them holds for a version of the same
        for name, value in told.items():
            if value and value != {"S": ""}:
                names[f"#{name}"], values[f":{name}"] = name, value
                update += f", #{name} = :{name}"
        if len(result) <= MAX_KEPT_RESULT:
            update += ", #result = :result"
            names["#result"], values[":result"] = "result", {"S": result}
        self._update(upload, update, "", names, values)

    def finish(self, upload: Upload, outcome: Outcome, now: float) -> None:
        """Store the outcome and forget the result's text: names have no business here any longer."""
        self._update(
            upload,
            "SET #state = :done, listed_under = :week, #at = :now, outcome = :outcome, expires = :end REMOVE #result",
            "",
            {"#state": "state", "#at": "at", "#result": "result"},
            {
                ":done": {"S": "done"},
                ":week": {"S": listed_under(week_of(now))},
                ":now": {"N": f"{now:.3f}"},
                ":outcome": {"S": outcome},
                ":end": {"N": self._expires(now)},
            },
        )

    def _expires(self, now: float) -> str:
        return str(int(now) + self.kept_days * DAY_S)

    def _update(
        self, upload: Upload, update: str, condition: str, names: dict[str, str], values: dict[str, dict[str, str]]
    ) -> Any | None:
        """The item as it is now; None where `condition` does not hold, which an empty one always does."""
        return conditional(
            self.dynamodb.update_item,
            TableName=self.table,
            Key={"job_id": {"S": upload.job_id}},
            UpdateExpression=update,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
            **({"ConditionExpression": condition} if condition else {}),
        )

    def _state(self, upload: Upload, owner: str) -> State:
        """Who has the version. It may be us: an update whose answer was lost is sent again, and meets itself."""
        answer = call(
            self.dynamodb.get_item, TableName=self.table, Key={"job_id": {"S": upload.job_id}}, ConsistentRead=True
        )
        item = answer.get("Item") or {}
        if item.get("state", {}).get("S") == "done":
            return Finished(cast(Outcome, item["outcome"]["S"]))
        if item.get("owner", {}).get("S") == owner:
            return Begun(item.get("result", {}).get("S", ""))
        return Held(float(item.get("locked_until", {}).get("N", "0")))


def _number(value: float | None, digits: int) -> dict[str, str] | None:
    return None if value is None else {"N": f"{value:.{digits}f}"}
