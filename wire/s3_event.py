"""S3's notification, as S3 writes it into the request queue, read into `Upload`s.

Knows the event's format (major version 2) and nothing of queues or clients. The surprising rule: keys arrive
form-encoded, so they are decoded with `unquote_plus`, exactly once, here and nowhere else.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from urllib.parse import unquote_plus

from wire.errors import WireError
from wire.fields import Json, as_object, optional, parse_object, required

MAX_KEY_BYTES = 1024  # S3's own limit


@dataclass(frozen=True, slots=True)
class Upload:
    """One version of one object: the identity of a piece of work.

    `size` is in bytes as S3 reported it. `sequencer` orders the versions of one key (hexadecimal); it and
    `version_id` may be empty when the store does not send them.
    """

    bucket: str
    key: str
    version_id: str
    etag: str
    sequencer: str
    size: int

    def __post_init__(self) -> None:
        if not self.bucket or not self.key:
            raise WireError("an upload needs a bucket and a key")
        if len(self.key.encode()) > MAX_KEY_BYTES:
            raise WireError(f"the key is longer than S3's {MAX_KEY_BYTES} bytes")
        if not (self.version_id or self.etag or self.sequencer):
            raise WireError("nothing tells this version of the object from another: no versionId, eTag or sequencer")
        if self.size < 0:
            raise WireError("an object cannot have a negative size")

    @property
    def identity(self) -> str:
        """Canonical text of (bucket, key, version), equal for every delivery of the same object version."""
        version = [self.version_id] if self.version_id else [self.etag, self.sequencer]
        return json.dumps([self.bucket, self.key, *version])

    @property
    def job_id(self) -> str:
        """64 hexadecimal digits: the identity in a form that fits any key, file name or log line."""
        return hashlib.sha256(self.identity.encode()).hexdigest()

    def is_older_than(self, sequencer: str) -> bool:
        """Whether the version of the same key with `sequencer` came after this one. Unknown counts as no."""
        width = max(len(self.sequencer), len(sequencer))
        return bool(self.sequencer and sequencer) and (
            self.sequencer.upper().ljust(width, "0") < sequencer.upper().ljust(width, "0")
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that cannot be read: its place in the event and why."""

    record: int
    reason: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What one event asks for: the uploads to work on and the records that are refused."""

    uploads: tuple[Upload, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def numbered_uploads(self) -> list[tuple[int, Upload]]:
        """The uploads with their records' places in the event, counted from 0."""
        faulty = {fault.record for fault in self.faults}
        places = (n for n in range(len(self.uploads) + len(faulty)) if n not in faulty)
        return list(zip(places, self.uploads, strict=True))


def read_notification(body: str | bytes) -> Notification:
    """Read the body of one message. S3's test event asks for nothing.

    A record that cannot be read becomes a `Fault`, so that it neither blocks nor loses its neighbours.
    Raises `WireError` when the body as a whole is not an S3 notification.
    """
    event = parse_object(body, "event")
    if event.get("Event") == "s3:TestEvent":
        return Notification()
    records = event.get("Records")
    if not isinstance(records, list) or not records:
        raise WireError("event.Records is missing or empty: not an S3 notification")
    return _read_records(records)


def _read_records(records: list[object]) -> Notification:
    uploads: list[Upload] = []
    faults: list[Fault] = []
    for number, record in enumerate(records):
        try:
            uploads.append(_read_record(as_object(record, "record")))
        except WireError as error:
            faults.append(Fault(number, str(error)))
    return Notification(tuple(uploads), tuple(faults))


def _read_record(record: Json) -> Upload:
    _refuse_other_events(record)
    s3 = as_object(record.get("s3"), "record.s3")
    bucket = as_object(s3.get("bucket"), "record.s3.bucket")
    thing = as_object(s3.get("object"), "record.s3.object")
    return Upload(
        bucket=required(bucket, "name", str, "record.s3.bucket"),
        key=_decode_key(required(thing, "key", str, "record.s3.object")),
        version_id=_version(optional(thing, "versionId", str, "record.s3.object")),
        etag=(optional(thing, "eTag", str, "record.s3.object") or "").strip('"'),
        sequencer=_hexadecimal(optional(thing, "sequencer", str, "record.s3.object") or ""),
        size=required(thing, "size", int, "record.s3.object"),
    )


def _refuse_other_events(record: Json) -> None:
    version = required(record, "eventVersion", str, "record")
    if version.split(".")[0] != "2":
        raise WireError("record.eventVersion is another than 2; this reader knows major version 2")
    name = required(record, "eventName", str, "record")
    if not name.removeprefix("s3:").startswith("ObjectCreated:"):
        raise WireError("record.eventName is not ObjectCreated:*")


def _version(version_id: str | None) -> str:
    """Where versioning is suspended every version is called `null`, which tells none from another."""
    return "" if version_id in (None, "null") else str(version_id)


def _decode_key(encoded: str) -> str:
    try:
        return unquote_plus(encoded, errors="strict")
    except UnicodeDecodeError as error:
        raise WireError("record.s3.object.key is not form-encoded UTF-8") from error


def _hexadecimal(text: str) -> str:
    if text and not all(c in "0123456789abcdefABCDEF" for c in text):
        raise WireError("record.s3.object.sequencer is not hexadecimal")
    return text
