"""As much of an S3 client as the function's adapters use: versions, conditions, delete markers. In memory.

tests/contract/recognition/test_memory_ports.py runs the same adapters over this and over moto.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


@dataclass(frozen=True)
class Version:
    """One version of an object; `body` None is a delete marker."""

    version_id: str
    etag: str
    body: bytes | None
    metadata: dict[str, str]


@dataclass
class MemoryS3:
    """Buckets are there when they are named."""

    versions: dict[tuple[str, str], list[Version]] = field(default_factory=dict)
    made: int = 0

    def put_object(
        self,
        *,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        Body: bytes,  # noqa: N803
        ContentType: str = "",  # noqa: N803
        Metadata: dict[str, str] | None = None,  # noqa: N803
        IfNoneMatch: str = "",  # noqa: N803
        IfMatch: str = "",  # noqa: N803
    ) -> dict[str, str]:
        there = self.current(Bucket, Key)
        if (IfNoneMatch and there) or (IfMatch and (there is None or there.etag != IfMatch)):
            raise refusal("PreconditionFailed", 412, "PutObject")
        made = self._add(Bucket, Key, Body, Metadata or {})
        return {"ETag": made.etag, "VersionId": made.version_id}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        there = self.current(Bucket, Key)
        if there is None:
            raise refusal("404", 404, "HeadObject")
        return {"ETag": there.etag, "Metadata": there.metadata, "VersionId": there.version_id}

    def get_object(
        self,
        *,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        Range: str = "",  # noqa: N803
        VersionId: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        kept = self.versions.get((Bucket, Key), [])
        found = next((each for each in kept if each.version_id == VersionId), None)
        if not VersionId:
            found = self.current(Bucket, Key)
        if found is None or found.body is None:
            raise refusal("NoSuchVersion" if VersionId else "NoSuchKey", 404, "GetObject")
        first, last = map(int, Range.removeprefix("bytes=").split("-")) if Range else (0, len(found.body))
        return {"Body": io.BytesIO(found.body[first : last + 1]), "ETag": found.etag}

    def delete_object(self, *, Bucket: str, Key: str, IfMatch: str = "") -> dict[str, Any]:  # noqa: N803
        there = self.current(Bucket, Key)
        if IfMatch and there is not None and there.etag != IfMatch:
            raise refusal("PreconditionFailed", 412, "DeleteObject")
        if there is not None:
            self._add(Bucket, Key, None, {})
        return {}

    def current(self, bucket: str, key: str) -> Version | None:
        """The object as it is now; None when there is none, or a delete marker on top."""
        kept = self.versions.get((bucket, key), [])
        return kept[-1] if kept and kept[-1].body is not None else None

    def _add(self, bucket: str, key: str, body: bytes | None, metadata: dict[str, str]) -> Version:
        self.made += 1
        version = Version(f"v{self.made}", f'"e{self.made}"', body, metadata)
        self.versions.setdefault((bucket, key), []).append(version)
        return version


def refusal(code: str, status: int, operation: str) -> ClientError:
    """What botocore raises for an error reply."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation)
