"""A bucket on loopback for the time of a benchmark: ministack, real boto3, and a count of the bytes that S3 hands out.

Knows nothing of clips. The surprising rule: bytes are counted where botocore receives an answer, so the count holds
however the reader under test asks for them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from localcloud import emulator, processes
from localcloud.credentials import REGION, ROOT_KEY, loopback
from localcloud.places import Places, one_at_a_time
from recognition.aws.calls import CONFIG
from wire.s3_event import Upload

NAME = "clips"


@dataclass(slots=True)
class Bucket:
    """The client to read with, and what it received: bytes of objects, in how many requests."""

    s3: Any
    bytes_fetched: int = 0
    requests: int = 0

    def __post_init__(self) -> None:
        self.s3.meta.events.register("after-call.s3.GetObject", self._count)

    def put(self, key: str, file: Path) -> Upload:
        """Upload `file`, in parts if it is large; returns what S3 would announce."""
        self.s3.upload_file(str(file), NAME, key)
        head = self.s3.head_object(Bucket=NAME, Key=key)
        etag = head["ETag"].strip('"')
        return Upload(NAME, key, version_id="", etag=etag, sequencer="", size=head["ContentLength"])

    def take_away(self, upload: Upload) -> None:
        """Delete the object: the emulator keeps it in memory."""
        self.s3.delete_object(Bucket=upload.bucket, Key=upload.key)

    def _count(self, parsed: dict[str, Any], **_: Any) -> None:
        """botocore's hook after each GetObject."""
        self.bytes_fetched += int(parsed.get("ContentLength", 0))
        self.requests += 1


@contextmanager
def loopback_bucket() -> Iterator[Bucket]:
    """Start an emulator with an empty bucket; end it afterwards. Raises `LocalCloudError` when it cannot start."""
    with emulated() as port:
        bucket = Bucket(client("s3", port))
        bucket.s3.create_bucket(Bucket=NAME)
        yield bucket


@contextmanager
def emulated() -> Iterator[int]:
    """Start an emulator, which listens on the port; end it afterwards. Raises `LocalCloudError`."""
    with one_at_a_time():
        python = emulator.install()
    with tempfile.TemporaryDirectory(prefix="bench-s3-") as folder:
        places = Places(Path(folder))
        places.make()
        port = emulator.free_port(0)
        group = emulator.start(python, port, places)
        try:
            yield port
        finally:
            processes.end(group)


def client(service: str, port: int) -> Any:
    """As the function's, but to the emulator, whatever the environment says of accounts and proxies."""
    return boto3.client(
        service,
        endpoint_url=loopback(port),
        region_name=REGION,
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_KEY,
        config=CONFIG.merge(Config(proxies={})),
    )
