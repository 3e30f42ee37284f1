"""Where results go: objects in the output bucket, messages in the output queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from recognition.aws.calls import ATTEMPTS, call, error_code
from wire.result_message import Location
from wire.s3_event import Upload

LOST_A_RACE = frozenset({"412", "PreconditionFailed"})
ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True, slots=True)
class S3Store:
    """The output bucket. Each object remembers its clip's sequencer, and a put is conditional on what was there."""

    s3: Any

    def put(self, upload: Upload, location: Location, body: bytes, content_type: str) -> bool:
        """Write the object; False when a newer version of the same clip has written it already."""
        attempts = Retrying(
            retry=retry_if_exception(lambda error: error_code(error) in LOST_A_RACE),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random_exponential(0.05, max=1),
            reraise=True,
        )
        return attempts(self._put_once, upload, location, body, content_type)

    def is_newest(self, upload: Upload, location: Location) -> bool:
        """Whether no newer version of the same clip has written the object."""
        return not _is_newers(upload, self._head(location))

    def remove(self, upload: Upload, location: Location) -> None:
        """Take the object away, whether it is there or not, unless a newer version of the same clip has written it."""
        there = self._head(location)
        if there is None or _is_newers(upload, there):
            return
        try:
            call(self.s3.delete_object, Bucket=location.bucket, Key=location.key, IfMatch=there["ETag"])
        except ClientError as error:
            if error_code(error) not in LOST_A_RACE | ABSENT:  # somebody has replaced it, or taken it away himself
                raise

    def _put_once(self, upload: Upload, location: Location, body: bytes, content_type: str) -> bool:
        there = self._head(location)
        if _is_newers(upload, there):
            return False
        call(
            self.s3.put_object,
            Bucket=location.bucket,
            Key=location.key,
            Body=body,
            ContentType=content_type,
            Metadata={"sequencer": upload.sequencer},
            **({"IfNoneMatch": "*"} if there is None else {"IfMatch": there["ETag"]}),
        )
        return True

    def _head(self, location: Location) -> Any:
        try:
            return call(self.s3.head_object, Bucket=location.bucket, Key=location.key)
        except ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise


def _is_newers(upload: Upload, there: Any) -> bool:
    """Whether the object whose head is `there` (None: no object) belongs to a version newer than `upload`."""
    return there is not None and upload.is_older_than(str(there.get("Metadata", {}).get("sequencer", "")))


@dataclass(frozen=True, slots=True)
class SqsOutbox:
    """The output queue."""

    sqs: Any
    queue_url: str

    def send(self, text: str) -> None:
        """Send one result message. A repeat after a lost answer sends it twice: the reader knows it by its identity."""
        call(self.sqs.send_message, QueueUrl=self.queue_url, MessageBody=text)
