"""Uploads from a browser straight into the input bucket: in parts, each to an address that is signed for it alone.

The surprising rule: an address binds the part's length, so that nobody can store more through it than was agreed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from recognition.aws.calls import CONFIG, call, error_code
from recognition.errors import RecognitionError
from wire.s3_event import Upload

LIFE_S = 300
"""For how long an address can be used."""

AT_ONCE = 8
# Version 4 binds headers and is what buckets made today take. A checksum is one more header that a browser would have
# to compute; TLS and the part's MD5, which S3 answers with, are there anyway.
SIGNED = Config(signature_version="s3v4", request_checksum_calculation="when_required", max_pool_connections=AT_ONCE)


def signing_client() -> Any:
    """An S3 client whose addresses every region takes; region and credentials come from the environment."""
    return boto3.client("s3", config=CONFIG.merge(SIGNED))


@dataclass(frozen=True, slots=True)
class S3Uploads:
    """The uploads into `bucket`. `s3` is a `signing_client`."""

    s3: Any
    bucket: str

    @property
    def origin(self) -> str:
        """Scheme, host and port of the addresses."""
        place = urlsplit(self.address("any", "any", 1, 1))
        return f"{place.scheme}://{place.netloc}"

    def stored(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that the bucket holds already."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(self._is_stored, keys)
            return {key for key, is_stored in zip(keys, found, strict=True) if is_stored}

    def begin(self, key: str) -> str:
        """Begin an upload to `key`: its id."""
        return str(call(self.s3.create_multipart_upload, Bucket=self.bucket, Key=key)["UploadId"])

    def address(self, key: str, upload_id: str, number: int, size: int) -> str:
        """Where to PUT part `number` (from 1) of `size` bytes, within `LIFE_S`."""
        part = {"Bucket": self.bucket, "Key": key, "UploadId": upload_id, "PartNumber": number, "ContentLength": size}
        return str(self.s3.generate_presigned_url("upload_part", Params=part, ExpiresIn=LIFE_S))

    def finish(self, key: str, upload_id: str, etags: Sequence[str]) -> str:
        """Put the parts together: the job id of the version that this makes, empty where the bucket keeps no versions.

        Raises `RecognitionError` if a part is missing, or the upload was given up.
        """
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        place = {"Bucket": self.bucket, "Key": key, "UploadId": upload_id, "MultipartUpload": {"Parts": parts}}
        try:
            made = call(self.s3.complete_multipart_upload, **place)
        except ClientError as error:
            if error_code(error) in ("InvalidPart", "InvalidPartOrder", "EntityTooSmall", "NoSuchUpload"):
                raise RecognitionError("the upload is not whole any more: send the clip again") from error
            raise
        version = str(made.get("VersionId", ""))
        return Upload(self.bucket, key, version, "", "", 0).job_id if version else ""

    def give_up(self, key: str, upload_id: str) -> None:
        """Throw the parts away. Idempotent."""
        try:
            call(self.s3.abort_multipart_upload, Bucket=self.bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if error_code(error) != "NoSuchUpload":
                raise

    def _is_stored(self, key: str) -> bool:
        try:
            call(self.s3.head_object, Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error_code(error) == "404":
                return False
            raise
        return True
