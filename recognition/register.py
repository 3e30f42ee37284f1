"""The register of consents: what an imported list changes in it, and who lacks consent or will soon.

Pure. The surprising rule: an import never takes anything away. A cell that is empty leaves what is on record as it is,
and a student who is not in the list keeps the consent there is; `withdraw` is another word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal, TypeAlias, get_args

from recognition.erasure.erased import Erased
from recognition.errors import StudentsError
from recognition.roster import Student, from_row, moment, to_row
from recognition.students_csv import Line

Kind: TypeAlias = Literal["valid", "expiring", "expired", "to_come", "without"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CONSENT = ("granted_by", "granted_at", "expires_at", "scope")
SOON = timedelta(days=31)  # whoever looks once a month misses nobody
UNDER_WAY = timedelta(days=30)  # as long as a poller strips whom it has erased from what arrives


@dataclass(frozen=True, slots=True)
class Import:
    """What is to be written: `new` rows, `changed` ones with what was read, and `again`, who comes back after an
    erasure; `namesakes` are names of the listed that somebody else bears as well."""

    new: tuple[Student, ...]
    changed: tuple[tuple[Student, Student], ...]
    again: tuple[str, ...]
    namesakes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Report:
    """Everybody by their consent, ordered by id; as `Kind` has it. `expiring` are valid now and end within `SOON`."""

    valid: tuple[Student, ...]
    expiring: tuple[Student, ...]
    expired: tuple[Student, ...]
    to_come: tuple[Student, ...]
    without: tuple[Student, ...]


def imported(
    lines: Sequence[Line], there: Mapping[str, Student], erased: Mapping[str, Erased], now: datetime
) -> Import:
    """What the lines come to. `there` are all rows, or those of the listed, `erased` what is noted of those erased.

    Raises `StudentsError` telling every line that cannot be used.
    """
    faults: list[str] = []
    new: list[Student] = []
    changed: list[tuple[Student, Student]] = []
    for line in lines:
        before = there.get(line.student_id)
        try:
            student = registered(line, before, erased.get(line.student_id), now)
        except StudentsError as error:
            faults.append(f"  line {line.number}: {error}")
            continue
        if before is None:
            new.append(student)
        elif student != before:
            changed.append((student, before))
    if faults:
        raise StudentsError("\n".join(["nothing was written:", *faults]))
    again = tuple(student.student_id for student in new if student.student_id in erased)
    listed = {line.student_id for line in lines}
    rows = {**there, **{student.student_id: student for student in [*new, *(student for student, _ in changed)]}}
    shared = {name: ids for name, ids in namesakes(rows.values()).items() if not listed.isdisjoint(ids)}
    return Import(tuple(new), tuple(changed), again, shared)


def registered(line: Line, before: Student | None, erased: Erased | None, now: datetime) -> Student:
    """The row that one line comes to. `before` is the row there is, `erased` what is noted of an earlier erasure.

    Raises `StudentsError`.
    """
    if before is None and not line.told.get("name"):
        raise StudentsError(f"student {line.student_id!r} has no row yet: give a name, or check the id")
    student = student_of(line, to_row(before) if before else {}, now)
    _refuse_too_early(student, erased, now)
    return student


def report(students: Sequence[Student], now: datetime) -> Report:
    """Everybody by their consent at `now`."""
    kinds: defaultdict[Kind, list[Student]] = defaultdict(list)
    for student in sorted(students, key=lambda each: each.student_id):
        kinds[kind_of(student, now)].append(student)
    return Report(*(tuple(kinds[kind]) for kind in KINDS))


def kind_of(student: Student, now: datetime) -> Kind:
    """How the student's consent stands at `now`."""
    consent = student.consent
    if consent is None:
        return "without"
    if moment(consent.granted_at) > now:
        return "to_come"
    if not consent.is_valid(now):
        return "expired"
    return "expiring" if consent.expires_at and moment(consent.expires_at) <= now + SOON else "valid"


def student_of(line: Line, row: Mapping[str, object], now: datetime) -> Student:
    """The student as the line tells, and `row` where it does not; a consent that is named is a whole new one.

    Raises `StudentsError`.
    """
    told = {**row, "student_id": line.student_id}
    told |= {name: value for name, value in line.told.items() if name not in CONSENT}
    consent = {name: value for name, value in line.told.items() if name in CONSENT}
    if consent:
        told["consent"] = {"granted_at": now.isoformat(timespec="seconds"), **consent}
    student = from_row(told)
    given = student.consent
    if consent and given and given.expires_at and moment(given.expires_at) <= moment(given.granted_at):
        raise StudentsError(f"student {line.student_id!r}: the consent ends before it begins")
    return student


def namesakes(students: Iterable[Student]) -> dict[str, tuple[str, ...]]:
    """The names that several of the students bear, and their ids."""
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for student in students:
        by_name[student.name].append(student.student_id)
    return {name: tuple(ids) for name, ids in sorted(by_name.items()) if len(ids) > 1}


def _refuse_too_early(student: Student, erased: Erased | None, now: datetime) -> None:
    """Whoever was erased comes back by a consent given since, once nothing from before can be under way any more."""
    if erased is None:
        return
    at = datetime.fromtimestamp(erased.at, timezone.utc)
    if student.consent is None or moment(student.consent.granted_at) <= at:
        raise StudentsError(f"student {student.student_id!r} was erased on {at:%Y-%m-%d} and has not consented since")
    if now < at + UNDER_WAY:
        raise StudentsError(
            f"student {student.student_id!r} was erased on {at:%Y-%m-%d}: results of before may be under way until "
            f"{at + UNDER_WAY:%Y-%m-%d}; import the new consent then, or under another id"
        )
