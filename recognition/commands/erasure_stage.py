"""Everywhere on a stage that something of a student may be, made from the environment: for `forget` and the console."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from recognition.erasure.forget import Stage

NEEDED = (
    "INPUT_BUCKET",
    "OUTPUT_BUCKET",
    "GALLERY_BUCKET",
    "STUDENT_TABLE",
    "JOB_TABLE",
    "OUTPUT_QUEUE_URL",
    "OUTPUT_DEAD_LETTER_QUEUE_URL",
)


def stage_in(
    environment: Mapping[str, str],
    client: Callable[[str], Any],
    wait_s: int = 2,
    looked: Callable[[str], None] = lambda place: None,
) -> Stage:
    """Everywhere on the stage that the environment names; empty queues are waited for `wait_s`, 0 to 20 seconds.
    `looked` is called, with the place's name, after each of the many things that are looked through there.

    Raises `SetupError` naming what is not set.
    """
    from recognition.aws.erased import S3Erased
    from recognition.aws.galleries import S3Galleries
    from recognition.aws.job_items import DynamoJobItems
    from recognition.aws.messages import SqsMessages
    from recognition.aws.outputs import SqsOutbox
    from recognition.aws.roster import DynamoRoster
    from recognition.aws.versions import S3Versions
    from recognition.erasure.clips import Clips
    from recognition.erasure.jobs import Jobs
    from recognition.erasure.messages import Messages
    from recognition.erasure.results import Results
    from recognition.erasure.templates import Templates
    from recognition.settings import require

    require(environment, NEEDED)
    names = {name: environment[name] for name in NEEDED}
    s3, sqs, dynamodb = client("s3"), client("sqs"), client("dynamodb")
    gallery = names["GALLERY_BUCKET"]
    return Stage(
        rows=DynamoRoster(dynamodb, names["STUDENT_TABLE"]),
        erased=S3Erased(s3, gallery),
        templates=Templates(S3Versions(s3, gallery), S3Galleries(s3, gallery)),
        jobs=Jobs(DynamoJobItems(dynamodb, names["JOB_TABLE"]), partial(looked, "job records")),
        results=Results(S3Versions(s3, names["OUTPUT_BUCKET"]), partial(looked, "results")),
        clips=Clips(S3Versions(s3, names["INPUT_BUCKET"])),
        queues=(
            Messages(SqsMessages(sqs, names["OUTPUT_QUEUE_URL"], wait_s), "output queue"),
            Messages(SqsMessages(sqs, names["OUTPUT_DEAD_LETTER_QUEUE_URL"], wait_s), "output dead letters"),
        ),
        outbox=SqsOutbox(sqs, names["OUTPUT_QUEUE_URL"]),
        clock=time.time,
    )
