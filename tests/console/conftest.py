"""A console over a stage in moto, in this process, and visitors to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from moto import mock_aws

from console.app import create_app
from console.settings import read_settings
from console.users import ROLES, Role, add_user
from recognition.aws.calls import client
from tests.console.classroom import ADA, BOB, EVE, Classroom
from tests.console.visiting import Visitor
from tests.furnished import furnish

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class MotoStage:
    """The clients of a stage; buckets `clips`, `results`, `galleries`, tables `students`, `jobs`, four queues."""

    s3: Any
    sqs: Any
    dynamodb: Any
    queues: dict[str, str]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MotoStage]:
    with mock_aws():
        s3, sqs, dynamodb = client("s3"), client("sqs"), client("dynamodb")
        furnished = furnish(s3, sqs, dynamodb)
        queues = {"OUTPUT_QUEUE_URL": furnished.output_queue_url}
        for name in ("REQUEST_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "OUTPUT_DEAD_LETTER_QUEUE_URL"):
            queues[name] = sqs.create_queue(QueueName=name.lower().removesuffix("_url"))["QueueUrl"]
        environment = {
            "AWS_REGION": "us-east-1",
            "INPUT_BUCKET": "clips",
            "OUTPUT_BUCKET": "results",
            "GALLERY_BUCKET": "galleries",
            "STUDENT_TABLE": "students",
            "JOB_TABLE": "jobs",
            "FUNCTION_NAME": "smart-classroom",
            "CONSOLE_FOLDER": str(tmp_path / "console"),
            "GALLERY_FILE": str(tmp_path / "gallery.npz"),
            "STUDENTS_FILE": str(tmp_path / "students.json"),
            **queues,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield MotoStage(s3, sqs, dynamodb, queues)


@pytest.fixture
def app(stage: MotoStage) -> Flask:
    made = create_app(read_settings(os.environ))
    made.testing = False  # faults are answered with pages, as they are for users
    return made


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody on this machine, who need not sign in and may do everything."""
    return Visitor(app, app.test_client())


@pytest.fixture
def signed_in(app: Flask) -> Callable[..., Visitor]:
    """Somebody who has signed in with some roles."""

    def enter(*roles: Role) -> Visitor:
        name = "-".join(roles) or "everybody"
        add_user(app.extensions["settings"].users, name, frozenset(roles or ROLES), PASSWORD)
        somebody = Visitor(app, app.test_client())
        answer = somebody.send("/sign-in", {"name": name, "password": PASSWORD}, found_at="/sign-in")
        assert answer.status_code == 303
        return somebody

    return enter


@pytest.fixture
def classroom(stage: MotoStage) -> Classroom:
    """The stage with three students of cse546 enrolled; two of them have names that try to be something else."""
    made = Classroom(stage.s3, stage.dynamodb)
    made.enrol(ADA, BOB, EVE)
    return made
