"""What the gallery's own photographs say of the threshold, and which of them to replace.

The surprising rule: it is computed when it is first asked for and kept as long as the gallery's file stays the same,
for a school of thousands takes seconds.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, Response, abort, make_response, render_template

from console.access import needs
from console.enrolled import gallery_in
from console.stage import the_settings, the_stage
from recognition.calibration.of_gallery import Calibrated, calibrated
from recognition.calibration.plot import pictures
from recognition.calibration.report import ROUGH, how_sure
from recognition.errors import EnrolmentError
from recognition.gallery import Gallery

pages = Blueprint("calibrate", __name__)

FPIR = 0.01
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A calibration with its plots, PNG."""

    made: Calibrated
    scores: bytes
    det: bytes


@pages.get("/calibrate")
@needs("instructor", "privacy")
def page() -> str:
    """The estimate in words, the plots, look-alikes, photographs to replace."""
    gallery = gallery_in(the_settings().gallery)
    if gallery is None:
        return render_template("calibrate.html", gallery=None, why="", made=None)
    try:
        made = _drawn(gallery).made
    except EnrolmentError as error:
        return render_template("calibrate.html", gallery=gallery, why=str(error), made=None)
    names = {student.student_id: student.name for student in the_stage().everybody.get()}
    return render_template(
        "calibrate.html", gallery=gallery, why="", made=made, names=names, rough=ROUGH, how_sure=how_sure(made.found)
    )


@pages.get("/calibrate/<any(scores, det):which>.png")
@needs("instructor", "privacy")
def plot(which: str) -> Response:
    """One of the plots."""
    gallery = gallery_in(the_settings().gallery) or abort(404)
    drawn = _drawn(gallery)
    answer = make_response(drawn.scores if which == "scores" else drawn.det)
    answer.content_type = "image/png"
    return answer


def _drawn(gallery: Gallery) -> Drawn:
    with _one_at_a_time:  # three requests of one page must not compute it three times
        return _kept(gallery)


@lru_cache(maxsize=1)
def _kept(gallery: Gallery) -> Drawn:
    """By the gallery that `gallery_in` keeps: another file is another one."""
    made = calibrated(gallery, FPIR)
    return Drawn(made, *pictures(made.found, made.genuine, made.impostors))
