"""The operator of a soak: uploads what is planned, watches the queues, and redrives what died."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.chaos.chaos_stage import ChaosStage
from tests.chaos.soak.plan import Planned
from tests.s3_records import record_of
from wire.s3_event import Upload

SECOND_VERSION = b'{"number": "second version of %s"}'


@dataclass
class Operator:
    """Knows every version it uploaded: `versions` maps job ids to keys."""

    stage: ChaosStage
    seed: int
    versions: dict[str, str] = field(default_factory=dict)
    uploaded: threading.Event = field(default_factory=threading.Event)

    def upload(self, planned: Iterable[Planned], unreadable: Iterable[str]) -> None:
        """Upload everything, a little at a time; the unreadable messages go among it."""
        dice = random.Random(self.seed)
        for body in unreadable:
            self.stage.send(body)
        for item in planned:
            self._upload(item)
            time.sleep(dice.expovariate(50))
        self.uploaded.set()

    def _upload(self, item: Planned) -> None:
        version = self._put(item.key, item.body)
        if item.kind == "overwritten":
            self._put(item.key, SECOND_VERSION % item.key.encode())
        elif item.kind == "deleted":
            self.stage.client("s3").delete_object(Bucket=self._bucket, Key=item.key, VersionId=version.version_id)
        elif item.kind == "doubled":
            self.stage.send_event(record_of(version))  # S3 makes such, as messages of their own

    def _put(self, key: str, body: bytes) -> Upload:
        answer = self.stage.client("s3").put_object(Bucket=self._bucket, Key=key, Body=body)
        version = Upload(self._bucket, key, answer["VersionId"], answer["ETag"].strip('"'), "", len(body))
        self.versions[version.job_id] = key
        return version

    @property
    def _bucket(self) -> str:
        return self.stage.cloud.operator["INPUT_BUCKET"]

    def is_quiet(self) -> bool:
        """Whether all is uploaded and neither queue holds anything."""
        waiting = (self.stage.waiting(queue) for queue in ("REQUEST_QUEUE_URL", "OUTPUT_QUEUE_URL"))
        return self.uploaded.is_set() and not any(waiting)

    def redrive(self) -> int:
        """`python -m poller.dlq redrive --all`. Returns how many went; what nobody can read it refuses and leaves."""
        _, redriven, said = self.stage.operate("dlq", "redrive", "--all")
        assert "redriven" in said, said
        return len(redriven)
