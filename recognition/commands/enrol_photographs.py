"""`enrol-photographs`: single photographs of one student to a gallery that is there already.

Knows files and wording. The surprising rule: what is enrolled already is believed, and the new photographs are held
against it; whoever was enrolled wrongly is enrolled again from folders.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from recognition.commands.gate import Asked, gate_options, say, show
from recognition.commands.material import (
    consent_given,
    consent_options,
    gallery_option,
    require_places,
    store,
    stored_gallery,
    students_option,
    warn_of_namesakes,
)
from recognition.roster import Consent, Student, from_row


@click.command()
@click.argument("student_id")
@click.argument("photographs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@gallery_option
@students_option
@click.option("--name", help="Of a new student; --major and --year likewise.")
@click.option("--major", default="")
@click.option("--year", default="")
@consent_options
@gate_options
@click.option("--skip-bad-photographs", is_flag=True, help="Leave refused photographs out instead of stopping.")
def enrol_photographs(
    student_id: str,
    photographs: tuple[Path, ...],
    gallery_file: Path,
    students_file: Path,
    name: str | None,
    major: str,
    year: str,
    consent_by: str | None,
    consent_until: str | None,
    asked: Asked,
    skip_bad_photographs: bool,
) -> None:
    """Add PHOTOGRAPHS of STUDENT_ID to the gallery, a new student's with --name."""
    from recognition.bootstrap import identifier
    from recognition.enrolment.adding import with_photographs
    from recognition.enrolment.files import OperatorFiles
    from recognition.enrolment.gate import passes, refuse
    from recognition.enrolment.looking import look_at_file
    from recognition.enrolment.school import judge_beside
    from recognition.register import namesakes

    consent = consent_given(consent_by, consent_until)
    require_places(gallery_file, students_file)
    accepted = asked.accepted_of(photographs)
    files = OperatorFiles(gallery_file, students_file)
    with files.held():
        gallery = stored_gallery(gallery_file)
        new = from_row({"student_id": student_id, "name": name or student_id, "major": major, "year": year})
        students = _with(files.students(), new, named=name is not None, consent=consent)
        warn_of_namesakes({called: ids for called, ids in namesakes(students).items() if student_id in ids})
        taken = [look_at_file(student_id, photograph, identifier) for photograph in photographs]
        judged = judge_beside(gallery, taken, accepted)
        show(judged, [each for each in students if each.student_id == student_id], asked)
        if not asked.only_reported(judged):
            kept = [each.taken.seen for each in judged if passes(each, asked.gate)]
            refuse(judged, [] if kept else [student_id], gate=asked.gate, skip_bad=skip_bad_photographs)
            say(judged, asked)
            store(with_photographs(gallery, student_id, kept), students, gallery_file, students_file)


def _with(students: list[Student], new: Student, *, named: bool, consent: Consent | None) -> list[Student]:
    """The rows with this student's, which stays as it is if there is one, but for a consent it lacks.

    Raises `click.UsageError` for a student without a row whose name is not given.
    """
    from recognition.enrolment.school import with_row

    row = next((each for each in students if each.student_id == new.student_id), None)
    if row is None and not named:
        raise click.UsageError(f"there is no student {new.student_id!r} yet: give --name for a new one")
    kept = row or new
    kept = kept if kept.consent else replace(kept, consent=consent)
    return with_row(students, kept)
