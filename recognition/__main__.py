"""`python -m recognition`: enrol, import a legacy gallery, identify clips without any cloud, publish to a stage."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from recognition.errors import RecognitionError
from recognition.files import require_place, write_private
from recognition.gallery import Gallery, read_gallery, write_gallery
from recognition.roster import Consent, Student, moment, read_students, write_students

gallery_option = click.option(
    "--gallery", "gallery_file", type=click.Path(path_type=Path), default=Path("gallery.npz"), show_default=True
)
students_option = click.option(
    "--students", "students_file", type=click.Path(path_type=Path), default=Path("students.json"), show_default=True
)


def consent_options(command: Callable[..., None]) -> Callable[..., None]:
    """The two options that record a consent for students who have none yet."""
    by = click.option("--consent-by", help="Who granted consent, for students without one on record.")
    until = click.option("--consent-until", help="When that consent expires, as 2027-07-31.")
    return by(until(command))


@click.group()
def cli() -> None:
    """Smart Classroom's recognition on the command line."""


@cli.command()
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

    consent = _consent(consent_by, consent_until)
    _require_places(gallery_file, students_file)
    folders = read_folders(folder, consent)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("enrolling", total=len(folders))
        made = enrol_folders(folders, identifier(), skip_bad=skip_bad_photographs, done=lambda: progress.advance(task))
    for refusal in made.refusals:
        click.echo(f"left out: {refusal.photograph}: {refusal.reason}", err=True)
    _write(made.gallery, list(made.students), gallery_file, students_file)


@cli.command("import-legacy")
@click.argument("encoding", type=click.Path(path_type=Path))
@click.argument("student_data", type=click.Path(path_type=Path))
@gallery_option
@students_option
@consent_options
def import_legacy(
    encoding: Path,
    student_data: Path,
    gallery_file: Path,
    students_file: Path,
    consent_by: str | None,
    consent_until: str | None,
) -> None:
    """Convert the original system's pickle ENCODING (nothing in it is executed) and its JSON table STUDENT_DATA."""
    from recognition.legacy import import_students, read_legacy

    consent = _consent(consent_by, consent_until)
    _require_places(gallery_file, students_file)
    gallery, students = import_students(read_legacy(encoding), read_students(student_data), consent)
    _write(gallery, students, gallery_file, students_file)


@cli.command()
@click.argument("clips", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@gallery_option
@click.option("--students", "students_file", type=click.Path(path_type=Path), help="Names instead of ids, and consent.")
@click.option(
    "--pictures", type=click.Path(path_type=Path, file_okay=False), default=Path("pictures"), show_default=True
)
def identify(clips: tuple[Path, ...], gallery_file: Path, students_file: Path | None, pictures: Path) -> None:
    """Identify the students in CLIPS without any cloud: a table, and a picture for each clip that shows a face."""
    from recognition.offline import Look, free_name, look_at, table

    gallery = _read_gallery(gallery_file)
    students = read_students(students_file) if students_file else None
    pictures.mkdir(parents=True, exist_ok=True)
    looks: list[Look] = []
    with Progress(console=Console(stderr=True)) as progress:
        for clip in progress.track(clips, description="identifying"):
            looks.append(look_at(clip, gallery, students, free_name(pictures, clip, looks)))
    Console(width=None if sys.stdout.isatty() else 160).print(table(looks))


@cli.command()
@gallery_option
@students_option
@click.option("--renew-consent", is_flag=True, help="Bring consents back that are missing from the stage's rows.")
def publish(gallery_file: Path, students_file: Path, renew_consent: bool) -> None:
    """Upload gallery and rows to the stage in GALLERY_BUCKET and STUDENT_TABLE."""
    from recognition.aws.calls import client
    from recognition.aws.galleries import S3Galleries
    from recognition.aws.roster import DynamoRoster
    from recognition.publish import publish as publish_gallery
    from recognition.settings import require

    require(os.environ, ("GALLERY_BUCKET", "STUDENT_TABLE"))
    published = publish_gallery(
        _read_gallery(gallery_file),
        read_students(students_file),
        datetime.now(timezone.utc),
        roster=DynamoRoster(client("dynamodb"), os.environ["STUDENT_TABLE"]),
        galleries=S3Galleries(client("s3"), os.environ["GALLERY_BUCKET"]),
        renew_consent=renew_consent,
    )
    click.echo(f"published gallery {published.gallery.version}: {len(published.gallery.student_ids)} student(s)")
    if published.withdrawn:
        click.echo(
            f"no longer consenting on the stage, so not named: {', '.join(published.withdrawn)}. "
            "If they have consented anew, publish with --renew-consent.",
            err=True,
        )
    if published.left_out:
        click.echo(
            f"left out {len(published.left_out)} student(s) without a row and valid consent: "
            f"{', '.join(published.left_out)}. Enrol again with --consent-by WHO once they consent.",
            err=True,
        )


def _consent(by: str | None, until: str | None) -> Consent | None:
    if until is not None and not by:
        raise click.UsageError("--consent-until needs --consent-by: who granted it?")
    if by is None:
        return None
    if until is not None and moment(until) <= datetime.now(timezone.utc):
        raise click.UsageError(f"--consent-until {until} is over already")
    expires_at = moment(until).isoformat() if until is not None else None
    return Consent(by, datetime.now(timezone.utc).isoformat(timespec="seconds"), expires_at)


def _require_places(gallery_file: Path, students_file: Path) -> None:
    if gallery_file.resolve() == students_file.resolve():
        raise click.UsageError("--gallery and --students must be two files")
    for path in (gallery_file, students_file):
        require_place(path)


def _read_gallery(file: Path) -> Gallery:
    try:
        return read_gallery(file.read_bytes())
    except OSError as error:
        raise click.ClickException(
            f"{file}: {error.strerror}. Make a gallery with `python -m recognition enrol`"
        ) from error


def _write(gallery: Gallery, students: list[Student], gallery_file: Path, students_file: Path) -> None:
    write_private(gallery_file, write_gallery(gallery))
    write_students(students_file, students)
    click.echo(
        f"{gallery_file}: {len(gallery.student_ids)} student(s), threshold {gallery.threshold}, {students_file}: rows"
    )
    _warn("have no row, so they stay unnamed", set(gallery.student_ids) - {student.student_id for student in students})
    now = datetime.now(timezone.utc)
    without = {student.student_id for student in students if not student.may_be_named(now)}
    _warn("have no valid consent on record; record it in student.json, or with --consent-by WHO", without)


def _warn(what: str, student_ids: set[str]) -> None:
    if student_ids:
        click.echo(f"warning: {len(student_ids)} student(s) {what}: {', '.join(sorted(student_ids))}", err=True)


def _explained(error: Exception) -> str | None:
    """One line for a fault of the machine, the account or the input; None for a fault of ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError | BotoCoreError):
        return f"AWS: {error}. Are AWS_REGION, the credentials, GALLERY_BUCKET and STUDENT_TABLE this stage's?"
    return str(error) if isinstance(error, RecognitionError | OSError) else None


def main() -> int:
    """Run the command line; what is not our own fault becomes one clear line and exit code 1."""
    try:
        cli(standalone_mode=True, prog_name="python -m recognition")
    except Exception as error:
        explained = _explained(error)
        if explained is None:
            raise
        click.echo(f"error: {explained}", err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
