"""`consent`: the register of consents in `student_table`: import a list, report who lacks it, withdraw one."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recognition.commands.material import warn_of_namesakes
from recognition.one_line import one_line
from recognition.register import Import, Report, imported
from recognition.register import report as report_on
from recognition.roster import Student
from recognition.students_csv import read_csv

if TYPE_CHECKING:
    from recognition.aws.roster import DynamoRoster


@click.group()
def consent() -> None:
    """Who may be recognised: the register of consents of the stage in STUDENT_TABLE and GALLERY_BUCKET."""


@consent.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--ignore", "ignored", multiple=True, metavar="COLUMN", help="Pass over a column that is not known.")
@click.option("--dry-run", is_flag=True, help="Check everything and say what would be written; write nothing.")
def import_consents(file: Path, ignored: tuple[str, ...], dry_run: bool) -> None:
    """Take over a CSV FILE of students: student_id, and any of name, major, year, sections, granted_by, granted_at,
    until, scope. Nothing is written unless every line is right; empty cells change nothing. The published gallery's
    rosters follow at once."""
    from recognition.aws.erased import S3Erased
    from recognition.aws.galleries import S3Galleries
    from recognition.rosters import renew_rosters

    lines = read_csv(file, ignored=ignored)
    roster, s3 = _roster()
    bucket = os.environ["GALLERY_BUCKET"]
    erased = S3Erased(s3, bucket)
    there = {student.student_id: student for student in roster.everybody()}
    forgotten = erased.among([line.student_id for line in lines])
    found = imported(lines, there, forgotten, datetime.now(timezone.utc))
    _tell(found, dry_run)
    if dry_run:
        return
    roster.write(found.new)
    roster.replace(found.changed)
    for student_id in found.again:
        erased.lift(student_id)
    galleries = S3Galleries(s3, bucket)
    if renewed := renew_rosters(datetime.now(timezone.utc), roster=roster, galleries=galleries, erased=erased):
        click.echo(f"published gallery {renewed.version}: its rosters are those of the rows now")


@consent.command()
@click.option("--section", help="Only this section's students.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def report(section: str | None, as_json: bool) -> None:
    """Say who lacks consent, whose has expired, and whose ends within 31 days."""
    roster, _ = _roster()
    students = [student for student in roster.everybody() if section is None or section in student.sections]
    found = report_on(students, datetime.now(timezone.utc))
    click.echo(_as_json(found) if as_json else _as_text(found))


@consent.command()
@click.argument("student")
def withdraw(student: str) -> None:
    """Take the consent of STUDENT (an id) back, and the student out of the published gallery, at once."""
    from recognition.aws.galleries import S3Galleries
    from recognition.withdrawal import withdraw as take_back

    roster, s3 = _roster()
    taken_out = take_back(student, roster, S3Galleries(s3, os.environ["GALLERY_BUCKET"]))
    click.echo(f"student {student}: consent withdrawn{', taken out of the published gallery' if taken_out else ''}")
    click.echo("What was recognised before stays; `python -m recognition forget` erases it.", err=True)


@consent.command()
def enforce() -> None:
    """Take whoever has no valid consent any more out of the published gallery. For cron, daily."""
    from recognition.aws.galleries import S3Galleries
    from recognition.erasure.templates import publish_without

    roster, s3 = _roster()
    galleries = S3Galleries(s3, os.environ["GALLERY_BUCKET"])
    enrolled = galleries.current().student_ids
    rows, now = roster.students(enrolled), datetime.now(timezone.utc)
    ended = [each for each in enrolled if each not in rows or not rows[each].may_be_enrolled(now)]
    if ended:
        publish_without(ended, galleries)
    named = f": {one_line(', '.join(ended))}" if ended else ""
    click.echo(f"{len(ended)} student(s) taken out of the published gallery{named}")


def _roster() -> tuple[DynamoRoster, Any]:
    from recognition.aws.calls import client
    from recognition.aws.roster import DynamoRoster
    from recognition.settings import require

    require(os.environ, ("GALLERY_BUCKET", "STUDENT_TABLE"))
    return DynamoRoster(client("dynamodb"), os.environ["STUDENT_TABLE"]), client("s3")


def _tell(found: Import, dry_run: bool) -> None:
    would = " (dry run: nothing is written)" if dry_run else ""
    click.echo(f"{len(found.new)} new row(s), {len(found.changed)} changed{would}")
    warn_of_namesakes(found.namesakes)
    for student_id in found.again:
        anew = f"{student_id} was erased and has consented anew: enrol and publish to recognise again"
        click.echo(one_line(anew), err=True)


def _as_text(found: Report) -> str:
    parts = [
        ("without consent", found.without),
        ("consent expired", found.expired),
        ("consent ends within 31 days", found.expiring),
        ("consent begins later", found.to_come),
    ]
    lines = [f"{len(found.valid) + len(found.expiring)} student(s) with valid consent"]
    for title, students in parts:
        lines.append(f"{len(students)} {title}")
        lines += [f"  {_line(student)}" for student in students]
    return "\n".join(lines)


def _line(student: Student) -> str:
    until = student.consent.expires_at if student.consent else None
    scope = student.consent.scope if student.consent else ()
    more = [*([f"until {until}"] if until else []), *([f"for {', '.join(scope)} only"] if scope else [])]
    return one_line(f"{student.student_id}  {student.name}" + (f"  ({'; '.join(more)})" if more else ""))


def _as_json(found: Report) -> str:
    def ids(students: Sequence[Student]) -> list[str]:
        return [student.student_id for student in students]

    told = {name: ids(getattr(found, name)) for name in ("valid", "expiring", "expired", "to_come", "without")}
    return json.dumps(told, indent=2, ensure_ascii=False)
