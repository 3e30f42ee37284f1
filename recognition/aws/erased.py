"""Whom a stage has erased: an object for each, named by the digest of the id, in the gallery bucket.

The surprising rule: these outlive the erasure. An older file of students must not bring anybody back, and what was
under way when the erasure began must be given the time to end.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from recognition.aws.calls import call, error_code
from recognition.aws.outputs import ABSENT
from recognition.erasure.erased import Erased, among
from wire.erasure_message import digest_of

PREFIX = "erased/"


@dataclass(frozen=True, slots=True)
class S3Erased:
    """See `erasure.erased.ErasedStudents`."""

    s3: Any
    bucket: str

    def note(self, student_id: str, erased: Erased) -> None:
        """Note that the student is being, or has been, erased."""
        counts = [[*kind, count] for kind, count in sorted(erased.counts.items())]
        told = {"at": erased.at, "settled_at": erased.settled_at, "counts": counts, "under_way": erased.under_way}
        body = json.dumps(told).encode()
        call(self.s3.put_object, Bucket=self.bucket, Key=_key(student_id), Body=body)

    def of(self, student_id: str) -> Erased | None:
        """What is noted of the student."""
        try:
            body = call(self.s3.get_object, Bucket=self.bucket, Key=_key(student_id))["Body"].read()
        except ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        told = json.loads(body)
        counts = {(str(place), str(what)): int(count) for place, what, count in told.get("counts", [])}
        settled_at = None if told["settled_at"] is None else float(told["settled_at"])
        return Erased(float(told["at"]), settled_at, counts, bool(told.get("under_way", False)))

    def digests(self) -> frozenset[str]:
        """Everybody noted, by digest."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=PREFIX)
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        return frozenset(key.removeprefix(PREFIX).removesuffix(".json") for key in keys)

    def among(self, student_ids: Collection[str]) -> dict[str, Erased]:
        """What is noted of those among these who were erased."""
        asked = among(student_ids, self.digests())
        return {student_id: noted for student_id in sorted(asked) if (noted := self.of(student_id))}

    def lift(self, student_id: str) -> None:
        """Forget that the student was erased: a new consent is a new beginning."""
        call(self.s3.delete_object, Bucket=self.bucket, Key=_key(student_id))


def _key(student_id: str) -> str:
    return f"{PREFIX}{digest_of(student_id)}.json"
