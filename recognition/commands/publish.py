"""`publish`: gallery and rows to a stage."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recognition.commands.material import gallery_option, stored_gallery, students_option
from recognition.one_line import one_line
from recognition.students_file import read_students

if TYPE_CHECKING:
    from recognition.publish import Published


@click.command()
@gallery_option
@students_option
@click.option("--drop", is_flag=True, help="Publish though the gallery lacks students who are published now.")
def publish(gallery_file: Path, students_file: Path, drop: bool) -> None:
    """Upload gallery and rows to the stage in GALLERY_BUCKET and STUDENT_TABLE.

    A row that the stage has already stays as it is there: `consent import` changes it.
    """
    from recognition.aws.calls import client
    from recognition.aws.erased import S3Erased
    from recognition.aws.galleries import S3Galleries
    from recognition.aws.roster import DynamoRoster
    from recognition.publish import publish as publish_gallery
    from recognition.settings import require

    require(os.environ, ("GALLERY_BUCKET", "STUDENT_TABLE"))
    s3, bucket = client("s3"), os.environ["GALLERY_BUCKET"]
    published = publish_gallery(
        stored_gallery(gallery_file),
        read_students(students_file),
        datetime.now(timezone.utc),
        roster=DynamoRoster(client("dynamodb"), os.environ["STUDENT_TABLE"]),
        galleries=S3Galleries(s3, bucket),
        erased=S3Erased(s3, bucket),
        drop=drop,
    )
    click.echo(f"published gallery {published.gallery.version}: {len(published.gallery.student_ids)} student(s)")
    _tell(published, students_file)


def _tell(published: Published, students_file: Path) -> None:
    """Who was not published, or not as the file has it."""
    if published.erased:
        click.echo(
            f"erased from the stage, so not published: {_ids(published.erased)}. "
            "If they have consented anew, record it with `python -m recognition consent import`.",
            err=True,
        )
    if published.withdrawn:
        click.echo(
            f"no longer consenting on the stage, so not named: {_ids(published.withdrawn)}. "
            "If one has consented anew, record it with `python -m recognition consent import`.",
            err=True,
        )
    if published.kept:
        click.echo(
            f"{len(published.kept)} row(s) stay as the stage has them, though {students_file} says otherwise: "
            f"{_ids(published.kept)}. `python -m recognition consent import` changes them.",
            err=True,
        )
    if published.left_out:
        click.echo(
            f"left out {len(published.left_out)} student(s) without a row and valid consent: "
            f"{_ids(published.left_out)}. Once they consent: `python -m recognition consent import`.",
            err=True,
        )


def _ids(student_ids: Sequence[str]) -> str:
    """All of them, for a terminal."""
    return one_line(", ".join(student_ids))
