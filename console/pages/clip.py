"""One clip: the picture, each face with who it is and why, corrections, the files, the decision in words.

Its routes are the blueprint's of the list.
"""

from __future__ import annotations

import time
from io import BytesIO

from flask import abort, flash, redirect, render_template, request, send_file, url_for
from werkzeug import Response

from console.access import needs, user
from console.changes import changed
from console.finding import Shown, among_its_kind, file_of, names_of, picture_of, shown, shown_all, small, version_of
from console.pages.clips import pages as pages
from console.showing import file_name
from console.stage import the_stage
from recognition.correct import correction_of
from recognition.corrections import MAX_TEXT, Says
from recognition.errors import SetupError
from recognition.explain import explained, reasons_against
from recognition.finished import FinishedVersion

MOST_BUTTONS = 60
"""Students of a roster offered as a button each; more are offered as a list to type into."""

TYPES = {".csv": "text/csv; charset=utf-8", ".json": "application/json"}


@pages.get("/clips/<job_id>")
@needs("instructor", "privacy")
def clip(job_id: str) -> str | tuple[str, int]:
    """The page; of a clip that is being worked on, that it is."""
    version = the_stage().records.finished.by_job(job_id)
    if version is None:
        work = next((each for each in the_stage().latest.at_work() if each.job_id == job_id), None)
        return render_template("clip_at_work.html", work=work, now=time.time()) if work else abort(404)
    version, counts = among_its_kind(version)
    return _page(shown(version), counts)


@pages.post("/clips/<job_id>")
@needs("instructor")
def correct(job_id: str) -> Response | tuple[str, int]:
    """Say who a face is, is not, or that nobody is to be named."""
    says, student_id = _said()
    version, _ = among_its_kind(version_of(job_id))
    found = shown(version, [student_id] if student_id else [])
    face = request.form.get("face", "")
    try:
        number = int(face) if face.isdecimal() and len(face) < 6 else 0
        correction = correction_of(found.version, found.standing, number, says, student_id, user().name)
    except SetupError as error:
        flash(str(error), "error")
        return _page(found), 422
    changed(f"corrected face {number}", clip=job_id)
    the_stage().records.finished.correct(found.version, correction)
    flash(f"Face {number} is corrected. Roll calls go by it from now on.", "status")
    return redirect(url_for("clips.clip", job_id=job_id, _anchor=f"face-{number}"), 303)


@pages.get("/clips/<job_id>/picture")
@needs("instructor", "privacy")
def picture(job_id: str) -> Response:
    """The annotated picture, small with `?small`; 404 where there is none that may be shown."""
    (found,) = shown_all([version_of(job_id)])  # a list asks for many: nobody's roster is read for them
    jpeg = picture_of(found)
    if jpeg is None:
        abort(404)
    return Response(small(jpeg) if "small" in request.args else jpeg, mimetype="image/jpeg")


@pages.get("/clips/<job_id>/file<suffix>")
@needs("instructor", "privacy")
def file(job_id: str, suffix: str) -> Response | tuple[str, int]:
    """The CSV or the record, as a download."""
    if suffix not in TYPES:
        abort(404)
    found = shown(version_of(job_id))
    body, why = file_of(found, suffix)
    if body is None:
        return render_template("fault.html", title="Not to be had", what=why), 410
    name = file_name(found.version.upload.key.rpartition("/")[2], end=suffix.removeprefix("."))
    return send_file(BytesIO(body), TYPES[suffix], as_attachment=True, download_name=name)


def _said() -> tuple[Says, str | None]:
    """What the form says: the button that was pressed, or the student that was typed."""
    pressed, typed = request.form.get("says", ""), request.form.get("typed", "").strip()[: MAX_TEXT + 1]
    kind, _, student_id = pressed.partition(" ")
    if kind == "unknown":
        return "is unknown", None
    if kind == "not":
        return "is not", student_id
    return "is", student_id if kind == "is" and student_id else typed


def _page(found: Shown, counts: FinishedVersion | None = None) -> str:
    decision = found.version.decision
    names = names_of(found.standing)
    return render_template(
        "clip.html",
        clip=found,
        counts=counts,
        reasons={face.face: reasons_against(face, decision) for face in decision.faces} if decision else {},
        names=names,
        buttons=dict(list(names.items())[:MOST_BUTTONS]) if len(names) <= MOST_BUTTONS else {},
        words=explained(found.seen, found.standing),
        now=time.time(),
    )
