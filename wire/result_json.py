"""`Result` to bytes and back. Readers ignore fields they do not know and refuse a newer schema.

Golden files under tests/contract/golden pin every schema in bytes: they are added to, never edited.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import cast

from wire.errors import NewerSchemaError, WireError
from wire.fields import Json, as_object, numbers, objects, parse_object, required
from wire.result_message import SCHEMA, Location, ModelUsed, Outcome, Result, StudentSeen
from wire.s3_event import Upload


def write_result(result: Result) -> str:
    """The message's body: ASCII only, since SQS refuses control characters and JSON escapes every one of them."""
    body = asdict(result)
    csv_location = body.pop("csv_location")
    body["csv"] = {"text": body["csv"], **csv_location}
    body["picture"] = body.pop("picture_location")
    body["record"] = body.pop("record_location")
    if not body["uncertain"]:  # written only where there is something to say: the older golden files stay as they are
        del body["uncertain"]
    return json.dumps({"schema": SCHEMA, **body}, sort_keys=True, allow_nan=False)


def read_result(text: str | bytes) -> Result:
    """The `Result` in a message's body. Raises `WireError` when it is none, or of a newer schema."""
    body = parse_object(text, "result")
    schema = required(body, "schema", int, "result")
    if schema > SCHEMA:
        raise NewerSchemaError(
            f"result.schema is {schema}; this program reads {SCHEMA}: install the newer poller first"
        )
    if schema != SCHEMA:
        raise WireError(f"result.schema is {schema}; there never was such a schema")
    csv = as_object(body.get("csv"), "result.csv")
    picture = body.get("picture")
    return Result(
        upload=_upload(as_object(body.get("upload"), "result.upload")),
        outcome=cast(Outcome, required(body, "outcome", str, "result")),
        reason=required(body, "reason", str, "result"),
        csv=required(csv, "text", str, "result.csv"),
        csv_location=_location(csv, "result.csv"),
        record_location=_location(as_object(body.get("record"), "result.record"), "result.record"),
        picture_location=None if picture is None else _location(as_object(picture, "result.picture"), "result.picture"),
        students=_students(body, "students"),
        uncertain=_students({"uncertain": [], **body}, "uncertain"),
        unknown_faces=required(body, "unknown_faces", int, "result"),
        model=_model(body.get("model")),
        timing_ms=numbers(body, "timing_ms", "result"),
        cost=numbers(body, "cost", "result"),
    )


def _upload(body: Json) -> Upload:
    where = "result.upload"
    return Upload(
        **{name: required(body, name, str, where) for name in ("bucket", "key", "version_id", "etag", "sequencer")},
        size=required(body, "size", int, where),
    )


def _location(body: Json, where: str) -> Location:
    return Location(required(body, "bucket", str, where), required(body, "key", str, where))


def _students(body: Json, name: str) -> tuple[StudentSeen, ...]:
    return tuple(_student(item, f"result.{name}[]") for item in objects(body, name, "result"))


def _student(body: Json, where: str) -> StudentSeen:
    return StudentSeen(
        student_id=required(body, "student_id", str, where),
        name=required(body, "name", str, where),
        major=required(body, "major", str, where),
        year=required(body, "year", str, where),
        similarity=required(body, "similarity", float, where),
        margin=required(body, "margin", float, where),
        frames=required(body, "frames", int, where),
        first_seen_s=required(body, "first_seen_s", float, where),
    )


def _model(value: object) -> ModelUsed | None:
    if value is None:
        return None
    where = "result.model"
    body = as_object(value, where)
    return ModelUsed(
        detector=required(body, "detector", str, where),
        embedding=required(body, "embedding", str, where),
        gallery_version=required(body, "gallery_version", str, where),
        threshold=required(body, "threshold", float, where),
    )
