"""`enrol`: photographs to a gallery and the students' rows."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from recognition.commands.material import (
    consent_given,
    consent_options,
    gallery_option,
    require_places,
    store,
    students_option,
)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@gallery_option
@students_option
@consent_options
@click.option("--skip-bad-photographs", is_flag=True, help="Leave refused photographs out instead of stopping.")
def enrol(
    folder: Path,
    gallery_file: Path,
    students_file: Path,
    consent_by: str | None,
    consent_until: str | None,
    skip_bad_photographs: bool,
) -> None:
    """Build a gallery from FOLDER: a folder for each student, with photographs and, if you like, a student.json."""
    from recognition.bootstrap import identifier
    from recognition.enrol import enrol as enrol_folders
    from recognition.enrol import read_folders

    consent = consent_given(consent_by, consent_until)
    require_places(gallery_file, students_file)
    folders = read_folders(folder, consent)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("enrolling", total=len(folders))
        made = enrol_folders(folders, identifier(), skip_bad=skip_bad_photographs, done=lambda: progress.advance(task))
    for refusal in made.refusals:
        click.echo(f"left out: {refusal.photograph}: {refusal.reason}", err=True)
    for poor in made.poor:
        click.echo(f"warning: {poor.photograph}: {poor.reason}; enrolled all the same, replace it if you can", err=True)
    store(made.gallery, list(made.students), gallery_file, students_file)
