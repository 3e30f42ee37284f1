"""A stage in moto, in this process: buckets, queues and tables with the names the settings give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws

from recognition.aws.calls import client
from recognition.settings import Settings
from tests.furnished import furnish


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
        yield Stage(furnish(s3, sqs, dynamodb, memory_mb=2048), s3, sqs, dynamodb)
