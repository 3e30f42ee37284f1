"""`recognition.jobs.Jobs` in memory. tests/contract/recognition/test_memory_ports.py holds it to `job_table`'s ways."""

from __future__ import annotations

from dataclasses import dataclass, field

from recognition.jobs import Begun, Entry, Finished, Held, State
from wire.result_message import Outcome
from wire.s3_event import Upload


@dataclass
class MemoryJobs:
    """One entry an object version, as `DynamoJobs` keeps it."""

    locked_until: dict[str, float] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    finished: dict[str, Outcome] = field(default_factory=dict)

    def begin(self, upload: Upload, now: float, deadline: float) -> State:
        job_id = upload.job_id
        if job_id in self.finished:
            return Finished(self.finished[job_id])
        if job_id in self.locked_until and not self.locked_until[job_id] < now:
            return Held(self.locked_until[job_id])
        self.locked_until[job_id] = deadline
        return Begun(self.kept.get(job_id, ""))

    def release(self, upload: Upload, deadline: float, now: float) -> None:
        if upload.job_id not in self.finished and self.locked_until.get(upload.job_id) == deadline:
            self.locked_until[upload.job_id] = now

    def keep(self, upload: Upload, result: str, entry: Entry) -> None:
        self.kept[upload.job_id] = result

    def finish(self, upload: Upload, outcome: Outcome, now: float) -> None:
        self.finished[upload.job_id] = outcome
        self.kept.pop(upload.job_id, None)
