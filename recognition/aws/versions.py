"""A bucket with all its versions: listed, read, rewritten on condition, and deleted for good.

The surprising rule: markers go last. Whoever takes a marker away before the data under it brings that back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from recognition.aws.calls import call, error_code
from recognition.aws.clips import GONE
from recognition.aws.outputs import ABSENT, LOST_A_RACE
from recognition.erasure.places import Current, Version
from recognition.errors import RecognitionError
from recognition.retention import Limits

KEYS_PER_DELETE = 1000  # S3's limit
AT_ONCE = 16
IN_MEMORY = 512  # bodies held at a time


@dataclass(frozen=True, slots=True)
class S3Versions:
    """See `erasure.places.Bucket`."""

    s3: Any
    bucket: str

    def versions(self, prefix: str = "") -> list[Version]:
        """Every version and marker under `prefix`."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix)
        found: list[Version] = []
        for page in pages:
            found += [_version(each, marker=False) for each in page.get("Versions", [])]
            found += [_version(each, marker=True) for each in page.get("DeleteMarkers", [])]
        return found

    def limits(self) -> Limits:
        """After how many days the bucket's lifecycle rules for all its objects end them."""
        try:
            rules = call(self.s3.get_bucket_lifecycle_configuration, Bucket=self.bucket)["Rules"]
        except ClientError as error:
            if error_code(error) == "NoSuchLifecycleConfiguration":
                return Limits()
            raise
        whole = [each for each in rules if each["Status"] == "Enabled" and not _prefix(each)]
        current = [each["Expiration"]["Days"] for each in whole if "Days" in each.get("Expiration", {})]
        older = [
            each["NoncurrentVersionExpiration"]["NoncurrentDays"]
            for each in whole
            if "NoncurrentVersionExpiration" in each
        ]
        return Limits(min(current, default=None), min(older, default=None))

    def bodies(self, versions: Sequence[Version]) -> Iterator[tuple[Version, bytes]]:
        """The bytes of each version, in order; those that are gone meanwhile are left out."""
        with ThreadPoolExecutor(AT_ONCE) as readers:
            for start in range(0, len(versions), IN_MEMORY):
                some = versions[start : start + IN_MEMORY]
                for version, body in zip(some, readers.map(self._read, some), strict=True):
                    if body is not None:
                        yield version, body

    def current(self, key: str) -> Current | None:
        """The object as it is now; None if there is none."""
        try:
            found = call(self.s3.get_object, Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        return Current(
            body=found["Body"].read(),
            version_id=str(found.get("VersionId", "null")),
            tag=str(found["ETag"]),
            content_type=str(found.get("ContentType", "")),
            metadata=dict(found.get("Metadata", {})),
        )

    def replace(self, key: str, there: Current, body: bytes) -> bool:
        """Write `body` over what is `there` and purge that version; False if something else is there by now."""
        try:
            written = call(
                self.s3.put_object,
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=there.content_type,
                Metadata=there.metadata,
                IfMatch=there.tag,
            )
        except ClientError as error:
            if error_code(error) in LOST_A_RACE | ABSENT:
                return False
            raise
        if written.get("VersionId", "null") != there.version_id:  # without versioning it is overwritten for good
            call(self.s3.delete_object, Bucket=self.bucket, Key=key, VersionId=there.version_id)
        return True

    def purge(self, versions: Sequence[Version]) -> None:
        """Delete these versions for good, data first, then markers. Raises `RecognitionError` when S3 keeps some."""
        for some in ([each for each in versions if not each.marker], [each for each in versions if each.marker]):
            for start in range(0, len(some), KEYS_PER_DELETE):
                self._delete(some[start : start + KEYS_PER_DELETE])

    def _delete(self, versions: Sequence[Version]) -> None:
        objects = [{"Key": each.key, "VersionId": each.version_id} for each in versions]
        answer = call(self.s3.delete_objects, Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})
        if errors := answer.get("Errors"):
            codes = ", ".join(sorted({str(each.get("Code")) for each in errors}))
            raise RecognitionError(f"S3 kept {len(errors)} of {len(objects)} versions ({codes}); run this again")

    def _read(self, version: Version) -> bytes | None:
        try:
            found = call(self.s3.get_object, Bucket=self.bucket, Key=version.key, VersionId=version.version_id)
            return bytes(found["Body"].read())
        except ClientError as error:
            if error_code(error) in GONE:
                return None
            raise


def _prefix(rule: dict[str, Any]) -> str:
    return str(rule.get("Prefix") or rule.get("Filter", {}).get("Prefix") or "")


def _version(entry: dict[str, Any], *, marker: bool) -> Version:
    return Version(
        key=entry["Key"],
        version_id=str(entry.get("VersionId", "null")),
        current=bool(entry.get("IsLatest")),
        marker=marker,
        written=entry["LastModified"],
        size=int(entry.get("Size", 0)),
        etag=str(entry.get("ETag", "")),
    )
