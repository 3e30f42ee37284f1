"""The stage that faults are injected into: ministack, a real deployment, a stub for recognition, and two proxies.

One proxy stands between the poller and AWS, one between the function and AWS. Time is real; what would wait for
minutes (a backoff) is hurried by the proxy, which tells SQS after the poller to hide the message for a second only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import localcloud
from localcloud.deployment import client
from localcloud.stub import replace_recognition
from recognition.aws.roster import DynamoRoster
from recognition.roster import Consent, Student
from tests.chaos.proxy import Call, Proxy, proxy_to
from tests.stage import MAX_IDLE_TICKS, Stage
from wire.answer import write_call

FUNCTION_TIMEOUT_S = 5
HURRIED_S = 1
CONCURRENCY = 4
STARTS = 5  # one that takes longer than the timeout is cut off
STUDENT = Student("s1", "Ada Lovelace", "Mathematics", "2", Consent("her guardian", "2020-01-01"))
QUEUES = ("REQUEST_QUEUE_URL", "OUTPUT_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "OUTPUT_DEAD_LETTER_QUEUE_URL")
TICK = {
    "FUNCTION_TIMEOUT_S": str(FUNCTION_TIMEOUT_S),
    "POLLER_RECEIVE_S": "3",
    "POLLER_WAIT_S": "1",
    "POLLER_VISIBILITY_S": "4",
    "POLLER_HEARTBEAT_S": "1",
    "POLLER_BOUND_S": "60",
    "POLLER_LEASE_CAP_S": "60",
    "POLLER_CONCURRENCY": "4",
}

SHORT = {"POLLER_RECEIVE_S": "1"}


@dataclass
class ChaosStage(Stage):
    """The stage behind its proxies. `hurried_s`: how long at most a message that is put off stays hidden."""

    proxy: Proxy = field(default_factory=lambda: Proxy(""))
    function: Proxy = field(default_factory=lambda: Proxy(""))
    hurried_s: int = HURRIED_S

    def put(
        self,
        key: str,
        students: Sequence[str] = (),
        seconds: float = 0.0,
        faults: Sequence[str] = (),
        body: bytes | None = None,
    ) -> str:
        """Upload a stub's clip, or `body`. Returns the version's id. The key gets this test's prefix."""
        said = {"students": list(students), "seconds": seconds, "faults": list(faults), "of": self.prefix + key}
        content = json.dumps(said).encode() if body is None else body
        bucket = self.cloud.operator["INPUT_BUCKET"]
        answer = self.client("s3").put_object(Bucket=bucket, Key=self.prefix + key, Body=content)
        return str(answer["VersionId"])

    def keys(self) -> list[str]:
        """The keys of the results on the disk, without this test's prefix, sorted."""
        return sorted(result.upload.key.removeprefix(self.prefix) for result in self.files())

    def invocations(self) -> int:
        """How many requests to run the function left the poller."""
        return self.proxy.count("Invoke")

    def take_records(self, count: int) -> list[dict[str, Any]]:
        """Take S3's events out of the request queue. Returns their `count` records."""
        sqs, url = self.client("sqs"), self.cloud.operator["REQUEST_QUEUE_URL"]
        records: list[dict[str, Any]] = []
        while len(records) < count:
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)["Messages"]:
                records += json.loads(message["Body"])["Records"]
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return records

    def send_event(self, *records: object) -> str:
        """Send one message with these records, as S3 would. Returns its body."""
        body = json.dumps({"Records": records})
        self.send(body)
        return body

    def balance(self) -> dict[str, int]:
        """What is still in the queues; empty when nothing is."""
        return {queue: count for queue in QUEUES if (count := self.waiting(queue))}

    def works(self) -> int:
        """How often the function worked a clip without anybody in it through to its end: CSV and record are stored."""
        return self.function.count("PUT") // 2

    def settle(self) -> None:
        """Tick until nothing waits for the poller any more."""
        for _ in range(MAX_IDLE_TICKS):
            if not self.waiting("REQUEST_QUEUE_URL") and not self.waiting("OUTPUT_QUEUE_URL"):
                return
            self.tick(**SHORT)
        raise AssertionError(f"not settled after {len(self.ticks)} ticks: {self.balance()}")

    def hurry(self, call: Call) -> None:
        """Shorten to `hurried_s` what a call has just hidden for longer than a lease lasts."""
        if call.operation != "ChangeMessageVisibilityBatch":
            return
        asked = json.loads(call.body)
        entries = [
            {"Id": entry["Id"], "ReceiptHandle": entry["ReceiptHandle"], "VisibilityTimeout": self.hurried_s}
            for entry in asked["Entries"]
            if entry["VisibilityTimeout"] > max(self.hurried_s, int(self.told["POLLER_VISIBILITY_S"]))
        ]
        if entries:
            self.client("sqs").change_message_visibility_batch(QueueUrl=asked["QueueUrl"], Entries=entries)

    def beside(self, folder: Path) -> ChaosStage:
        """The same stage as another machine sees it, which has `folder`."""
        folder.mkdir(parents=True)
        return ChaosStage(self.cloud, folder, self.told, proxy=self.proxy, function=self.function)


@contextmanager
def chaos_cloud() -> Iterator[tuple[localcloud.Cloud, Proxy]]:
    """A cloud with its stub, already started, and the proxy that the function's own calls go through."""
    timeout = {"functionTimeout": str(FUNCTION_TIMEOUT_S)}
    with localcloud.running(concurrency=CONCURRENCY, parameters=timeout) as cloud, proxy_to(cloud.endpoint) as function:
        through = {f"AWS_ENDPOINT_URL_{service}": function.url for service in ("S3", "SQS", "DYNAMODB")}
        replace_recognition(cloud, through)
        table = DynamoRoster(client("dynamodb", cloud.operator), cloud.operator["STUDENT_TABLE"])
        table.write([STUDENT])
        start_function(cloud)
        yield cloud, function


def start_function(cloud: localcloud.Cloud) -> None:
    """Start all its environments: a cold start belongs to no test, whichever comes first and however busy we are."""
    functions, name = client("lambda", cloud.operator), cloud.operator["FUNCTION_NAME"]
    call = write_call(json.dumps({"Event": "s3:TestEvent", "Service": "Amazon S3"}))

    def start(_: int) -> None:
        for _ in range(STARTS):
            answer = functions.invoke(FunctionName=name, Payload=call)
            if "FunctionError" not in answer:
                return
        raise AssertionError(answer["Payload"].read())

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(start, range(CONCURRENCY)))


@contextmanager
def stage_on(cloud: localcloud.Cloud, function: Proxy, folder: Path) -> Iterator[ChaosStage]:
    """A stage with empty queues, and proxies without a fault."""
    function.forget()
    with proxy_to(cloud.endpoint) as proxy:
        made = ChaosStage(cloud, folder, {**TICK, "AWS_ENDPOINT_URL": proxy.url}, proxy=proxy, function=function)
        proxy.after = made.hurry
        for queue in QUEUES:
            made.client("sqs").purge_queue(QueueUrl=cloud.operator[queue])
        yield made


@contextmanager
def chaos_stage(folder: Path) -> Iterator[ChaosStage]:
    """A stage on a cloud of its own."""
    folder.mkdir(parents=True)
    with chaos_cloud() as (cloud, function), stage_on(cloud, function, folder) as made:
        yield made
