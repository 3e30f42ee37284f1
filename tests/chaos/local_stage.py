"""A stage on ministack: real HTTP, buckets with versions, tables and the output queue, with one student enrolled."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from localcloud import emulator, processes
from localcloud.credentials import operator_environment
from localcloud.places import Places, one_at_a_time
from recognition.aws.calls import client
from recognition.aws.galleries import S3Galleries
from recognition.aws.roster import DynamoRoster
from recognition.roster import Consent, Student
from recognition.settings import Settings
from tests.furnished import furnish
from tests.people import gallery_of
from tests.s3_records import record_of
from wire.s3_event import Upload

ADA = Student("ada", "Ada", "maths", "senior", Consent("office", "2020-01-01"))


@dataclass(frozen=True)
class LocalStage:
    """The names and clients of the stage; `environment` leads any program to it."""

    settings: Settings
    environment: dict[str, str]
    s3: Any
    sqs: Any
    dynamodb: Any

    def upload(self, key: str, body: bytes = b"a clip") -> dict[str, Any]:
        """Put a clip; the poller's call for it."""
        put = self.s3.put_object(Bucket="clips", Key=key, Body=body)
        version = Upload("clips", key, put["VersionId"], put["ETag"].strip('"'), "01", len(body))
        return {"call": 1, "body": json.dumps({"Records": [record_of(version)]})}

    def messages(self) -> list[str]:
        """The bodies in the output queue, which is then empty."""
        taken: list[str] = []
        while batch := self.sqs.receive_message(
            QueueUrl=self.settings.output_queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in batch:
                taken.append(message["Body"])
                self.sqs.delete_message(QueueUrl=self.settings.output_queue_url, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def object(self, key: str) -> bytes:
        """An object of the output bucket."""
        return bytes(self.s3.get_object(Bucket="results", Key=key)["Body"].read())

    def job(self, job_id: str) -> dict[str, Any]:
        """The entry of a version in `job_table`."""
        return dict(self.dynamodb.get_item(TableName="jobs", Key={"job_id": {"S": job_id}})["Item"])


@contextmanager
def local_stage(folder: Path) -> Iterator[LocalStage]:
    """Run ministack under `folder` and set the stage up; this process's environment leads to it meanwhile."""
    with one_at_a_time():
        python = emulator.install()
    places = Places(folder)
    places.make()
    port = emulator.free_port(0)
    pid = emulator.start(python, port, places)
    before = dict(os.environ)
    environment = operator_environment(port)
    os.environ.update(environment)
    boto3.setup_default_session()  # the one of an earlier test has its credentials
    try:
        yield _furnished(environment)
    finally:
        os.environ.clear()
        os.environ.update(before)
        boto3.setup_default_session()
        processes.end(pid)


def _furnished(environment: dict[str, str]) -> LocalStage:
    s3, sqs, dynamodb = client("s3"), client("sqs"), client("dynamodb")
    settings = furnish(s3, sqs, dynamodb)
    DynamoRoster(dynamodb, "students").write([ADA])
    S3Galleries(s3, "galleries").publish(gallery_of("ada"))
    return LocalStage(settings, environment, s3, sqs, dynamodb)
