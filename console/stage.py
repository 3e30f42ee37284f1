"""The stage behind the pages: the adapters, made once from the environment. The console's composition root.

Knows no pages. Nothing is asked of AWS until a page needs it, so that a console whose stage is not there can say so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import current_app

from console.everybody import Lately, ListedRegister, everybody_in
from console.settings import Settings
from recognition.commands.records import Records, stage_records
from recognition.errors import GalleryError, SetupError

if TYPE_CHECKING:
    from poller.ports import MeasuredQueue
    from recognition.aws.erased import S3Erased
    from recognition.aws.galleries import S3Galleries
    from recognition.aws.latest import DynamoLatest
    from recognition.aws.roster import DynamoRoster
    from recognition.aws.uploads import S3Uploads
    from recognition.gallery import Gallery
    from recognition.roster import Student


@dataclass
class Stage:
    """One stage, named by `environment` as scripts/stack_env.py prints it."""

    environment: Mapping[str, str]
    _reading: threading.Lock = field(default_factory=threading.Lock)
    _making: threading.Lock = field(default_factory=threading.Lock)
    _clients: dict[str, Any] = field(default_factory=dict)
    _queues: dict[str, MeasuredQueue] = field(default_factory=dict)

    @cached_property
    def records(self) -> Records:
        """Finished clips, students, gallery, pictures. Raises `SetupError` naming what is not set."""
        found = stage_records()
        read = found.gallery

        def gallery() -> Gallery:
            with self._reading:  # the adapter keeps the last one it read, and is no place for two threads
                return read()

        return replace(found, gallery=gallery, register=ListedRegister(self.students, self.everybody))

    @cached_property
    def students(self) -> DynamoRoster:
        """The student table."""
        from recognition.aws.roster import DynamoRoster

        return DynamoRoster(self.client("dynamodb"), self.named("STUDENT_TABLE"))

    @cached_property
    def uploads(self) -> S3Uploads:
        """Uploads from a browser into the clips' bucket."""
        from recognition.aws.uploads import S3Uploads, signing_client

        with self._making:
            return S3Uploads(signing_client(), self.named("INPUT_BUCKET"))

    @cached_property
    def latest(self) -> DynamoLatest:
        """The newest clips."""
        from recognition.aws.latest import DynamoLatest

        return DynamoLatest(self.client("dynamodb"), self.named("JOB_TABLE"))

    @cached_property
    def sections(self) -> Lately[list[str]]:
        """The sections of the newest clips; the empty one is that of clips of none."""
        return Lately(self.latest.sections)

    def sections_of_gallery(self) -> list[str]:
        """The sections that have a roster in the published gallery; none where no gallery is published."""
        try:
            return list(self.records.gallery().sections)
        except GalleryError:
            return []

    def waiting(self) -> int:
        """Roughly how many clips wait to be worked on."""
        depth = self.queue("REQUEST_QUEUE_URL").depth()
        return depth.visible + depth.delayed

    def queue(self, name: str) -> MeasuredQueue:
        """The queue whose address the variable `name` holds."""
        from poller.aws import open_queues

        with self._making:
            if name not in self._queues:
                region, address = self.named("AWS_REGION"), self.named(name)
                self._queues[name] = open_queues(region, [address], time.sleep)[0]
            return self._queues[name]

    @cached_property
    def erased(self) -> S3Erased:
        """Whom the stage has erased."""
        from recognition.aws.erased import S3Erased

        return S3Erased(self.client("s3"), self.named("GALLERY_BUCKET"))

    def galleries(self) -> S3Galleries:
        """The galleries, for one change: the adapter is no place for two threads."""
        from recognition.aws.galleries import S3Galleries

        return S3Galleries(self.client("s3"), self.named("GALLERY_BUCKET"))

    @cached_property
    def everybody(self) -> Lately[tuple[Student, ...]]:
        """The student table's rows, for lists."""
        return everybody_in(self.students.everybody)

    def client(self, service: str) -> Any:
        """The service's client; one for all threads, which boto3's clients allow."""
        from recognition.aws.calls import client

        with self._making:
            if service not in self._clients:
                self._clients[service] = client(service)
            return self._clients[service]

    def named(self, name: str) -> str:
        """The stage's name for a queue, a bucket, a table. Raises `SetupError` where it is not set."""
        found = self.environment.get(name, "")
        if not found:
            raise SetupError(f"{name} is not set: start the console with the stage's environment (scripts/console.sh)")
        return found


def the_settings() -> Settings:
    """The running console's."""
    found = current_app.extensions["settings"]
    assert isinstance(found, Settings)
    return found


def the_stage() -> Stage:
    """The running console's."""
    found = current_app.extensions["stage"]
    assert isinstance(found, Stage)
    return found
