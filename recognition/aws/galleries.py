"""The published gallery in S3: a pointer that names the current file, and one file for each version.

Read with the pointer's ETag, so that an unchanged gallery costs one conditional request and a new one is picked
up by warm functions without redeploying. The surprising rule: the pointer is written only over what it was when the
writer looked, so that of two who publish at once one is told, and no erasure is undone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from recognition.aws.calls import call, error_code
from recognition.aws.outputs import ABSENT, LOST_A_RACE
from recognition.errors import GalleryError, StageChanged
from recognition.faces import MODEL
from recognition.gallery import Gallery
from recognition.gallery_file import read_gallery, write_gallery

POINTER = "gallery/current.json"
ABANDONED = timedelta(hours=1)
UNCHANGED = frozenset({"304", "NotModified"})


@dataclass(slots=True)
class S3Galleries:
    """Reads and publishes galleries. Keeps the last one read."""

    s3: Any
    bucket: str
    _etag: str = ""
    _gallery: Gallery | None = field(default=None, repr=False)

    def current(self) -> Gallery:
        """The gallery the pointer names. Raises `GalleryError` when none is published or it is another model's."""
        condition = {"IfNoneMatch": self._etag} if self._gallery is not None else {}
        try:
            answer = call(self.s3.get_object, Bucket=self.bucket, Key=POINTER, **condition)
        except ClientError as error:
            if error_code(error) in UNCHANGED and self._gallery is not None:
                return self._gallery
            if error_code(error) == "NoSuchKey":
                raise GalleryError("no gallery is published: run `python -m recognition publish`") from error
            raise
        self._gallery = self._read(answer["Body"].read())
        self._etag = answer["ETag"]
        return self._gallery

    def key(self) -> str:
        """The published file's key; empty if nothing is published, or the pointer is damaged."""
        return self._pointer().get("key", "")

    def tag(self) -> str:
        """What the pointer is now, to publish over; empty if nothing is published."""
        try:
            return str(call(self.s3.head_object, Bucket=self.bucket, Key=POINTER)["ETag"])
        except ClientError as error:
            if error_code(error) in ABSENT:
                return ""
            raise

    def publish(self, gallery: Gallery, over: str | None = None) -> str:
        """Store the gallery under its version, point at it, take the one before away. Returns the file's key.

        `over`: the pointer as `tag` gave it; as it is now if None. Raises `StageChanged` when it has changed since, and
        nothing is published then. Whoever is no longer published must not live on in an older file: what remains of it
        is an overwritten version, which the bucket's lifecycle erases.
        """
        over = self.tag() if over is None else over
        key = f"gallery/{gallery.model}/{gallery.version}.npz"
        before = self.key()
        call(self.s3.put_object, Bucket=self.bucket, Key=key, Body=write_gallery(gallery))
        try:
            self._point({"model": gallery.model, "version": gallery.version, "key": key}, over)
        except StageChanged:
            self._take_away(key)
            raise
        for older in self._superseded(before, key):
            call(self.s3.delete_object, Bucket=self.bucket, Key=older)
        return key

    def touch(self, over: str) -> None:
        """Point at the same gallery anew, so that whoever is about to publish must look again. As `publish` raises."""
        self._point(self._pointer(), over)

    def _point(self, pointer: dict[str, str], over: str) -> None:
        """Write the pointer; no two are alike, since S3 tells them apart by what they hold."""
        body = json.dumps({**pointer, "publication": uuid4().hex}).encode()
        condition = {"IfMatch": over} if over else {"IfNoneMatch": "*"}
        try:
            call(self.s3.put_object, Bucket=self.bucket, Key=POINTER, Body=body, **condition)
        except ClientError as error:
            if error_code(error) in LOST_A_RACE | ABSENT:
                raise StageChanged from error
            raise

    def _pointer(self) -> dict[str, str]:
        """What the pointer says; nothing if there is none, or a damaged one."""
        try:
            answer = call(self.s3.get_object, Bucket=self.bucket, Key=POINTER)
            return {str(name): str(value) for name, value in json.loads(answer["Body"].read()).items()}
        except ClientError as error:
            if error_code(error) in ABSENT:
                return {}
            raise
        except (ValueError, AttributeError):
            return {}

    def _take_away(self, key: str) -> None:
        """Remove the file that nobody points at, unless whoever published meanwhile put the very same."""
        if self.key() != key:
            call(self.s3.delete_object, Bucket=self.bucket, Key=key)

    def _superseded(self, before: str, key: str) -> list[str]:
        """The file before, and what crashes have left. A younger file may be somebody's who is about to publish it."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="gallery/")
        files = [each for page in pages for each in page.get("Contents", [])]
        old = datetime.now(timezone.utc) - ABANDONED
        gone = {each["Key"] for each in files if each["LastModified"] < old or each["Key"] == before}
        return sorted(gone - {key, POINTER})

    def _read(self, pointer: bytes) -> Gallery:
        try:
            named = json.loads(pointer)
            model, key, version = str(named["model"]), str(named["key"]), str(named["version"])
        except (ValueError, TypeError, KeyError) as error:
            raise GalleryError(f"{POINTER} is damaged: publish the gallery again") from error
        if model != MODEL:
            raise GalleryError(f"the published gallery is of model {model!r}, the function uses {MODEL!r}: enrol again")
        gallery = read_gallery(call(self.s3.get_object, Bucket=self.bucket, Key=key)["Body"].read())
        if gallery.version != version:
            raise GalleryError("the gallery file is not the one that was published: publish it again")
        return gallery
