"""Lambda's entry point. What an event means is in `recognition.events`, what it needs in `recognition.bootstrap`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def face_recognition_handler(event: Mapping[str, object], context: Any) -> dict[str, object]:
    """Recognise the students in every clip that `event` names.

    Accepts an S3 event, an SQS event that wraps S3 events (answers `batchItemFailures`) and the poller's call
    (answers what became of each record). Raises when a machine fault left a record undone: the event must come again.
    """
    from recognition.bootstrap import respond

    return respond(event, context)
