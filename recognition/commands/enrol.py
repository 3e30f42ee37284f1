"""`enrol`: photographs to a gallery and the students' rows.

Knows files and wording; what is wrong with a photograph is `recognition.enrolment`'s. The surprising rule: what was
seen on the photographs is kept beside the gallery until it is written, so that the next run goes on from there.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from recognition.commands.gate import Asked, gate_options, say, show
from recognition.commands.material import (
    consent_given,
    consent_options,
    gallery_option,
    require_places,
    store,
    students_option,
    warn_of_namesakes,
)
from recognition.one_line import one_line
from recognition.roster import Consent

if TYPE_CHECKING:
    from recognition.enrolment.listed import Listed


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@gallery_option
@students_option
@click.option(
    "--students-csv",
    type=click.Path(path_type=Path),
    help="A list of the students: student_id, name, and any of major, year, sections, granted_by, granted_at, until, "
    "scope, folder.",
)
@click.option("--ignore", "ignored", multiple=True, metavar="COLUMN", help="Pass over a column of the list.")
@consent_options
@gate_options
@click.option(
    "--skip-bad-photographs",
    is_flag=True,
    help="Leave refused photographs out instead of stopping, and students without any other.",
)
def enrol(
    folder: Path,
    gallery_file: Path,
    students_file: Path,
    students_csv: Path | None,
    ignored: tuple[str, ...],
    consent_by: str | None,
    consent_until: str | None,
    asked: Asked,
    skip_bad_photographs: bool,
) -> None:
    """Build a gallery from FOLDER: a folder for each student, with photographs and, if you like, a student.json.

    Names, majors, years, sections and consents may come from one list instead (--students-csv).

    A run that is interrupted, or that refuses a photograph, is continued by the same command.
    """
    from recognition.bootstrap import identifier
    from recognition.enrol import enrolled, look_at_folders
    from recognition.enrolment.journal import Journal, journal_of
    from recognition.enrolment.judge import judge

    consent = consent_given(consent_by, consent_until)
    require_places(gallery_file, students_file)
    listed = _listed(folder, consent, students_csv, ignored)
    folders = listed.folders
    photographs = [photograph for each in folders for photograph in each.photographs]
    accepted = asked.accepted_of(photographs)
    with Journal(journal_of(gallery_file)) as journal:
        if len(journal):
            click.echo(f"{journal.path}: {len(journal)} photograph(s) need not be looked at again", err=True)
        try:
            with _progress() as progress:
                task = progress.add_task("enrolling", total=len(photographs))
                taken = look_at_folders(folders, identifier, journal, lambda: progress.advance(task))
        except KeyboardInterrupt:
            click.echo(f"interrupted after {len(journal)} photograph(s): the same command goes on from there", err=True)
            raise
        judged = judge(taken, accepted=accepted)
        show(judged, [each.student for each in folders], asked)
        if asked.only_reported(judged):
            return
        made = enrolled(folders, judged, gate=asked.gate, skip_bad=skip_bad_photographs)
        say(judged, asked)
        if made.without:
            said = f"left out {len(made.without)} student(s) without a good photograph: {', '.join(made.without)}"
            click.echo(one_line(f"{said}. Their rows are kept; they are not enrolled."), err=True)
        store(made.gallery, [*made.students, *listed.without_photographs], gallery_file, students_file)
        journal.remove()


def _listed(folder: Path, consent: Consent | None, students_csv: Path | None, ignored: tuple[str, ...]) -> Listed:
    """The students' folders, by the list if there is one; what is odd about the list is told."""
    from recognition.enrolment.folders import find_folders, read_folders
    from recognition.enrolment.listed import Listed, listed
    from recognition.register import namesakes
    from recognition.students_csv import read_csv

    if students_csv is None:
        if ignored:
            raise click.UsageError("--ignore is for a column of --students-csv")
        folders = read_folders(folder, consent)
        warn_of_namesakes(namesakes(each.student for each in folders))
        return Listed(tuple(folders))
    lines = read_csv(students_csv, needed=["name"], ignored=ignored)
    found = listed(folder, find_folders(folder), lines, consent, datetime.now(timezone.utc))
    for each in found.told:
        click.echo(f"warning: {each}", err=True)
    warn_of_namesakes(namesakes([*(each.student for each in found.folders), *found.without_photographs]))
    return found


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
