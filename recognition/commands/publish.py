"""`publish`: gallery and rows to a stage."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime, timezone
from pathlib import Path

import click

from recognition.commands.material import gallery_option, stored_gallery, students_option
from recognition.errors import GalleryError
from recognition.students_file import read_students


@click.command()
@gallery_option
@students_option
@click.option(
    "--renew-consent",
    is_flag=True,
    help="Bring back every consent that is missing from the stage's rows, withdrawn ones among them.",
)
def publish(gallery_file: Path, students_file: Path, renew_consent: bool) -> None:
    """Upload gallery and rows to the stage in GALLERY_BUCKET and STUDENT_TABLE."""
    from recognition.aws.calls import client
    from recognition.aws.erased import S3Erased
    from recognition.aws.galleries import S3Galleries
    from recognition.aws.roster import DynamoRoster
    from recognition.publish import publish as publish_gallery
    from recognition.settings import require

    require(os.environ, ("GALLERY_BUCKET", "STUDENT_TABLE"))
    s3, bucket = client("s3"), os.environ["GALLERY_BUCKET"]
    before = None
    with contextlib.suppress(GalleryError):  # none, a damaged one, or another model's: it is what is to be replaced
        before = S3Galleries(s3, bucket).current()
    published = publish_gallery(
        stored_gallery(gallery_file),
        read_students(students_file),
        datetime.now(timezone.utc),
        roster=DynamoRoster(client("dynamodb"), os.environ["STUDENT_TABLE"]),
        galleries=S3Galleries(s3, bucket),
        erased=S3Erased(s3, bucket),
        renew_consent=renew_consent,
    )
    click.echo(f"published gallery {published.gallery.version}: {len(published.gallery.student_ids)} student(s)")
    told = {*published.gallery.student_ids, *published.left_out, *published.erased}
    if before and (gone := [each for each in before.student_ids if each not in told]):
        click.echo(
            f"no longer published, for {gallery_file} does not hold them: {', '.join(gone)}. Enrol everybody into one "
            f"gallery, or go back: `python -m recognition gallery rollback {before.version}`.",
            err=True,
        )
    if published.erased:
        click.echo(
            f"erased from the stage, so not published: {', '.join(published.erased)}. "
            "If they have consented anew, record it with `python -m recognition consent import`.",
            err=True,
        )
    if published.withdrawn:
        click.echo(
            f"no longer consenting on the stage, so not named: {', '.join(published.withdrawn)}. "
            "If one has consented anew, record it with `python -m recognition consent import`: --renew-consent brings "
            "back all of them.",
            err=True,
        )
    if published.left_out:
        click.echo(
            f"left out {len(published.left_out)} student(s) without a row and valid consent: "
            f"{', '.join(published.left_out)}. Enrol again with --consent-by WHO once they consent.",
            err=True,
        )
