"""One student: what is on record, the consent, and taking it back or recording a new one.

The surprising rule: the row is read anew each time, consistently; the list may be some seconds old.
"""

from __future__ import annotations

from datetime import datetime, timezone

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from console.access import needs
from console.changes import changed
from console.enrolled import photographs_of_each
from console.pages.erase import receipt_of
from console.school import the_school
from console.stage import the_stage
from console.whom import whom
from recognition.errors import RecognitionError
from recognition.register import kind_of
from recognition.students_csv import Line
from recognition.withdrawal import withdraw as take_back

pages = Blueprint("student", __name__)


@pages.get("/<token>")
@needs("instructor", "privacy")
def page(token: str) -> str:
    """The student's page."""
    student_id, stage = whom(token), the_stage()
    row = stage.students.students([student_id]).get(student_id)
    noted = stage.erased.of(student_id)
    return render_template(
        "student.html",
        token=token,
        student_id=student_id,
        row=row,
        kind=kind_of(row, datetime.now(timezone.utc)) if row else None,
        noted=noted,
        photographs=photographs_of_each().of.get(student_id),
        receipt=receipt_of(token),
    )


@pages.post("/<token>/withdraw")
@needs("privacy")
def withdraw(token: str) -> Response:
    """Take the consent back: nobody recognises the student from now on."""
    student_id, stage = whom(token), the_stage()
    changed("withdrew a consent", student=student_id)
    taken_out = take_back(student_id, stage.students, stage.galleries())
    stage.everybody.changed()
    flash("The consent is withdrawn" + (", the student out of the published gallery." if taken_out else "."))
    return redirect(url_for(".page", token=token), 303)


@pages.post("/<token>/consent")
@needs("privacy")
def consent(token: str) -> Response:
    """Record a new consent, which replaces the one before."""
    student_id = whom(token)
    given = consent_told(request.form.get("by", ""), request.form.get("until", ""))
    school = the_school()
    try:
        school.look_ahead(Line(1, student_id, given))
    except RecognitionError as error:
        flash(str(error), "error")
        return redirect(url_for(".page", token=token), 303)
    changed("recorded a consent", student=student_id)
    school.record(Line(1, student_id, given))
    the_stage().everybody.changed()
    flash("The consent is recorded. Whoever is enrolled already is recognised again once the file is published.")
    return redirect(url_for(".page", token=token), 303)


def consent_told(by: str, until: str) -> dict[str, object]:
    """A form's consent, as a line of the register tells it; empty texts are not told."""
    told = {"granted_by": by.strip(), "expires_at": until.strip()}
    return {name: text for name, text in told.items() if text}
