"""The composition root: the only place that sees both dlib and boto3.

Clients are made once for each process; models are loaded when the first clip needs them, so that a repeat or a
rejection costs no model. Settings are read on the first call, and every missing one is named.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from recognition.decode import prepare
from recognition.detect import Detector
from recognition.embed import Embedder
from recognition.events import Responder
from recognition.identify import Identifier
from recognition.metrics import Metrics, NoMetrics
from recognition.pipeline import Pipeline
from recognition.settings import Settings

LIBRARIES = ("aws_lambda_powertools", "boto3", "botocore", "s3transfer", "urllib3")
MARGIN_S = 2.0  # the lock outlives the invocation by this much, so that nobody takes over from the dying


@cache
def identifier(detector: str = "hog") -> Identifier:
    """The models, loaded once for each process. `detector` is one of `detect.DETECTORS`."""
    prepare()
    return Identifier(Detector(), Embedder(), detector)


def make_pipeline(settings: Settings, client: Callable[[str], Any]) -> Pipeline:
    """The pipeline of one stage. `client` makes a boto3 client by the service's name."""
    from recognition.aws.clips import S3Clips
    from recognition.aws.galleries import S3Galleries
    from recognition.aws.jobs import DynamoJobs
    from recognition.aws.outputs import S3Store, SqsOutbox
    from recognition.aws.roster import DynamoRoster

    s3, dynamodb = client("s3"), client("dynamodb")
    return Pipeline(
        input_bucket=settings.input_bucket,
        output_bucket=settings.output_bucket,
        identifier=partial(identifier, settings.detector),
        clips=S3Clips(s3),
        galleries=S3Galleries(s3, settings.gallery_bucket),
        roster=DynamoRoster(dynamodb, settings.student_table),
        jobs=DynamoJobs(dynamodb, settings.job_table, settings.record_days),
        store=S3Store(s3),
        outbox=SqsOutbox(client("sqs"), settings.output_queue_url),
        clock=time.time,
        memory_mb=settings.memory_mb,
        rule=settings.rule,
        search_beyond_section=settings.search_beyond_section,
        metrics=_metrics(settings),
    )


def _speak_alone() -> None:
    """Shut the libraries' logs, whatever level ours has, and those of a log that cannot be written.

    The first write down rows, keys and bodies; the second print a traceback, and with it the text of whatever
    exception is being handled.
    """
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.CRITICAL)
    logging.raiseExceptions = False


def _metrics(settings: Settings) -> Metrics:
    """Off Lambda nothing is counted: nobody would read it, and Powertools takes 9 ms to import."""
    if not settings.function_name:
        return NoMetrics()
    from recognition.aws.metrics import EmfMetrics

    return EmfMetrics(settings.function_name, settings.log_level)


@cache
def deployed_pipeline() -> Pipeline:
    """The pipeline of the environment this process runs in. What decodes clips starts beside the first requests."""
    _speak_alone()
    prepare()
    from recognition.aws.calls import client

    return make_pipeline(Settings.from_environment(os.environ), client)


def respond(
    event: Mapping[str, object], context: Any, pipeline: Callable[[], Pipeline] = deployed_pipeline
) -> dict[str, object]:
    """The function's answer to `event`. `context` is Lambda's: it knows how much time is left."""

    def time_left_s() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    deadline = time.time() + time_left_s() + MARGIN_S
    return Responder(partial(pipeline().process, deadline=deadline), time_left_s).respond(event)
