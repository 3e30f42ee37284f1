"""The annotated pictures in the output bucket, as a person asks for them afterwards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from os.path import commonprefix
from typing import Any

from botocore.exceptions import ClientError

from recognition.aws.calls import call, error_code
from recognition.aws.outputs import ABSENT
from wire.result_message import Location
from wire.s3_event import Upload


@dataclass(frozen=True, slots=True)
class S3Pictures:
    """Reads pictures."""

    s3: Any

    def there(self, places: Collection[Location]) -> frozenset[Location]:
        """Those of the places, all in one bucket, where there is a picture: listed, not asked for one by one."""
        wanted = frozenset(places)
        if not wanted:
            return wanted
        (bucket,) = {place.bucket for place in wanted}
        prefix = commonprefix([place.key for place in wanted])  # noqa: RUF071 - a key is no path
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return wanted & {Location(bucket, each["Key"]) for page in pages for each in page.get("Contents", [])}

    def of(self, upload: Upload, place: Location) -> bytes | None:
        """The JPEG of this version; None when it has expired, or another version's lies there by now."""
        try:
            answer = call(self.s3.get_object, Bucket=place.bucket, Key=place.key)
        except ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        if answer["Metadata"].get("sequencer", "") != upload.sequencer:
            return None
        return bytes(answer["Body"].read())
