"""Clips in the input bucket, read by version in ranged requests."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, BinaryIO, TypeVar, cast

from botocore.exceptions import ClientError

from recognition.aws.calls import call, error_code
from recognition.errors import ClipSuperseded
from recognition.source import BLOCK_BYTES, RangedReader
from wire.s3_event import Upload

T = TypeVar("T")

# 405 is S3's answer when the version asked for is a delete marker.
GONE = frozenset(
    {"404", "NoSuchKey", "NoSuchVersion", "NotFound", "412", "PreconditionFailed", "405", "MethodNotAllowed"}
)


@dataclass(frozen=True, slots=True)
class S3Clips:
    """The clips in S3. The key must still exist: a clip deleted meanwhile is not looked at, even if versions remain."""

    s3: Any

    def open(self, upload: Upload) -> BinaryIO:
        """The version's bytes as a seekable file. Raises `ClipSuperseded` when it, or its key, is gone."""
        self._ask(partial(self.s3.head_object, Bucket=upload.bucket, Key=upload.key))
        reader = RangedReader(partial(self._fetch, upload), upload.size)
        return cast(BinaryIO, io.BufferedReader(reader, BLOCK_BYTES))

    def measured(self, upload: Upload) -> Upload:
        """The version with its size, which a kept record does not know. Raises `ClipSuperseded` when it is gone."""
        head = partial(self.s3.head_object, Bucket=upload.bucket, Key=upload.key, **_version(upload))
        return replace(upload, size=int(self._ask(head)["ContentLength"]))

    def _fetch(self, upload: Upload, first: int, last: int) -> bytes:
        def read() -> bytes:
            part = f"bytes={first}-{last}"
            answer = self.s3.get_object(Bucket=upload.bucket, Key=upload.key, Range=part, **_version(upload))
            return bytes(answer["Body"].read())

        return self._ask(read)

    def _ask(self, operation: Callable[[], T]) -> T:
        try:
            return call(operation)
        except ClientError as error:
            if error_code(error) in GONE:
                raise ClipSuperseded("the clip was deleted or overwritten before it was read") from error
            raise


def _version(upload: Upload) -> dict[str, str]:
    """How to ask for this very version: by its id, else by its ETag."""
    if upload.version_id:
        return {"VersionId": upload.version_id}
    return {"IfMatch": upload.etag} if upload.etag else {}
