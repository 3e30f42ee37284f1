"""The whole pipeline: a local cloud with the real stack deployed on it, the real scripts, the real poller."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

import localcloud
from wire.result_json import read_result
from wire.result_message import Result

ROOT = Path(__file__).parents[2]
MAX_IDLE_TICKS = 8


@dataclass
class Pipeline:
    """A deployed stage, driven as its users drive it: by its scripts, its command lines, its cron entry.

    Several tests share one stage: `prefix` keeps each test's uploads apart.
    """

    cloud: localcloud.Cloud
    folder: Path
    ticks: list[tuple[int, float]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def run(self, *command: str | Path, environment: Mapping[str, str] | None = None) -> str:
        """Run a command as the operator. Returns what it printed."""
        told = {**os.environ, **self.cloud.operator, "PYTHONPATH": str(ROOT), **(environment or {})}
        ran = subprocess.run(command, env=told, cwd=self.folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def recognition(self, *arguments: str | Path) -> str:
        return self.run(sys.executable, "-m", "recognition", *arguments)

    @property
    def prefix(self) -> str:
        return f"{self.folder.name}/"

    def upload(self, folder: Path, *options: str) -> str:
        return self.run(ROOT / "scripts" / "upload_workload.sh", folder, "--prefix", self.prefix, *options)

    def key_of(self, result: Result) -> str:
        """The key without this test's prefix."""
        assert result.upload.key.startswith(self.prefix)
        return result.upload.key.removeprefix(self.prefix)

    def tick(self) -> int:
        """One run of the crontab entry, as the poller. Returns its exit code."""
        told = {**os.environ, **self.cloud.poller, "RESULTS_DIR": str(self.results), "PYTHONPATH": str(ROOT)}
        told |= {"POLLER_RECEIVE_S": "3", "POLLER_WAIT_S": "1"}
        ran = subprocess.run(
            [sys.executable, "-m", "poller.tick"],
            env=told,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [json.loads(line) for line in ran.stderr.splitlines()]
        self.log += lines
        self.ticks.append((ran.returncode, lines[-1]["seconds"]))
        return ran.returncode

    def tick_until(self, count: int) -> list[Result]:
        """Tick until `count` results are on the disk. Returns all of them."""
        idle = 0
        while (before := len(self.files())) < count:
            self.tick()
            idle = idle + 1 if len(self.files()) == before else 0
            assert idle < MAX_IDLE_TICKS, f"{before} of {count} results after {len(self.ticks)} ticks"
        return self.files()

    def files(self) -> list[Result]:
        return [read_result(path.read_text()) for path in sorted(self.results.glob("*.json"))]

    def csv_of(self, result: Result) -> str:
        (path,) = self.results.glob(f"*-{result.upload.job_id[:12]}.csv")
        return path.read_bytes().decode()

    def client(self, service: str) -> Any:
        told = self.cloud.operator
        return boto3.client(
            service,
            endpoint_url=self.cloud.endpoint,
            region_name=told["AWS_REGION"],
            aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        )

    def send(self, body: str) -> None:
        self.client("sqs").send_message(QueueUrl=self.cloud.operator["REQUEST_QUEUE_URL"], MessageBody=body)

    def waiting(self, queue: str) -> int:
        """Messages in a queue, visible or not."""
        kinds = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.client("sqs").get_queue_attributes(QueueUrl=self.cloud.operator[queue], AttributeNames=kinds)
        return sum(int(answer["Attributes"][kind]) for kind in kinds)

    def dead_letters(self) -> list[tuple[str, str]]:
        """Bodies and reasons in the dead-letter queue; reading takes them out."""
        sqs, url = self.client("sqs"), self.cloud.operator["DEAD_LETTER_QUEUE_URL"]
        found = []
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=1
        ).get("Messages"):
            for message in messages:
                found.append((message["Body"], message["MessageAttributes"]["reason"]["StringValue"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture(scope="session")
def cloud() -> Iterator[localcloud.Cloud]:
    with localcloud.running(concurrency=2) as running:
        yield running


@pytest.fixture
def pipeline(cloud: localcloud.Cloud, tmp_path: Path, samples: Path) -> Pipeline:
    """The stage with the two sample students published, and an empty results folder."""
    made = Pipeline(cloud, tmp_path)
    made.recognition("enrol", samples / "photographs", "--consent-by", "the tests")
    made.recognition("publish")
    return made


@pytest.fixture
def course_pipeline(cloud: localcloud.Cloud, tmp_path: Path, course: Path) -> Pipeline:
    """The stage with the course's legacy gallery and its eight students published."""
    made = Pipeline(cloud, tmp_path)
    made.recognition("import-legacy", course / "encoding", course / "student_data.json", "--consent-by", "the tests")
    made.recognition("publish")
    return made
