"""Versions in `job_table` as the function leaves them behind."""

from __future__ import annotations

from typing import Any

from recognition.aws.jobs import DynamoJobs
from recognition.decision import write_decision
from recognition.finished import FinishedVersion
from recognition.jobs import Begun, Entry


def work(stage: Any, version: FinishedVersion) -> None:
    """What the function leaves behind of a version."""
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    assert jobs.begin(version.upload, version.at - 60, version.at + 60) == Begun()
    text = write_decision(version.decision) if version.decision else ""
    jobs.keep(
        version.upload,
        "the message",
        Entry(version.session, version.at, text, version.took_ms, version.usd, version.reason),
    )
    jobs.finish(version.upload, version.outcome, version.at + 1)
