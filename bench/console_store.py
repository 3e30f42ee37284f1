"""A store for the console to show: clips of fifty sections, their decisions, students, a gallery. Knows no figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from recognition.aws.calls import client
from recognition.aws.galleries import S3Galleries
from recognition.aws.jobs import DynamoJobs
from recognition.aws.roster import DynamoRoster
from recognition.decision import Decision, FaceDecision, write_decision
from recognition.faces import DIMENSIONS, unit
from recognition.gallery import make_gallery
from recognition.jobs import Entry
from recognition.roster import Consent, Student
from recognition.sections import Session
from tests.furnished import furnish
from wire.result_message import Outcome
from wire.s3_event import Upload

TERM_S = 13 * 7 * 86_400  # the clips are of a term, as ten thousand are; the newest is of now
SECTIONS, ROSTER, SESSIONS, FACES = 50, 30, 20, 8
QUEUES = ("REQUEST_QUEUE_URL", "OUTPUT_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "OUTPUT_DEAD_LETTER_QUEUE_URL")
NAMES = {
    "INPUT_BUCKET": "clips",
    "OUTPUT_BUCKET": "results",
    "GALLERY_BUCKET": "galleries",
    "STUDENT_TABLE": "students",
    "JOB_TABLE": "jobs",
    "FUNCTION_NAME": "smart-classroom",
}


@dataclass(frozen=True, slots=True)
class Filled:
    """What is there to ask for."""

    environment: Mapping[str, str]
    section: str
    session: str
    job_id: str
    read_a_row: Callable[[], object]


def fill(clips: int) -> Filled:
    """Fill an empty AWS."""
    s3, sqs, dynamodb = client("s3"), client("sqs"), client("dynamodb")
    furnish(s3, sqs, dynamodb)
    queues = {name: sqs.create_queue(QueueName=name.lower())["QueueUrl"] for name in QUEUES}
    students = list(_students())
    DynamoRoster(dynamodb, "students").write(students)
    chance = np.random.default_rng(1)
    gallery = make_gallery({each.student_id: [unit(chance.normal(size=DIMENSIONS))] for each in students})
    rosters = {
        f"cse{n}": tuple(each.student_id for each in students if f"cse{n}" in each.sections) for n in range(SECTIONS)
    }
    S3Galleries(s3, "galleries").publish(replace(gallery, enrolled=None, sections=rosters))
    jobs, now = DynamoJobs(dynamodb, "jobs"), time.time()
    made = [
        _clip(jobs, n, now - (clips - n) * TERM_S / clips, students)
        for n in track(range(clips), "filling", console=Console(stderr=True))
    ]
    newest = made[-1 - SECTIONS]  # of a section and session that many others share
    return Filled(
        environment={**NAMES, **queues},
        section=newest[1].section,
        session=newest[1].name,
        job_id=newest[0],
        read_a_row=lambda: dynamodb.get_item(TableName="students", Key={"student_id": {"S": students[0].student_id}}),
    )


def _students() -> Iterator[Student]:
    consent = Consent("the school office", "2026-01-01")
    for n in range(SECTIONS * ROSTER):
        yield Student(f"s{n:05}", f"Student {n}", "mathematics", "senior", consent, (f"cse{n // ROSTER}",))


def _clip(jobs: Any, n: int, at: float, students: list[Student]) -> tuple[str, Session]:
    section, number = n % SECTIONS, n // SECTIONS % SESSIONS
    session = Session(f"cse{section}", f"2026-11-{number + 1:02}T0900")
    key = f"{session.section}/{session.name}/cam{n}.mp4"
    upload = Upload("clips", key, f"v{n}", "", f"{n:016X}", 0)
    outcome: Outcome = "rejected" if n % 50 == 7 else "recognised"
    faces = [students[section * ROSTER + (n // SECTIONS + k) % ROSTER].student_id for k in range(FACES)]
    decision = Decision(
        "gallery1", "dlib-resnet-v1", "hog", 0.93, 0.92, (0.0, 0.5), tuple(map(_face, range(1, 9), faces))
    )
    jobs.begin(upload, at - 2, at + 60)
    jobs.keep(
        upload, "", Entry(session, at, write_decision(decision) if outcome == "recognised" else "", 2100.0, 0.00008)
    )
    jobs.finish(upload, outcome, at)
    return upload.job_id, session


def _face(number: int, student_id: str) -> FaceDecision:
    box = (100 * number, 100, 100 * number + 80, 180)
    return FaceDecision(number, "identified", float(number), box, 4, 4, 0.9, 0.95, 0.03, student_id)
