"""A stage that a console has something to show of: students, a gallery, finished clips with their files."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image

from recognition.aws.galleries import S3Galleries
from recognition.aws.jobs import DynamoJobs
from recognition.aws.roster import DynamoRoster
from recognition.decision import FaceDecision, write_decision
from recognition.jobs import Entry
from recognition.roster import Student
from recognition.sections import SectionRule
from tests.decided import decision, face, student
from tests.people import gallery_of
from wire.result_csv import write_csv
from wire.result_json import write_result
from wire.result_message import Location, Outcome, Result, StudentSeen
from wire.s3_event import Upload

SESSION = "cse546/2026-11-23T0900"
ADA = student("ada1815", "Ada Lovelace", sections=("cse546",))
BOB = student("b/2", "Bob =cmd|' /C calc'!A0", sections=("cse546",))
EVE = student("<b>eve</b>", "<script>alert(1)</script>", sections=("cse546",))


def jpeg(colour: str = "navy") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 360), colour).save(file, "JPEG")
    return file.getvalue()


@dataclass
class Classroom:
    """What lies on the stage; `at` is when the next clip is finished."""

    s3: Any
    dynamodb: Any
    at: float = field(default_factory=lambda: time.time() - 86_400)
    rule: SectionRule = field(default_factory=SectionRule)
    people: dict[str, Student] = field(default_factory=dict)

    def enrol(self, *students: Student) -> None:
        self.people |= {each.student_id: each for each in students}
        DynamoRoster(self.dynamodb, "students").write(students)
        sections = {each for one in self.people.values() for each in one.sections}
        rosters = {
            name: tuple(one.student_id for one in self.people.values() if name in one.sections) for name in sections
        }
        S3Galleries(self.s3, "galleries").publish(replace(gallery_of(*self.people), sections=rosters))

    def clip(
        self,
        *faces: FaceDecision,
        name: str = "cam1.mp4",
        under: str = SESSION,
        outcome: Outcome = "recognised",
        took_ms: float | None = 812.5,
        reason: str = "",
        files: bool = True,
        etag: str = "",
    ) -> str:
        """A finished clip, as the function leaves it. Returns its job id."""
        self.at += 60
        key = f"{under}/{name}" if under else name
        upload = Upload("clips", key, f"v{self.at:.0f}", etag, f"{self.at:.0f}", 1000)
        looked = outcome not in ("rejected", "superseded")
        jobs = DynamoJobs(self.dynamodb, "jobs")
        jobs.begin(upload, self.at - 1, self.at + 60)
        decided = write_decision(decision(*faces)) if looked else ""
        entry = Entry(self.rule.session_of(key), self.at, decided, took_ms, None, reason)
        jobs.keep(upload, "", entry)
        jobs.finish(upload, outcome, self.at)
        if files:
            self._files(self._result(upload, outcome, faces), bool(faces))
        return upload.job_id

    def begin(self, name: str, until: float) -> str:
        """A clip that is being worked on."""
        self.at += 60
        upload = Upload("clips", f"{SESSION}/{name}", "v", "", f"{self.at:.0f}", 1000)
        DynamoJobs(self.dynamodb, "jobs").begin(upload, self.at, until)
        return upload.job_id

    def _result(self, upload: Upload, outcome: Outcome, faces: Sequence[FaceDecision]) -> Result:
        sure = tuple(self._seen(each) for each in faces if each.answer == "identified")
        perhaps = tuple(self._seen(each) for each in faces if each.answer == "uncertain")
        return Result(
            upload=upload,
            outcome=outcome,
            reason="" if sure else "nobody",
            csv=write_csv(sure),
            csv_location=Location("results", f"{upload.key}.csv"),
            record_location=Location("results", f"{upload.key}.json"),
            students=sure,
            uncertain=perhaps,
            unknown_faces=sum(each.answer != "identified" for each in faces),
        )

    def _seen(self, of: FaceDecision) -> StudentSeen:
        row = self.people[of.student_id or ""]
        return StudentSeen(row.student_id, row.name, row.major, row.year, of.similarity or 0, 0.03, 4, of.first_seen_s)

    def _files(self, result: Result, has_picture: bool) -> None:
        bodies: Iterable[tuple[str, bytes]] = [
            (result.csv_location.key, result.csv.encode()),
            (result.record_location.key, write_result(result).encode()),
            *([(f"{result.upload.key}.jpg", jpeg())] if has_picture else []),
        ]
        for key, body in bodies:
            self.s3.put_object(Bucket="results", Key=key, Body=body, Metadata={"sequencer": result.upload.sequencer})


def sure(number: int, of: Student, **other: object) -> FaceDecision:
    return face(number, of.student_id, **other)


def perhaps(number: int, of: Student, **other: object) -> FaceDecision:
    return face(number, of.student_id, "uncertain", similarity=0.925, **other)
