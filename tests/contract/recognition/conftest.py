"""A stage in moto, in this process: buckets, queues and tables with the names the settings give."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws

from recognition import bootstrap
from recognition.aws.calls import client
from recognition.aws.galleries import S3Galleries
from recognition.aws.roster import DynamoRoster
from recognition.enrol import Enrolment
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


@pytest.fixture
def deployed(stage: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The stage with the function's environment, and neither pipeline nor shut logs kept from test to test."""
    settings = stage.settings
    for name in ("input_bucket", "output_bucket", "gallery_bucket", "student_table", "job_table", "output_queue_url"):
        monkeypatch.setenv(name.upper(), getattr(settings, name))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "2048")
    monkeypatch.setattr(logging, "raiseExceptions", True)
    bootstrap.deployed_pipeline.cache_clear()
    yield stage
    bootstrap.deployed_pipeline.cache_clear()
    for library in bootstrap.LIBRARIES:
        logging.getLogger(library).setLevel(logging.NOTSET)


@pytest.fixture
def enrolled(deployed: Any, enrolment: Enrolment) -> Any:
    """The deployed stage with the two sample students published."""
    DynamoRoster(deployed.dynamodb, "students").write(enrolment.students)
    S3Galleries(deployed.s3, "galleries").publish(enrolment.gallery)
    return deployed
