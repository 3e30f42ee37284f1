"""The buckets, tables and the output queue that the function needs, made on whatever AWS the clients speak to."""

from __future__ import annotations

from typing import Any

from recognition.aws.jobs import BY_SECTION, BY_TIME, LISTED
from recognition.settings import Settings


def furnish(s3: Any, sqs: Any, dynamodb: Any, memory_mb: int = 0) -> Settings:
    """Make them; the settings that name them."""
    for bucket in ("clips", "results", "galleries"):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    _table(dynamodb, "students", "student_id")
    _table(dynamodb, "jobs", "job_id", _index(BY_SECTION, "section", "ordering"), _index(BY_TIME, "listed_under", "at"))
    queue = sqs.create_queue(QueueName="output")["QueueUrl"]
    return Settings("clips", "results", "galleries", "students", "jobs", queue, memory_mb)


def _table(dynamodb: Any, name: str, key: str, *indexes: dict[str, Any]) -> None:
    attributes = [key, *(each["AttributeName"] for index in indexes for each in index["KeySchema"])]
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": "N" if each == "at" else "S"} for each in attributes
        ],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": list(indexes)} if indexes else {}),
    )


def _index(name: str, partition: str, sort: str) -> dict[str, Any]:
    keys = [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
    listed = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(LISTED)}
    return {
        "IndexName": name,
        "KeySchema": keys,
        "Projection": listed if name == BY_TIME else {"ProjectionType": "ALL"},
    }
