"""A stage full of results, and the scan of every byte that it holds: what `forget` is measured on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from poller.clock import SystemClock
from poller.durable import DurableDirectory
from poller.naming import stem
from poller.results import Progress, Results
from poller.tally import Tally
from recognition.aws.galleries import S3Galleries
from recognition.aws.jobs import ordering
from recognition.aws.roster import DynamoRoster
from recognition.decision import Decision, FaceDecision, write_decision
from recognition.faces import unit
from recognition.gallery import Gallery, make_gallery
from recognition.roster import Consent, Student
from tests.planted import forms
from tests.unit.poller.poller_fakes import settings
from wire.result_csv import write_csv
from wire.result_json import write_result
from wire.result_message import Location, Result, StudentSeen
from wire.s3_event import Upload

CONSENT = Consent("office", "2026-09-01")


def student(number: int) -> Student:
    """Ids and names that no other text holds; some need escaping everywhere."""
    return Student(f"id-{number:03}/ä,x", f"=Quillë {number:03}, O'Neil", "art", "1", CONSENT, ("cse546",))


def gallery_of(students: Sequence[Student]) -> Gallery:
    chance = np.random.default_rng(1)
    made = make_gallery({each.student_id: [unit(chance.normal(size=128))] * 2 for each in students})
    return replace(made, enrolled=None, sections={"cse546": tuple(each.student_id for each in students)})


def seen(of: Student) -> StudentSeen:
    return StudentSeen(of.student_id, of.name, of.major, of.year, 0.98, 0.03, 4, 1.0)


def picture_of(*students: Student) -> bytes:
    """Not a picture, but it shows whom a picture would."""
    return b"\xff\xd8" + "".join(each.student_id for each in students).encode()


@dataclass
class Classroom:
    """The stage as a test fills and scans it. `vm` is the poller's RESULTS_DIR."""

    stage: Any
    dead: str
    vm: Path
    results: list[Result] = field(default_factory=list)

    def publish(self, students: Sequence[Student]) -> None:
        DynamoRoster(self.stage.dynamodb, "students").write(students)
        S3Galleries(self.stage.s3, "galleries").publish(gallery_of(students))

    def add(
        self,
        key: str,
        sure: Sequence[Student],
        perhaps: Sequence[Student] = (),
        corrections: Sequence[dict[str, object]] = (),
        *,
        finished: bool = True,
    ) -> Result:
        """A clip, worked on as the function does: clip, objects, job item, and the poller's files."""
        version = self.stage.s3.put_object(Bucket="clips", Key=key, Body=picture_of(*sure, *perhaps))["VersionId"]
        upload = Upload("clips", key, version, "e", f"{len(self.results):08X}", 9)
        result = _result(upload, [seen(each) for each in sure], [seen(each) for each in perhaps])
        self.results.append(result)
        self._put(result, picture_of(*sure, *perhaps))
        self._job(result, corrections, finished)
        self.file(result)
        return result

    def file(self, result: Result) -> None:
        self.vm.mkdir(exist_ok=True)
        (self.vm / f"{stem(result)}.csv").write_bytes(result.csv.encode())
        (self.vm / f"{stem(result)}.json").write_text(write_result(result))

    def tick(self) -> None:
        """Let the poller file what the output queue holds."""
        from poller.aws import queue

        output = queue(self.stage.sqs, self.stage.settings.output_queue_url, lambda _: None)
        dead = queue(self.stage.sqs, self.dead, lambda _: None)
        with DurableDirectory(self.vm) as directory:
            filing = Results(
                output=output,
                dead_letters=dead,
                directory=directory,
                tally=Tally(),
                settings=settings(wait_s=1),
                progress=Progress(lambda: True, lambda: 0.0),
                chance=lambda: 0.5,
                clock=SystemClock(),
            )
            filing.run()

    def holding(self, of: Student) -> list[str]:
        """Every place whose bytes hold the student's id or name in any form."""
        return self.holding_each([of])[of.student_id]

    def holding_each(self, students: Sequence[Student]) -> dict[str, list[str]]:
        """The same for several students, in one scan."""
        wanted = {
            each.student_id: {form.casefold() for word in (each.student_id, each.name) for form in forms(word)}
            for each in students
        }
        found: dict[str, list[str]] = {student_id: [] for student_id in wanted}
        for place, said in self.everything():
            folded = said.casefold()
            for student_id, words in wanted.items():
                if any(word in folded for word in words):
                    found[student_id].append(place)
        return found

    def everything(self) -> Iterator[tuple[str, str]]:
        """Every byte there is: all object versions, all items, all messages, all files; and all their names."""
        yield from self.objects()
        for table in ("students", "jobs"):
            for page in self.stage.dynamodb.get_paginator("scan").paginate(TableName=table):
                for item in page["Items"]:
                    yield f"{table}/{item.get('job_id', item.get('student_id'))}", json.dumps(item, ensure_ascii=False)
        for queue in sqs_backends[ACCOUNT_ID]["us-east-1"].queues.values():
            for message in queue._messages:  # hidden ones as well, and without hiding any
                yield queue.name, message.body
        for path in self.vm.iterdir():
            yield f"vm/{path.name}", path.read_text()

    def objects(self) -> Iterator[tuple[str, str]]:
        """Every version of every object, as moto keeps it: no listing of ours is believed."""
        for bucket in s3_backends[ACCOUNT_ID]["aws"].buckets.values():
            for key, versions in bucket.keys.lists():
                for version in versions:
                    body = getattr(version, "value", b"")  # a delete marker has none
                    # a .npz holds texts in UTF-32
                    text = body.decode(errors="replace") + body.replace(b"\x00", b"").decode("latin-1")
                    yield f"{bucket.name}/{key}", f"{key} {text}"

    def _put(self, result: Result, picture: bytes) -> None:
        record = json.loads(write_result(result))
        record["decisions"] = [
            {"answer": "identified", "named": each.student_id, "perhaps": None, "similarity": 0.98, "margin": 0.03}
            for each in result.students
        ]
        for location, body in (
            (result.csv_location, result.csv.encode()),
            (result.record_location, json.dumps(record, indent=2, sort_keys=True).encode()),
            (result.picture_location, picture),
        ):
            assert location is not None
            self.stage.s3.put_object(
                Bucket="results", Key=location.key, Body=body, Metadata={"sequencer": result.upload.sequencer}
            )

    def _job(self, result: Result, corrections: Sequence[dict[str, object]], finished: bool) -> None:
        item: dict[str, Any] = {
            "job_id": {"S": result.upload.job_id},
            "state": {"S": "done" if finished else "working"},
            "section": {"S": "cse546"},
            "ordering": {"S": ordering("2026-11-23T0900", 100.0)},
            "clip": {"S": result.upload.key},
            "version_id": {"S": result.upload.version_id},
            "decision": {"S": write_decision(_decision(result))},
            "outcome": {"S": result.outcome},
        }
        if corrections:
            item["corrections"] = {"L": [{"S": json.dumps(each)} for each in corrections]}
        if not finished:
            item |= {"result": {"S": write_result(result)}, "locked_until": {"N": "100.0"}}
        self.stage.dynamodb.put_item(TableName="jobs", Item=item)


def _result(upload: Upload, sure: Sequence[StudentSeen], perhaps: Sequence[StudentSeen]) -> Result:
    return Result(
        upload=upload,
        outcome="recognised" if sure else "unknown",
        reason="",
        csv=write_csv(sure),
        csv_location=Location("results", f"{upload.key}.csv"),
        record_location=Location("results", f"{upload.key}.json"),
        picture_location=Location("results", f"{upload.key}.jpg"),
        students=tuple(sure),
        uncertain=tuple(perhaps),
        unknown_faces=len(perhaps) + (not sure and not perhaps),
    )


def _decision(result: Result) -> Decision:
    shown = [(each, "identified") for each in result.students] + [(each, "uncertain") for each in result.uncertain]
    others = [each.student_id for each, _ in shown]
    faces = tuple(
        FaceDecision(
            n,
            answer,
            1.0,
            (0, 0, 9, 9),
            4,
            4,
            0.9,
            0.98,
            0.03,
            each.student_id,
            others[n % len(others)],  # type: ignore[arg-type]
        )
        for n, (each, answer) in enumerate(shown, start=1)
    )
    return Decision("v", "m", "hog", 0.95, 0.93, (0.0, 1.0), faces)
