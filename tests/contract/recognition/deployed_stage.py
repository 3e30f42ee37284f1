"""How the tests call the handler on a stage: clips put into it, S3's events for them, the poller's call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from handler import face_recognition_handler
from recognition.roster import Consent
from wire.answer import read_answer, write_call

CONSENT = Consent("office", "2026-01-01")


class Context:
    """Lambda's context, as far as the handler asks it."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def upload(stage: Any, clip: Path | bytes, key: str) -> str:
    """Put a clip and return the body that S3 would send."""
    data = clip if isinstance(clip, bytes) else clip.read_bytes()
    put = stage.s3.put_object(Bucket="clips", Key=key, Body=data)
    return json.dumps({"Records": [s3_record(key, put["VersionId"], put["ETag"], len(data))]})


def s3_record(key: str, version_id: str, etag: str, size: int) -> dict[str, Any]:
    """One record of S3's event."""
    thing = {"key": quote_plus(key), "versionId": version_id, "eTag": etag.strip('"'), "size": size, "sequencer": "01"}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "clips"}, "object": thing},
    }


def call(body: str) -> Any:
    """The handler's answer to the poller's call for one message."""
    return read_answer(json.dumps(face_recognition_handler(json.loads(write_call(body)), Context())))
