"""A deployed local stage as its poller sees it: real ticks in subprocesses, their files, the queues behind them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import localcloud
from localcloud.deployment import client, role_credentials
from poller.aws import queue as queue_at
from wire.result_json import read_result
from wire.result_message import Result

ROOT = Path(__file__).parents[1]
MAX_IDLE_TICKS = 12  # of three seconds and more: a failed message comes back within thirty


@dataclass
class Stage:
    """One test's view of a stage that others use as well; `told` are settings of its ticks.

    `program`: what Python is told to run as the tick.
    """

    cloud: localcloud.Cloud
    folder: Path
    told: Mapping[str, str] = field(default_factory=lambda: {"POLLER_RECEIVE_S": "3", "POLLER_WAIT_S": "1"})
    ticks: list[tuple[int, float]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    program: tuple[str, ...] = ("-m", "poller.tick")
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def prefix(self) -> str:
        return f"{self.folder.name}/"

    def start_tick(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the crontab entry, as the poller."""
        told = {**os.environ, **self.cloud.poller, "RESULTS_DIR": str(self.results), "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, *self.program, *arguments],
            env={**told, **self.told, **environment},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end_of(self, tick: subprocess.Popen[str]) -> int:
        """Wait for a tick's end and keep its log. Returns its exit code."""
        _, said = tick.communicate()
        lines = [json.loads(line) for line in said.splitlines()]
        self.log += lines
        self.ticks.append((tick.returncode, lines[-1].get("seconds", 0.0) if lines else 0.0))
        return tick.returncode

    def operate(self, *arguments: str, as_poller: bool = False) -> tuple[int, list[str], str]:
        """`python -m poller.ARGUMENTS` under the operator's role, or the poller's: code, lines, what was said aside."""
        told = {**os.environ, **self.cloud.poller, "RESULTS_DIR": str(self.results), "PYTHONPATH": str(ROOT)}
        if not as_poller:
            told |= role_credentials(self.cloud.port, self.cloud.operator["OPERATOR_ROLE_ARN"], "operator")
        command = [sys.executable, "-m", f"poller.{arguments[0]}", *arguments[1:]]
        ran = subprocess.run(command, env=told, cwd=self.folder, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout.splitlines(), ran.stderr

    def tick(self, *arguments: str, **environment: str) -> int:
        """One run of the crontab entry, as the poller. Returns its exit code."""
        return self.end_of(self.start_tick(*arguments, **environment))

    def tick_until(self, count: int) -> list[Result]:
        """Tick until `count` results are on the disk. Returns all of them."""
        idle = 0
        while (before := len(self.files())) < count:
            self.tick()
            idle = idle + 1 if len(self.files()) == before else 0
            assert idle < MAX_IDLE_TICKS, f"{before} of {count} results after {len(self.ticks)} ticks"
        return self.files()

    def events(self, name: str) -> list[dict[str, Any]]:
        """What the ticks logged under `name`."""
        return [line for line in self.log if line["event"] == name]

    def files(self) -> list[Result]:
        return [read_result(path.read_text()) for path in sorted(self.results.glob("[!.]*.json"))]

    def csv_of(self, result: Result) -> str:
        (path,) = self.results.glob(f"*-{result.upload.job_id[:12]}.csv")
        return path.read_bytes().decode()

    def client(self, service: str) -> Any:
        """A client with the operator's rights, straight to the emulator."""
        if service not in self._clients:
            self._clients[service] = client(service, self.cloud.operator)
        return self._clients[service]

    def send(self, body: str, queue: str = "REQUEST_QUEUE_URL") -> None:
        self.client("sqs").send_message(QueueUrl=self.cloud.operator[queue], MessageBody=body)

    def waiting(self, queue: str) -> int:
        """Messages in a queue, visible or not."""
        depth = queue_at(self.client("sqs"), self.cloud.operator[queue], time.sleep).depth()
        return depth.visible + depth.in_flight

    def dead_letters(self, queue: str = "DEAD_LETTER_QUEUE_URL") -> list[tuple[str, str]]:
        """Bodies and reasons in a dead-letter queue (SQS itself gives none); reading takes them out."""
        sqs, url = self.client("sqs"), self.cloud.operator[queue]
        found = []
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=1
        ).get("Messages"):
            for message in messages:
                reason = message.get("MessageAttributes", {}).get("reason", {}).get("StringValue", "")
                found.append((message["Body"], reason))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def dead_bodies(self, queue: str) -> list[str]:
        """Bodies in a dead-letter queue, which keeps them."""
        found = self.dead_letters(queue)
        for body, reason in found:
            attributes = {"reason": {"DataType": "String", "StringValue": reason}} if reason else {}
            url = self.cloud.operator[queue]
            self.client("sqs").send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
        return [body for body, _ in found]
