"""`retention`: what a stage keeps, how old it is, and whether the rules that should end it are there."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from recognition.retention import Kept

OVERDUE = 3
NEEDED = ("INPUT_BUCKET", "OUTPUT_BUCKET", "GALLERY_BUCKET", "STUDENT_TABLE", "JOB_TABLE")
BUCKETS = (("INPUT_BUCKET", "clips"), ("OUTPUT_BUCKET", "results"), ("GALLERY_BUCKET", "templates"))
CURRENT_FOR_GOOD = "GALLERY_BUCKET"  # the published gallery stays; what it was before does not
ENDLESS = "no rule ends what lies here: deploy the stage again"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def retention(as_json: bool) -> None:
    """Say what exists on the stage and how old it is. The code is 3 if something should be gone, or never will be.

    The poller's files are on its machine: RESULT_RETENTION_DAYS ends them.
    """
    from recognition.aws.calls import client
    from recognition.aws.job_items import DynamoJobItems
    from recognition.aws.roster import DynamoRoster
    from recognition.retention import Kept, as_text, kept_items
    from recognition.retention import as_json as as_data
    from recognition.settings import require

    require(os.environ, NEEDED)
    now, s3, dynamodb = datetime.now(timezone.utc), client("s3"), client("dynamodb")
    kept = [each for name, what in BUCKETS for each in _bucket(s3, name, what, now)]
    jobs = DynamoJobItems(dynamodb, os.environ["JOB_TABLE"])
    kept.append(kept_items(jobs.expiries(), jobs.ends(), now))
    rows = sum(1 for _ in DynamoRoster(dynamodb, os.environ["STUDENT_TABLE"]).everybody())
    kept.append(Kept("student table", "rows", rows))
    click.echo(json.dumps(as_data(kept), indent=2) if as_json else as_text(kept))
    if any(each.advice for each in kept):
        raise SystemExit(OVERDUE)


def _bucket(s3: Any, name: str, what: str, now: datetime) -> list[Kept]:
    from recognition.aws.versions import S3Versions
    from recognition.retention import kept_in

    bucket = S3Versions(s3, os.environ[name])
    limits = bucket.limits()
    current, older = kept_in(name.replace("_", " ").lower(), what, bucket.versions(), limits, now)
    endless = limits.older is None or (limits.current is None and name != CURRENT_FOR_GOOD)
    return [replace(current, advice=ENDLESS) if endless else current, older]
