"""`explain`: what was decided about a clip, and why."""

from __future__ import annotations

from pathlib import Path

import click

from recognition.commands.records import file_option, stage_records
from recognition.files import require_place, write_private
from recognition.one_line import one_line


@click.command()
@click.argument("clip")
@file_option("--picture", "Write the annotated picture there; the faces are numbered in it.")
def explain(clip: str, picture: Path | None) -> None:
    """Say what was decided about CLIP, named by its key in the input bucket, and why."""
    from recognition.explain import explained
    from recognition.rollcall import clip_seen

    if picture:
        require_place(picture)
    records = stage_records()
    version = records.of_clip(clip)
    standing = records.standing(version.session.section, [version])
    (seen,) = records.with_pictures([clip_seen(version, standing, records.output_bucket)])
    for line in explained(seen, standing):
        click.echo(one_line(line))
    if picture:
        jpeg = records.picture(version, seen.picture)
        if jpeg is None:
            raise click.ClickException(f"{picture} is not written: there is no picture that may be shown")
        write_private(picture, jpeg)
