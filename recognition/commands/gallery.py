"""`gallery`: the published galleries that a stage keeps, and back to an earlier one."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from recognition.columns import aligned
from recognition.one_line import one_line

if TYPE_CHECKING:
    from recognition.rollback import Kept

TITLES = ("version", "published at", "bytes", "students", "templates", "photographs", "")


@click.group()
def gallery() -> None:
    """The published galleries of the stage in GALLERY_BUCKET and STUDENT_TABLE."""


@gallery.command("list")
@click.option("--json", "as_json", is_flag=True, help="The same as data.")
def list_galleries(as_json: bool) -> None:
    """List what is kept, the latest first. An overwritten gallery is kept for 7 days, an erased student in none."""
    from recognition.aws.calls import client
    from recognition.aws.galleries import S3Galleries
    from recognition.aws.versions import S3Versions
    from recognition.rollback import kept_galleries
    from recognition.settings import require

    require(os.environ, ("GALLERY_BUCKET",))
    s3, bucket = client("s3"), os.environ["GALLERY_BUCKET"]
    kept = kept_galleries(S3Versions(s3, bucket), S3Galleries(s3, bucket).key())
    if as_json:
        click.echo(json.dumps([asdict(each) | {"written": each.written.isoformat()} for each in kept], indent=2))
        return
    for line in aligned([TITLES, *map(_row, kept)]) if kept else ():
        click.echo(one_line(line))
    if not any(each.published for each in kept):
        click.echo("none is published: run `python -m recognition publish`, or go back to one of these", err=True)


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
    if published.version != version:
        click.echo(
            f"they are those of {version} who may be in it now, on today's rosters: a version of its own", err=True
        )


def _row(kept: Kept) -> tuple[str, ...]:
    counts = (kept.students, kept.templates, kept.photographs)
    told = ("-", "-", "-") if kept.fault else tuple(f"{count:,}" for count in counts)
    said = ["published"] if kept.published else []
    said += [f"cannot be used: {kept.fault}"] if kept.fault else []
    return kept.version, f"{kept.written:%Y-%m-%d %H:%M} UTC", f"{kept.size:,}", *told, ", ".join(said)
