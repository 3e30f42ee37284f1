"""The buckets, tables and the output queue that the function needs, made on whatever AWS the clients speak to."""

from __future__ import annotations

from typing import Any

from recognition.settings import Settings


def furnish(s3: Any, sqs: Any, dynamodb: Any, memory_mb: int = 0) -> Settings:
    """Make them; the settings that name them."""
    for bucket in ("clips", "results", "galleries"):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for table, key in (("students", "student_id"), ("jobs", "job_id")):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    queue = sqs.create_queue(QueueName="output")["QueueUrl"]
    return Settings("clips", "results", "galleries", "students", "jobs", queue, memory_mb)
