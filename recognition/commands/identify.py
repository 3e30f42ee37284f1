"""`identify`: who is in the clips on this disk, without any cloud."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from recognition.commands.material import detector_option, gallery_option, stored_gallery
from recognition.students_file import read_students


@click.command()
@click.argument("clips", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@gallery_option
@click.option("--students", "students_file", type=click.Path(path_type=Path), help="Names instead of ids, and consent.")
@click.option(
    "--pictures", type=click.Path(path_type=Path, file_okay=False), default=Path("pictures"), show_default=True
)
@detector_option
def identify(
    clips: tuple[Path, ...], gallery_file: Path, students_file: Path | None, pictures: Path, detector: str
) -> None:
    """Identify the students in CLIPS without any cloud: a table, and a picture for each clip that shows a face."""
    from recognition.offline import Look, free_name, look_at, table

    gallery = stored_gallery(gallery_file)
    students = read_students(students_file) if students_file else None
    pictures.mkdir(parents=True, exist_ok=True)
    looks: list[Look] = []
    with Progress(console=Console(stderr=True)) as progress:
        for clip in progress.track(clips, description="identifying"):
            looks.append(look_at(clip, gallery, students, free_name(pictures, clip, looks), detector))
    Console(width=None if sys.stdout.isatty() else 160).print(table(looks))
