"""Roll calls: the sections, a section's sessions side by side, a session with the evidence; as CSV, too.

The surprising rule: section and session stand behind the address' question mark, where a name made of dots, slashes or
per cent signs stays what it is; in the path a browser would take `..` for the folder above.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

from flask import Blueprint, abort, render_template, request, send_file, url_for
from werkzeug import Response

from console.access import needs
from console.showing import file_name
from console.stage import the_stage
from recognition.errors import GalleryError
from recognition.finished import FinishedVersion
from recognition.rollcall import RollCall, roll_calls
from recognition.rollcall_csv import COUNTED, matrix_csv, session_csv
from recognition.rollcall_matrix import matrix_of
from recognition.rollcall_wording import (
    LETTERS,
    MEANING,
    MOST_WORDS,
    clip_words,
    evidence_words,
    remarks,
    short_key,
)

pages = Blueprint("roll_call", __name__, url_prefix="/roll-call")


@pages.get("")
@needs("instructor", "privacy")
def sections() -> str:
    """The sections with a roster or a recent clip, how many are on each roster and how many of them are enrolled."""
    stage = the_stage()
    rosters: dict[str, set[str]] = {section: set() for section in stage.sections.get() if section}
    for student in stage.everybody.get():
        for section in student.sections:
            rosters.setdefault(section, set()).add(student.student_id)
    enrolled: set[str] = set()
    try:
        gallery = stage.records.gallery()
    except GalleryError:  # nobody is enrolled yet, or not any more; the page says so
        pass
    else:
        enrolled = set(gallery.student_ids)
        for section, roster in gallery.sections.items():
            rosters.setdefault(section, set()).update(roster)
    rows = [(section, len(roster), len(roster & enrolled)) for section, roster in sorted(rosters.items())]
    return render_template("roll_call.html", rows=rows)


@pages.get("/section")
@needs("instructor", "privacy")
def section() -> str:
    """A section's sessions side by side."""
    name, calls = _asked(), _calls(_asked(), None)
    told = list(dict.fromkeys(remark for call in calls for remark in remarks(call)))
    matrix = matrix_of(name, calls)
    addresses = [url_for(".session", section=name, session=each) for each in matrix.sessions]
    there = {status for row in matrix.rows for status in row.statuses}
    return render_template(
        "roll_call_section.html",
        matrix=matrix,
        addresses=addresses,
        told=told,
        short=len(matrix.sessions) > MOST_WORDS,
        letters=LETTERS,
        counted=COUNTED,
        meaning={status: text for status, text in MEANING.items() if status in there},
    )


@pages.get("/section.csv")
@needs("instructor", "privacy")
def section_csv() -> Response:
    """The same as CSV."""
    name, calls = _asked(), _calls(_asked(), None)
    return _file(matrix_csv(matrix_of(name, calls)), "roll call", name)


@pages.get("/session")
@needs("instructor", "privacy")
def session() -> str:
    """One session with the evidence."""
    call = _call()
    call = replace(call, clips=the_stage().records.with_pictures(call.clips))
    counts = Counter(line.status for line in call.lines)
    return render_template(
        "roll_call_session.html",
        call=call,
        counts={status: counts[status] for status in MEANING if counts[status]},
        told=remarks(call),
        meaning={status: text for status, text in MEANING.items() if counts[status]},
        job_ids={clip.version.upload.key: clip.version.upload.job_id for clip in call.clips},
        clip_words=clip_words,
        evidence_words=evidence_words,
        short_key=short_key,
    )


@pages.get("/session.csv")
@needs("instructor", "privacy")
def session_as_csv() -> Response:
    """The same as CSV."""
    call = _call()
    return _file(session_csv(call), "roll call", call.session.section, call.session.name)


def _asked() -> str:
    """The section that is asked for."""
    return request.args.get("section") or abort(404)


def _call() -> RollCall:
    found = _calls(_asked(), request.args.get("session", ""))
    return found[0] if found else abort(404)


def _calls(section: str, session: str | None) -> list[RollCall]:
    records = the_stage().records
    versions: Sequence[FinishedVersion] = records.finished.of(section, session)
    return roll_calls(versions, records.standing(section, versions), records.output_bucket) if versions else []


def _file(text: str, *parts: str) -> Response:
    return send_file(BytesIO(text.encode()), "text/csv", as_attachment=True, download_name=file_name(*parts, end="csv"))
