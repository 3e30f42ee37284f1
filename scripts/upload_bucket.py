"""The sending half of an upload: what the bucket holds, and how a file gets into it.

Knows S3 and `upload_plan`'s values; no command line and no screen. The surprising rule: an object counts as there only
when its bytes are proven equal (ETag of a single part, or our sha256 in its metadata), never by its name or size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import lru_cache
from typing import Any

from boto3.s3.transfer import TransferConfig
from upload_plan import Fingerprint, Sending, Stored, read_fingerprint

AT_ONCE = 8
PARTS = TransferConfig(multipart_threshold=16 << 20, multipart_chunksize=16 << 20, use_threads=False)
SHA256 = "sha256"  # the metadata's name


class Bucket:
    """The input bucket: what it holds, and how a file gets into it. Safe to use from several threads."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def listing(self, prefix: str) -> dict[str, Stored]:
        """Every object under `prefix` by its key."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
        items = (item for page in pages for item in page.get("Contents", ()))
        return {item["Key"]: Stored(item["Size"], item["ETag"].strip('"')) for item in items}

    def holds(self, key: str, local: Fingerprint, listed: Stored | None) -> bool:
        """Whether `key` has these bytes already; asks for our sha256 only when the ETag leaves it open."""
        if listed is None or listed.size != local.size or local.is_stored_as(listed):
            return local.is_stored_as(listed)
        head = self._client.head_object(Bucket=self._name, Key=key)
        return local.is_stored_as(Stored(head["ContentLength"], "", head["Metadata"].get(SHA256, "")))

    def send(self, sending: Sending, local: Fingerprint) -> None:
        """Upload one file, in parts when it is large."""
        extra = {"Metadata": {SHA256: local.sha256}}
        self._client.upload_file(str(sending.source), self._name, sending.key, ExtraArgs=extra, Config=PARTS)


def upload(bucket: Bucket, sendings: Sequence[Sending], prefix: str, again: bool, done: Callable[[], None]) -> int:
    """Send what is not there yet, eight at once, calling `done` after each; returns how many were sent."""
    listed = {} if again else bucket.listing(prefix)
    fingerprint_of = lru_cache(maxsize=None)(read_fingerprint)  # a clip that is sent a hundred times is read once

    def one(sending: Sending) -> bool:
        local = fingerprint_of(sending.source)
        if bucket.holds(sending.key, local, listed.get(sending.key)):
            return False
        bucket.send(sending, local)
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(one, sending) for sending in sendings]
        try:
            return sum(_counted(future.result(), done) for future in as_completed(waiting))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _counted(sent: bool, done: Callable[[], None]) -> bool:
    done()
    return sent
