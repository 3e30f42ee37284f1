"""What several verbs ask for and leave behind: the gallery's file, the students' file, and who consented.

Knows files and wording, no models and no cloud. The surprising rule: places that cannot be written are refused before
the work, not after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

import click

from recognition.detect import DETECTORS
from recognition.files import require_place, write_private
from recognition.gallery import Gallery
from recognition.gallery_file import read_gallery, write_gallery
from recognition.one_line import one_line
from recognition.roster import Consent, Student, moment
from recognition.students_file import write_students

gallery_option = click.option(
    "--gallery", "gallery_file", type=click.Path(path_type=Path), default=Path("gallery.npz"), show_default=True
)
students_option = click.option(
    "--students", "students_file", type=click.Path(path_type=Path), default=Path("students.json"), show_default=True
)
detector_option = click.option(
    "--detector",
    type=click.Choice(list(DETECTORS)),
    default="hog",
    show_default=True,
    help="With hog+cnn a CNN looks where HOG found nobody: seconds of computing each time.",
)


def consent_options(command: Callable[..., None]) -> Callable[..., None]:
    """The two options that record a consent for students who have none yet."""
    by = click.option("--consent-by", help="Who granted consent, for students without one on record.")
    until = click.option("--consent-until", help="When that consent expires, as 2027-07-31.")
    return by(until(command))


def consent_given(by: str | None, until: str | None) -> Consent | None:
    """The consent that --consent-by and --consent-until record, or None. Raises `click.UsageError`."""
    if until is not None and not by:
        raise click.UsageError("--consent-until needs --consent-by: who granted it?")
    if by is None:
        return None
    if until is not None and moment(until) <= datetime.now(timezone.utc):
        raise click.UsageError(f"--consent-until {until} is over already")
    expires_at = moment(until).isoformat() if until is not None else None
    return Consent(by, datetime.now(timezone.utc).isoformat(timespec="seconds"), expires_at)


def require_places(gallery_file: Path, students_file: Path) -> None:
    """Refuse two files in one place, and places where no file can be."""
    if gallery_file.resolve() == students_file.resolve():
        raise click.UsageError("--gallery and --students must be two files")
    for path in (gallery_file, students_file):
        require_place(path)


def stored_gallery(file: Path) -> Gallery:
    """The gallery in `file`. Raises `click.ClickException` without one, `GalleryError` for a damaged one."""
    try:
        return read_gallery(file.read_bytes())
    except OSError as error:
        raise click.ClickException(
            f"{file}: {error.strerror}. Make a gallery with `python -m recognition enrol`"
        ) from error


def store(gallery: Gallery, students: list[Student], gallery_file: Path, students_file: Path) -> None:
    """Write both files, and warn of students without a row or without consent."""
    write_private(gallery_file, write_gallery(gallery))
    write_students(students_file, students)
    click.echo(
        f"{gallery_file}: {len(gallery.student_ids)} student(s), threshold {gallery.threshold}, {students_file}: rows"
    )
    _warn("have no row, so they stay unnamed", set(gallery.student_ids) - {student.student_id for student in students})
    now = datetime.now(timezone.utc)
    without = {student.student_id for student in students if not student.may_be_enrolled(now)}
    _warn("have no valid consent on record; record it in the list or student.json, or with --consent-by WHO", without)


def warn_of_namesakes(names: Mapping[str, Sequence[str]]) -> None:
    """Warn of each name that several students bear: they stay apart, unless one is listed twice by mistake."""
    for name, ids in names.items():
        said = f"warning: {len(ids)} students are called {name!r}: {', '.join(ids)}. Is none listed twice?"
        click.echo(one_line(said), err=True)


def _warn(what: str, student_ids: set[str]) -> None:
    if student_ids:
        said = f"warning: {len(student_ids)} student(s) {what}: {', '.join(sorted(student_ids))}"
        click.echo(one_line(said), err=True)
