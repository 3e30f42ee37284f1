"""A stage in moto, in this process: buckets, queues and tables with the names the settings give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws

from recognition.aws.calls import client
from recognition.settings import Settings


@dataclass(frozen=True)
class Stage:
    """The clients and names of a stage."""

    settings: Settings
    s3: Any
    sqs: Any
    dynamodb: Any

    def messages(self) -> list[str]:
        """The bodies in the output queue; reading takes them out."""
        received = self.sqs.receive_message(QueueUrl=self.settings.output_queue_url, MaxNumberOfMessages=10)
        return [message["Body"] for message in received.get("Messages", [])]

    def object(self, key: str) -> bytes:
        """An object of the output bucket."""
        return bytes(self.s3.get_object(Bucket=self.settings.output_bucket, Key=key)["Body"].read())


@pytest.fixture
def stage() -> Iterator[Stage]:
    with mock_aws():
        s3, sqs, dynamodb = client("s3"), client("sqs"), client("dynamodb")
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
        yield Stage(Settings("clips", "results", "galleries", "students", "jobs", queue, 2048), s3, sqs, dynamodb)
