"""`import-legacy`: the original system's pickle and table to a gallery and the students' rows."""

from __future__ import annotations

from pathlib import Path

import click

from recognition.commands.material import (
    consent_given,
    consent_options,
    gallery_option,
    require_places,
    store,
    students_option,
)
from recognition.students_file import read_students


@click.command("import-legacy")
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

    consent = consent_given(consent_by, consent_until)
    require_places(gallery_file, students_file)
    gallery, students = import_students(read_legacy(encoding), read_students(student_data), consent)
    store(gallery, students, gallery_file, students_file)
