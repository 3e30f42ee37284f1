"""The list of clips: newest first, by section, session, outcome or student, a page at a time; and what waits.

The surprising rule: a student is looked for by a form that is sent, and stands in the address as a token only.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from operator import methodcaller
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from console.access import needs
from console.finding import shown_all
from console.stage import the_stage
from console.whom import student_of_token, student_sought, token_of
from recognition.latest import AtWork, Page
from recognition.sections import Session
from wire.result_message import OUTCOMES, Outcome

PER_PAGE = 25

pages = Blueprint("clips", __name__)


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the clips is asked for; empty: all of it. `student` is a token."""

    section: str | None = None
    session: str | None = None
    outcome: Outcome | None = None
    student: str = ""
    before: str | None = None

    @property
    def told(self) -> dict[str, str]:
        """For an address, less the place in the list."""
        parts = {"section": self.section, "session": self.session, "outcome": self.outcome, "student": self.student}
        return {name: value for name, value in parts.items() if value is not None and value != ""}


@pages.get("/clips")
@needs("instructor", "privacy")
def clips() -> str:
    """The page."""
    asked = _asked(request.args)
    return render_template("clips.html", sections=_sections(), outcomes=OUTCOMES, **_listed(asked))


@pages.get("/clips/list")
@needs("instructor", "privacy")
def listed() -> str:
    """The list alone, for the page to renew itself."""
    return render_template("clips_list.html", **_listed(_asked(request.args)))


@pages.post("/clips")
@needs("instructor", "privacy")
def choose() -> Response:
    """Filter: whoever is sought by id or name becomes a token, or is told as not there."""
    asked, sought = _asked(request.form), request.form.get("sought", "").strip()
    told = {**asked.told, "student": ""}
    if request.form.get("session") and asked.section is None:
        flash("A session is a section's: say which section, too. All sessions are shown.", "error")
    if sought:
        student, why = student_sought(sought)
        if student is None:
            flash(why, "error")
        else:
            told["student"] = token_of(student.student_id)
    return redirect(_address(told), 303)


def _address(told: Mapping[str, str]) -> str:
    values: dict[str, Any] = {name: value for name, value in told.items() if value}
    return url_for("clips.clips", **values)


def _asked(told: Mapping[str, str]) -> Filter:
    outcome = next((each for each in OUTCOMES if each == told.get("outcome")), None)
    return Filter(
        section=told.get("section") or None,
        session=(told.get("session") or None) if told.get("section") else None,
        outcome=outcome,
        student=told.get("student", ""),
        before=told.get("before") or None,
    )


def _listed(asked: Filter) -> dict[str, object]:
    student = student_of_token(asked.student) if asked.student else None
    page = Page(()) if asked.student and student is None else _page(asked, student.student_id if student else None)
    first = asked.before is None
    at_work = the_stage().latest.at_work() if first and not asked.told else []
    return {
        "asked": asked,
        "student": student,
        "clips": shown_all(page.versions),
        "after": page.after,
        "at_work": [_at_work(each) for each in at_work],
        "waiting": the_stage().waiting() if first else 0,
        "now": time.time(),
    }


def _page(asked: Filter, student_id: str | None) -> Page:
    latest, wanted = the_stage().latest, methodcaller("shows", student_id) if student_id else None
    if asked.section is None:
        return latest.latest(PER_PAGE, asked.before, outcome=asked.outcome, wanted=wanted)
    return latest.in_section(asked.section, asked.session, PER_PAGE, asked.before, outcome=asked.outcome, wanted=wanted)


def _sections() -> list[str]:
    stage = the_stage()
    return sorted({*filter(None, stage.sections.get()), *stage.sections_of_gallery()})


def _at_work(work: AtWork) -> tuple[AtWork, Session, bool]:
    return work, the_stage().records.rule.session_of(work.key), work.is_held(time.time())
