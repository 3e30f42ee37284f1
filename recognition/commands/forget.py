"""`forget`: erase one student from a stage, with a receipt."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress, TaskID, TextColumn

from recognition.commands.erasure_stage import stage_in
from recognition.erasure.places import Subject
from recognition.errors import NobodyKnown
from recognition.files import require_place, write_private
from recognition.one_line import one_line
from recognition.roster import MAX_TEXT

if TYPE_CHECKING:
    from recognition.enrolment.files import OperatorFiles

UNFINISHED, UNKNOWN = 3, 4
FILES = "operator's files"
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("student")
@click.option("--dry-run", is_flag=True, help="List what would be erased and change nothing.")
@click.option("--clips", is_flag=True, help="Delete the raw clips that show the student, too.")
@click.option("--receipt", "receipt_file", type=click.Path(path_type=Path), help="Write the receipt as JSON, too.")
@click.option("--gallery", type=FILE, help="The file that `enrol` wrote: take the student out of it, too.")
@click.option("--students", type=FILE, help="The students' file beside it.")
def forget(
    student: str,
    dry_run: bool,
    clips: bool,
    receipt_file: Path | None,
    gallery: Path | None,
    students: Path | None,
) -> None:
    """Erase STUDENT (an id) everywhere: row, consent, templates, results, job records, and the files on the VM.

    May be repeated: a run that was cut off is finished by the next. The code is 0 if a second look finds nothing, 3 if
    it must be run again, which the receipt then says, and 4 if nothing is known of such an id, and nothing is changed.
    """
    from recognition.aws.calls import client
    from recognition.erasure.forget import forget as erase
    from recognition.erasure.forget import is_noted, look
    from recognition.erasure.receipt import Entry, as_json, as_text

    if not student.strip() or len(student) > MAX_TEXT:
        raise click.UsageError(f"STUDENT is an id of 1 to {MAX_TEXT} characters, as in student_table")
    if receipt_file:
        require_place(receipt_file)
    files = _files(gallery, students)
    with _progress() as progress:
        stage = stage_in(os.environ, client, looked=_counting(progress))
        try:
            if dry_run:
                held = files.holds(student) if files else {}
                receipt, subject = look(student, stage)
                if not (held or receipt.entries or is_noted(student, stage)):
                    raise NobodyKnown(student)
            else:
                held = files.take_out(student) if files else {}
                receipt, subject = erase(student, stage, clips=clips, anybody=bool(held)), None
        except NobodyKnown as error:
            click.echo(one_line(f"error: {error}"), err=True)
            raise SystemExit(UNKNOWN) from error
    here = (Entry(FILES, what, count, "" if dry_run else receipt.began) for what, count in held.items())
    receipt = replace(receipt, entries=(*here, *receipt.entries), files_named=files is not None)
    if subject:
        _list_clips(subject)
    if receipt_file:
        write_private(receipt_file, as_json(receipt).encode())
    click.echo(as_text(receipt), nl=False)
    if not receipt.complete and not dry_run:
        raise SystemExit(UNFINISHED)


def _files(gallery: Path | None, students: Path | None) -> OperatorFiles | None:
    """The operator's files, if they are named. Raises `click.UsageError` for one without the other."""
    from recognition.enrolment.files import OperatorFiles

    if gallery is None and students is None:
        return None
    if gallery is None or students is None:
        raise click.UsageError("--gallery and --students go together: the student is in both")
    return OperatorFiles(gallery, students)


def _progress() -> Progress:
    count = TextColumn("{task.completed:,.0f} looked through")
    return Progress(TextColumn("{task.description}"), count, console=Console(stderr=True))


def _counting(progress: Progress) -> Callable[[str], None]:
    """Counts what was looked through in a place, on a line of its own; it is looked at twice."""
    tasks: dict[str, TaskID] = {}

    def looked(place: str) -> None:
        if place not in tasks:
            tasks[place] = progress.add_task(place, total=None)
        progress.advance(tasks[place])

    return looked


def _list_clips(subject: Subject) -> None:
    """The clips, for whoever must decide about them; never in the receipt."""
    for clip in sorted(subject.clips):
        click.echo(f"shown in {clip.key!r}" + (f", version {clip.version_id}" if clip.version_id else ""))
