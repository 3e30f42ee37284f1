"""Messages that wait for the poller: of clips for the stub function, and very many of clips that are gone.

Knows the local cloud and `localcloud.stub_handler`'s clips. The surprising rule: ten thousand messages need no ten
thousand clips: a clip deleted before its turn is a normal case, and the function is done with it soonest.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import click
from botocore.config import Config

from localcloud import Cloud
from localcloud.deployment import client
from poller.aws import function_config
from poller.aws import queue as queue_at
from wire.answer import write_call

THREADS = 8
BATCH = 10
PATIENCE_S = 60.0
QUEUES = ("REQUEST_QUEUE_URL", "OUTPUT_QUEUE_URL")


def put_clips(cloud: Cloud, count: int, seconds: float, prefix: str) -> None:
    """Upload clips that take the stub so long, and wait for their messages."""
    s3, bucket = client("s3", cloud.operator), cloud.operator["INPUT_BUCKET"]

    def put(number: int) -> None:
        key = f"{prefix}/{number}"
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps({"seconds": seconds, "of": key}).encode())

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(put, range(count)))
    await_messages(cloud, count)


def await_messages(cloud: Cloud, count: int) -> None:
    """Wait until uploads have become so many messages in the request queue."""
    deadline = time.monotonic() + PATIENCE_S
    while (arrived := waiting(cloud)) < count:
        if time.monotonic() > deadline:
            raise click.ClickException(f"of {count} uploads only {arrived} became messages")
        time.sleep(0.2)


def put_messages(cloud: Cloud, count: int) -> None:
    """Put notifications of clips that are not there into the request queue."""
    sqs, url = client("sqs", cloud.operator), cloud.operator["REQUEST_QUEUE_URL"]
    bucket = cloud.operator["INPUT_BUCKET"]

    def put(start: int) -> None:
        numbers = range(start, min(start + BATCH, count))
        entries = [{"Id": str(n), "MessageBody": json.dumps(s3_event(bucket, n))} for n in numbers]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(put, range(0, count, BATCH)))


def s3_event(bucket: str, number: int) -> dict[str, object]:
    """As S3 writes it, in the fields that are read."""
    clip = {"key": f"gone/{number}.mp4", "size": 1, "eTag": "e", "versionId": f"gone-{number}", "sequencer": "01"}
    s3 = {"bucket": {"name": bucket}, "object": clip}
    return {"Records": [{"eventVersion": "2.1", "eventName": "ObjectCreated:Put", "s3": s3}]}


def take_bodies(cloud: Cloud, count: int) -> list[str]:
    """Take `count` messages out of the request queue."""
    sqs, url = client("sqs", cloud.operator), cloud.operator["REQUEST_QUEUE_URL"]
    return [body for _, body in zip(range(count), _bodies(sqs, url), strict=False)]


def _bodies(sqs: Any, url: str) -> Iterator[str]:
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield message["Body"]


def waiting(cloud: Cloud, queue: str = "REQUEST_QUEUE_URL") -> int:
    """Messages in a queue, visible or not."""
    depth = queue_at(client("sqs", cloud.operator), cloud.operator[queue], time.sleep).depth()
    return depth.visible + depth.in_flight


def empty(cloud: Cloud) -> None:
    """Throw away what waits in either queue."""
    for queue in QUEUES:
        client("sqs", cloud.operator).purge_queue(QueueUrl=cloud.operator[queue])


def invoker(cloud: Cloud, at_once: int) -> Callable[[str], bytes]:
    """The poller's call to the function without the poller; from `at_once` threads."""
    config = function_config(at_once, 60).merge(Config(proxies={}))
    names = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY"}
    functions = boto3.session.Session().client(
        "lambda",
        region_name=cloud.operator["AWS_REGION"],
        endpoint_url=cloud.endpoint,
        config=config,
        **{argument: cloud.operator[name] for argument, name in names.items()},
    )

    def invoke(body: str) -> bytes:
        answer = functions.invoke(FunctionName=cloud.operator["FUNCTION_NAME"], Payload=write_call(body))
        content: bytes = answer["Payload"].read()
        if "FunctionError" in answer:
            raise click.ClickException(f"the stub failed: {content[:500]!r}")
        return content

    return invoke


def all_through(invoke: Callable[[str], bytes], bodies: Sequence[str], at_once: int) -> float:
    """Seconds that a plain pool of threads takes to invoke for all `bodies`."""
    began = time.monotonic()
    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(invoke, bodies))
    return time.monotonic() - began
