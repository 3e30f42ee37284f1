"""What S3 says of an upload in its notifications."""

from __future__ import annotations

from urllib.parse import quote_plus

from wire.s3_event import Upload


def record_of(upload: Upload) -> dict[str, object]:
    """One record of a notification."""
    thing = {
        "key": quote_plus(upload.key),
        "versionId": upload.version_id,
        "eTag": upload.etag,
        "sequencer": upload.sequencer,
        "size": upload.size,
    }
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": upload.bucket}, "object": thing},
    }
