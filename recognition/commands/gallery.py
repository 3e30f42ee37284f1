"""`gallery`: the published galleries that a stage keeps, and back to an earlier one."""

from __future__ import annotations

import os
from datetime import datetime, timezone

import click


@click.group()
def gallery() -> None:
    """The published galleries of the stage in GALLERY_BUCKET and STUDENT_TABLE."""


@gallery.command("list")
def list_galleries() -> None:
    """List what is kept, the latest first. An overwritten gallery is kept for 7 days, an erased student in none."""
    from recognition.aws.calls import client
    from recognition.aws.versions import S3Versions
    from recognition.rollback import earlier
    from recognition.settings import require

    require(os.environ, ("GALLERY_BUCKET",))
    for each in earlier(S3Versions(client("s3"), os.environ["GALLERY_BUCKET"])):
        students = "cannot be used" if each.students is None else f"{each.students} student(s)"
        click.echo(f"{each.version}  {each.written:%Y-%m-%d %H:%M} UTC  {students}{'  published' * each.current}")


@gallery.command()
@click.argument("version")
def rollback(version: str) -> None:
    """Publish the gallery VERSION again: its templates and threshold, of those who consent now."""
    from recognition.aws.calls import client
    from recognition.aws.erased import S3Erased
    from recognition.aws.galleries import S3Galleries
    from recognition.aws.roster import DynamoRoster
    from recognition.aws.versions import S3Versions
    from recognition.rollback import roll_back
    from recognition.settings import require

    require(os.environ, ("GALLERY_BUCKET", "STUDENT_TABLE"))
    s3, bucket = client("s3"), os.environ["GALLERY_BUCKET"]
    published = roll_back(
        version,
        datetime.now(timezone.utc),
        bucket=S3Versions(s3, bucket),
        roster=DynamoRoster(client("dynamodb"), os.environ["STUDENT_TABLE"]),
        galleries=S3Galleries(s3, bucket),
        erased=S3Erased(s3, bucket),
    )
    click.echo(f"published gallery {published.version}: {len(published.student_ids)} student(s)")
