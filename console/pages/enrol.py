"""Enrolling: a student and photographs, each judged at once, then added to the files and published.

The surprising rule: photographs are not kept. What was seen on them, and a small picture, lie in memory for half an
hour, for whoever sent them only.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask import Response as Answer
from werkzeug import Response

from console.access import needs, user
from console.changes import changed
from console.pending import Pending, looked_at, pending, told, without
from console.publishing import publish_and_tell
from console.school import alone, the_school
from console.stage import the_stage
from console.whom import remember, whom
from recognition.enrolment.gate import passes
from recognition.errors import EnrolmentError, RecognitionError
from recognition.roster import Student

GONE = (
    "What was seen on the photographs is kept for half an hour, while the console runs, for whoever sent them. "
    "Nothing was enrolled from this page: choose them again under Students."
)

pages = Blueprint("enrol", __name__)


@pages.get("/enrol")
@needs("privacy")
def form() -> str:
    """The form for a new student."""
    return render_template("enrol.html", row=None, token="", asked={})


@pages.get("/<token>/photographs")
@needs("privacy")
def more(token: str) -> str:
    """The form for further photographs."""
    return render_template("enrol.html", row=_row(whom(token)), token=token, asked={})


@pages.post("/enrol")
@needs("privacy")
def judge() -> tuple[str, int] | Response:
    """Judge a new student's photographs."""
    return _judge(None, "")


@pages.post("/<token>/photographs")
@needs("privacy")
def judge_more(token: str) -> tuple[str, int] | Response:
    """Judge further photographs."""
    return _judge(_row(whom(token)), token)


@pages.get("/enrolling/<name>")
@needs("privacy")
def sheet(name: str) -> str:
    """The contact sheet: each photograph with its reasons, and what to do."""
    return render_template("enrol_sheet.html", name=name, pending=_own(name), passes=passes)


@pages.get("/enrolling/<name>/<int:number>.jpg")
@needs("privacy")
def picture(name: str, number: int) -> Answer:
    """One photograph, small."""
    small = next((each.picture for each in _own(name).photographs if each.number == number), None)
    answer = make_response(small or abort(404))
    answer.content_type = "image/jpeg"
    return answer


@pages.post("/enrolling/<name>/photographs")
@needs("privacy")
def add_photographs(name: str) -> Response:
    """Judge some more beside those on the sheet."""
    found = _own(name)
    try:
        found = looked_at(found, request.files.getlist("photographs"), the_school())
        _own(name)  # that took its time: whoever was erased or enrolled meanwhile is not kept again
        pending().put(name, found)
    except RecognitionError as error:
        flash(str(error), "error")
    return redirect(url_for(".sheet", name=name), 303)


@pages.post("/enrolling/<name>/take-off")
@needs("privacy")
def take_off(name: str) -> Response:
    """Leave one of the photographs out, and judge the others without it."""
    number = request.form.get("number", "")
    with alone():  # two that are taken off at once are both off
        found = _own(name)
        pending().put(name, without(found, int(number) if number.isdecimal() and len(number) < 6 else 0, the_school()))
    return redirect(url_for(".sheet", name=name), 303)


@pages.post("/enrolling/<name>")
@needs("privacy")
def confirm(name: str) -> tuple[str, int] | Response:
    """Enrol those that pass, and those that a person accepts, and publish."""
    found = _own(name)
    ticked = request.form.getlist("accept")
    accepted = frozenset(each.taken.photograph for each in found.photographs if str(each.number) in ticked)
    changed("began to enrol a student", student=found.line.student_id)
    school = the_school()
    with alone():
        found = _own(name)  # whoever came first has enrolled, or erased the student
        try:
            added = school.add(found.line, found.taken, accepted)
        except EnrolmentError as error:
            flash(str(error), "error")
            return render_template("enrol_sheet.html", name=name, pending=found, passes=passes), 422
        pending().drop(name)
        changed("enrolled a student", student=found.line.student_id, count=added.photographs)
        flash(f"{added.photographs} of {len(found.taken)} photographs are enrolled.")
        publish_and_tell()
    return redirect(url_for("students.student.page", token=remember(found.line.student_id)), 303)


@pages.post("/publish")
@needs("privacy")
def publish() -> Response:
    """Publish what the files hold."""
    changed("published the gallery")
    with alone():
        publish_and_tell()
    return redirect(url_for("students.everybody"), 303)


def _judge(row: Student | None, token: str) -> tuple[str, int] | Response:
    try:
        found = looked_at(told(request.form, row), request.files.getlist("photographs"), the_school())
    except RecognitionError as error:
        flash(str(error), "error")
        return render_template("enrol.html", row=row, token=token, asked=request.form), 422
    return redirect(url_for(".sheet", name=pending().put_new(found)), 303)


def _row(student_id: str) -> Student:
    return the_stage().students.students([student_id]).get(student_id) or abort(404)


def _own(name: str) -> Pending:
    found = pending().get(name)
    return found if found is not None and found.by == user().name else abort(404, GONE)
