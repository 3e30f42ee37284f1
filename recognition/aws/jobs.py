"""`job_table`: the lock and the outcome of every object version, kept by conditional writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from botocore.exceptions import ClientError

from recognition.aws.calls import call, error_code
from recognition.jobs import Begun, Finished, Held, State
from wire.result_message import Outcome
from wire.s3_event import Upload

KEPT_S = 90 * 24 * 3600
MAX_STORED_RESULT = 300_000  # an item holds 400 kB; a longer result is in the output bucket all the same


@dataclass(frozen=True, slots=True)
class DynamoJobs:
    """The register of work in DynamoDB."""

    dynamodb: Any
    table: str

    def begin(self, upload: Upload, now: float, deadline: float) -> State:
        """Lock the version until `deadline`, unless it is finished or another lock is still valid at `now`."""
        owner = uuid4().hex
        try:
            call(
                self.dynamodb.put_item,
                TableName=self.table,
                Item={
                    "job_id": {"S": upload.job_id},
                    "state": {"S": "working"},
                    "owner": {"S": owner},
                    "locked_until": {"N": f"{deadline:.3f}"},
                    "expires": {"N": str(int(now) + KEPT_S)},
                    "identity": {"S": upload.identity},
                },
                ConditionExpression="attribute_not_exists(job_id) OR (#state = :working AND locked_until < :now)",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":working": {"S": "working"}, ":now": {"N": f"{now:.3f}"}},
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return self._state(upload, owner)
        return Begun()

    def release(self, upload: Upload, deadline: float, now: float) -> None:
        """Let the lock that ends at `deadline` end `now`, if it is still there and the version is not finished."""
        try:
            call(
                self.dynamodb.update_item,
                TableName=self.table,
                Key={"job_id": {"S": upload.job_id}},
                UpdateExpression="SET locked_until = :now",
                ConditionExpression="#state = :working AND locked_until = :deadline",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":working": {"S": "working"},
                    ":now": {"N": f"{now:.3f}"},
                    ":deadline": {"N": f"{deadline:.3f}"},
                },
            )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise

    def finish(self, upload: Upload, outcome: Outcome, result: str, now: float) -> None:
        """Store the outcome and the result's text. A later finish of the same version replaces an earlier one."""
        call(
            self.dynamodb.update_item,
            TableName=self.table,
            Key={"job_id": {"S": upload.job_id}},
            UpdateExpression="SET #state = :done, outcome = :outcome, #result = :result, expires = :expires",
            ExpressionAttributeNames={"#state": "state", "#result": "result"},
            ExpressionAttributeValues={
                ":done": {"S": "done"},
                ":outcome": {"S": outcome},
                ":result": {"S": result if len(result) <= MAX_STORED_RESULT else ""},
                ":expires": {"N": str(int(now) + KEPT_S)},
            },
        )

    def _state(self, upload: Upload, owner: str) -> State:
        """Who has the version. It may be us: a put whose answer was lost is sent again, and meets itself."""
        answer = call(
            self.dynamodb.get_item, TableName=self.table, Key={"job_id": {"S": upload.job_id}}, ConsistentRead=True
        )
        item = answer.get("Item") or {}
        if item.get("state", {}).get("S") == "done":
            return Finished(cast(Outcome, item["outcome"]["S"]))
        if item.get("owner", {}).get("S") == owner:
            return Begun()
        return Held(float(item.get("locked_until", {}).get("N", "0")))
