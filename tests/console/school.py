"""A small school on a stage: students, their gallery, finished clips."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from recognition.aws.galleries import S3Galleries
from recognition.aws.jobs import DynamoJobs
from recognition.aws.roster import DynamoRoster
from recognition.decision import write_decision
from recognition.finished import FinishedVersion
from recognition.gallery import make_gallery
from recognition.jobs import Begun, Entry
from recognition.roster import Student
from recognition.sections import Session
from tests.console.visiting import Visitor
from tests.people import direction


def enrolled(stage: Any, students: Sequence[Student], without_template: Collection[str] = ()) -> None:
    """Write the students' rows, and publish a gallery of all but a few with their sections' rosters."""
    DynamoRoster(stage.dynamodb, "students").write(students)
    faces = {each.student_id: n for n, each in enumerate(students) if each.student_id not in without_template}
    gallery = make_gallery({student_id: [direction(n)] * 3 for student_id, n in faces.items()})
    sections = {section: () for each in students for section in each.sections}
    rosters: dict[str, tuple[str, ...]] = {
        section: tuple(each.student_id for each in students if section in each.sections and each.student_id in faces)
        for section in sections
    }
    S3Galleries(stage.s3, "galleries").publish(replace(gallery, enrolled=None, sections=rosters))


def worked_on(stage: Any, version: FinishedVersion, section: str | None = None) -> FinishedVersion:
    """What the function leaves of a clip in the job table; of another section if one is named."""
    if section is not None:
        key = f"{section}/{version.session.name}/{version.upload.key.rpartition('/')[2]}"
        version = replace(
            version, session=Session(section, version.session.name), upload=replace(version.upload, key=key)
        )
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    assert jobs.begin(version.upload, version.at - 60, version.at + 60) == Begun()
    text = write_decision(version.decision) if version.decision else ""
    jobs.keep(version.upload, "the message", Entry(version.session, version.at, text))
    jobs.finish(version.upload, version.outcome, version.at + 1)
    return version


def link_to(visitor: Visitor, name: str) -> str:
    """The address of the student's page, as the list has it."""
    found = re.search(rf'href="(/students/[^"]+)">{re.escape(name)}</a>', visitor.page("/students"))
    assert found, f"{name} is not in the list"
    return found[1]
