"""How the tests call the handler on a stage: clips put into it, S3's events for them, the poller's call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from handler import face_recognition_handler
from recognition.roster import Consent
from tests.s3_records import record_of
from wire.answer import read_answer, write_call
from wire.s3_event import Upload

CONSENT = Consent("office", "2026-01-01")


class Context:
    """Lambda's context, as far as the handler asks it. Without `seconds` there is a minute each time it is asked."""

    def __init__(self, *seconds: float) -> None:
        self._seconds = list(seconds)

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * self._seconds.pop(0)) if self._seconds else 60_000


def upload(stage: Any, clip: Path | bytes, key: str) -> str:
    """Put a clip and return the body that S3 would send."""
    data = clip if isinstance(clip, bytes) else clip.read_bytes()
    put = stage.s3.put_object(Bucket="clips", Key=key, Body=data)
    uploaded = Upload("clips", key, put["VersionId"], put["ETag"].strip('"'), "01", len(data))
    return json.dumps({"Records": [record_of(uploaded)]})


def call(body: str) -> Any:
    """The handler's answer to the poller's call for one message."""
    return read_answer(json.dumps(face_recognition_handler(json.loads(write_call(body)), Context())))
