"""Dead letters: look, send back, discard, by the same desk as `python -m poller.dlq`.

The surprising rule: looking hides them from others for a moment, for SQS shows a message only by handing it out; so it
is done when somebody asks for it, not by a page that renews itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from console.access import needs
from console.changes import changed
from console.stage import the_settings, the_stage
from poller.clock import SystemClock
from poller.looking import Looking, Place
from poller.operating import Desk
from recognition.errors import SetupError

SHOWN = 200

pages = Blueprint("dead_letters", __name__)


@pages.get("/operations/dead-letters")
@needs("operator")
def listing() -> str:
    """The letters, oldest first; not what is in them, which may name students."""
    with _looking() as looking:
        letters = sorted(looking.letters(SHOWN), key=lambda letter: letter.delivery.sent or 0.0)
    return render_template("dead_letters.html", letters=letters, more=len(letters) == SHOWN, now=time.time())


@pages.post("/operations/dead-letters")
@needs("operator")
def act() -> Response:
    """Send the ticked ones back, or all of them; or discard the ticked ones, each after a copy."""
    chosen, verb = request.form.getlist("letter"), request.form.get("verb", "")
    if verb == "redrive-all":
        changed("redrove all dead letters")
        return _told(lambda desk: desk.redrive_all(force=False))
    if not chosen or verb not in ("redrive", "discard") or len(chosen) > SHOWN or not all(map(_is_whole, chosen)):
        flash("Nothing was done: tick the letters, then choose what to do with them.", "error")
        return redirect(url_for("dead_letters.listing"), 303)
    if verb == "redrive":
        changed("redrove dead letters", count=len(chosen))
        return _told(lambda desk: desk.redrive(chosen, force=False))
    copies = _copies()
    changed("discarded dead letters", count=len(chosen))
    return _told(lambda desk: desk.discard(chosen, copies))


def _told(work: Callable[[Desk], bool]) -> Response:
    said: list[str] = []
    with _looking() as looking:
        sources = {"requests": the_stage().queue("REQUEST_QUEUE_URL"), "output": the_stage().queue("OUTPUT_QUEUE_URL")}
        done = work(Desk(looking, sources, said.append, said.append))  # type: ignore[arg-type]
    for line in _few(said):
        flash(line, "status" if done else "error")
    return redirect(url_for("dead_letters.listing"), 303)


def _looking() -> Looking:
    places = [
        Place(the_stage().queue("DEAD_LETTER_QUEUE_URL"), "requests"),
        Place(the_stage().queue("OUTPUT_DEAD_LETTER_QUEUE_URL"), "output"),
    ]
    return Looking(places, SystemClock(), threading.Event())


def _copies() -> Path:
    """Where copies go: beside the results, where an erasure looks for them. Raises `SetupError` without any."""
    results = the_settings().results
    if results is None or not results.is_dir():
        raise SetupError("a copy of what is discarded belongs beside the results: discard where the poller runs")
    return results


def _few(said: Sequence[str]) -> list[str]:
    """A session's cookie holds what is flashed: the last line sums up."""
    return list(said) if len(said) <= 6 else [*said[:5], f"… {len(said) - 6} more", said[-1]]


def _is_whole(message_id: str) -> bool:
    return len(message_id) == 36 and message_id.isascii()
