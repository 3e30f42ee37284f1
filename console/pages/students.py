"""The students: who there is, how their consent stands, how well they are enrolled.

The surprising rule: whom one looks for stands in a form's body and is kept for an hour; an address only says where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response
from werkzeug.datastructures import MultiDict

from console.access import needs
from console.enrolled import Photographs, photographs_of_each
from console.kept import Kept, kept_here
from console.pages import calibrate, enrol, erase, student
from console.stage import the_stage
from recognition.register import KINDS, Kind, kind_of
from recognition.roster import Student

pages = Blueprint("students", __name__, url_prefix="/students")
for part in (student.pages, enrol.pages, erase.pages, calibrate.pages):
    pages.register_blueprint(part)

A_PAGE = 50
LONGEST_SEARCH = 200
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One student of the list."""

    student: Student
    kind: Kind
    photographs: Photographs | None


@pages.get("")
@needs("instructor", "privacy")
def everybody() -> str:
    """A page of the list, of one kind of consent or section, or of what was looked for, if that is asked for."""
    return _list(request.args, _searches().get(request.args.get("found", "")) or "")


@pages.post("/found")
@needs("instructor", "privacy")
def found() -> Response:
    """To the list of those whose name or id holds what is looked for. An address of its own: one can go back to it."""
    words = request.form.get("words", "").strip()[:LONGEST_SEARCH]
    return redirect(url_for(".everybody", found=_searches().put_new(words) if words else None), 303)


def _searches() -> Kept[str]:
    return kept_here("searches", HOUR_S, 1000)


def _list(asked: MultiDict[str, str], words: str) -> str:
    consent, section = asked.get("consent", ""), asked.get("section", "")
    students = the_stage().everybody.get()
    now = datetime.now(timezone.utc)
    kinds = {each.student_id: kind_of(each, now) for each in students}
    wanted = [
        each
        for each in students
        if (not consent or kinds[each.student_id] == consent)
        and (not section or section in each.sections)
        and words.casefold() in f"{each.name}\n{each.student_id}".casefold()
    ]
    last = max(1, -(-len(wanted) // A_PAGE))
    number = min(max(asked.get("page", 1, int), 1), last)
    enrolled = photographs_of_each()
    return render_template(
        "students.html",
        shown=[
            Shown(each, kinds[each.student_id], enrolled.of.get(each.student_id))
            for each in wanted[(number - 1) * A_PAGE : number * A_PAGE]
        ],
        counts={kind: sum(each == kind for each in kinds.values()) for kind in KINDS},
        found=len(wanted),
        everybody=len(students),
        sections=_sections(students),
        asked={"consent": consent, "section": section, "found": asked.get("found", "")},
        words=words,
        number=number,
        last=last,
        fault=enrolled.fault,
        unpublished=sum(
            not each.published and kinds.get(student_id, "valid") in ("valid", "expiring")
            for student_id, each in enrolled.of.items()
        ),
    )


def _sections(students: Sequence[Student]) -> list[str]:
    return sorted({section for student in students for section in student.sections})
