"""The published gallery in S3: a pointer that names the current file, and one file for each version.

Read with the pointer's ETag, so that an unchanged gallery costs one conditional request and a new one is picked
up by warm functions without redeploying.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from recognition.aws.calls import call, error_code
from recognition.errors import GalleryError
from recognition.faces import MODEL
from recognition.gallery import Gallery
from recognition.gallery_file import read_gallery, write_gallery

POINTER = "gallery/current.json"
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

    def publish(self, gallery: Gallery) -> str:
        """Store the gallery under its version, point at it, take the one before away. Returns the file's key.

        Whoever is no longer published must not live on in an older file: what remains of it is an overwritten version,
        which the bucket's lifecycle erases.
        """
        key = f"gallery/{gallery.model}/{gallery.version}.npz"
        pointer = {"model": gallery.model, "version": gallery.version, "key": key}
        call(self.s3.put_object, Bucket=self.bucket, Key=key, Body=write_gallery(gallery))
        call(self.s3.put_object, Bucket=self.bucket, Key=POINTER, Body=json.dumps(pointer).encode())
        for older in self._files():
            if older not in (key, POINTER):
                call(self.s3.delete_object, Bucket=self.bucket, Key=older)
        return key

    def _files(self) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="gallery/")
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

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
