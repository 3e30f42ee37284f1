"""What counts of a student's two rows: the one in a file to be published, and the one that the stage has.

Pure. The surprising rule: the stage's counts, however new the file is. An import changed it on purpose, and `enrol`
stamps the consents of its file with the moment at which it was run; only what the stage leaves empty, the file fills.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from recognition.roster import Consent, Student, moment


def prevailing(file: Student, there: Student | None, now: datetime) -> Student:
    """The row that counts at `now`; the file's where the stage has none.

    Of the consents the stage's, too: one that was withdrawn stays so, one that has ended gives way to a later one.
    """
    if there is None:
        return file
    consent = file.consent if _succeeds(file.consent, there.consent, now) else there.consent
    return replace(_filled(there, file), consent=consent)


def says_otherwise(file: Student, row: Student) -> bool:
    """Whether the file tells something that the row which counts does not; what it leaves empty tells nothing."""
    told = replace(_filled(file, row), consent=file.consent or row.consent)
    return _without_moment(told) != _without_moment(row)


def _filled(row: Student, other: Student) -> Student:
    """The row, and the other's where it says nothing, as a name does that is the id."""
    return replace(
        row,
        name=row.name if row.name != row.student_id else other.name,
        major=row.major or other.major,
        year=row.year or other.year,
        sections=row.sections or other.sections,
    )


def _succeeds(consent: Consent | None, before: Consent | None, now: datetime) -> bool:
    """Whether a consent comes after one that has ended."""
    if consent is None or before is None or before.expires_at is None or now < moment(before.expires_at):
        return False
    return moment(consent.granted_at) > moment(before.granted_at)


def _without_moment(student: Student) -> Student:
    """`enrol` gives the same consent another moment each time it is run: that is no news."""
    consent = student.consent and replace(student.consent, granted_at="1970-01-01")
    return replace(student, consent=consent, sections=tuple(sorted(student.sections)))
