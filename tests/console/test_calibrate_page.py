"""The calibration at the console: the estimate in words, the plots, and what it says where there is nothing to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from flask import Flask

from console.pages import calibrate
from recognition.gallery import Gallery, make_gallery
from recognition.gallery_file import write_gallery
from tests.console.conftest import MotoStage
from tests.console.school import enrolled
from tests.console.visiting import Visitor, words
from tests.decided import student
from tests.people import alike, direction

NASTY = "<script>alert(1)</script>"


def roster(students: int) -> Gallery:
    """People around one common face, about as similar as dlib's are; the first two look alike."""
    rng = np.random.default_rng(3)
    common, people = rng.normal(size=128), rng.normal(0, 0.45, size=(students, 128))
    people[1] = people[0] + rng.normal(0, 0.02, size=128)
    return make_gallery(
        {f"s{n}": list(common + person + rng.normal(0, 0.15, size=(3, 128))) for n, person in enumerate(people)}
    )


def store(app: Flask, gallery: Gallery) -> None:
    app.extensions["settings"].gallery.write_bytes(write_gallery(gallery))


def test_the_estimate_the_look_alikes_and_both_plots_are_shown(app: Flask, stage: MotoStage, visitor: Visitor) -> None:
    enrolled(stage, [student("s0", NASTY)])
    store(app, roster(30))
    page = visitor.page("/students/calibrate")
    shown = words(page)
    assert f"{roster(30).threshold:.4f} threshold now, fitted" in shown
    assert "30 people; their own scores weigh" in shown
    assert f"Student Looks like Similarity {NASTY} s0 s1" in shown
    assert NASTY not in page
    for which in ("scores", "det"):
        picture = visitor.get(f"/students/calibrate/{which}.png")
        assert picture.data.startswith(b"\x89PNG")
        assert picture.content_type == "image/png"
    assert visitor.get("/students/calibrate/other.png").status_code == 404


def test_few_people_are_advised_to_leave_the_threshold(app: Flask, stage: MotoStage, visitor: Visitor) -> None:
    store(app, make_gallery({"a": [direction(0)], "b": [direction(1), alike(1, 0.5)]}))
    shown = words(visitor.page("/students/calibrate"))
    assert "Leave the threshold as it is" in shown
    assert "1 photograph only; 3 are advised" in shown
    assert "b photograph 1 of 2 does not look like this student's other photographs" in shown


def test_an_estimate_that_differs_says_how_to_take_it_over(app: Flask, stage: MotoStage, visitor: Visitor) -> None:
    store(app, replace(roster(30), threshold=0.5, threshold_from="calibrated"))
    assert "python -m recognition calibrate --write" in visitor.page("/students/calibrate")


def test_it_is_computed_once_until_the_file_changes(
    app: Flask, stage: MotoStage, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(app, roster(21))
    calibrate._kept.cache_clear()
    for path in ("", "/scores.png", "/det.png"):
        visitor.get(f"/students/calibrate{path}")
    assert calibrate._kept.cache_info().misses == 1
    store(app, roster(22))
    assert "22 people" in words(visitor.page("/students/calibrate"))


def test_without_a_file_or_with_one_student_it_says_what_is_needed(
    app: Flask, stage: MotoStage, visitor: Visitor
) -> None:
    assert "Enrol the first student" in visitor.page("/students/calibrate")
    assert visitor.get("/students/calibrate/det.png").status_code == 404
    store(app, make_gallery({"a": [direction(0)]}))
    assert "At least two students are needed" in visitor.page("/students/calibrate")
    assert visitor.get("/students/calibrate/det.png").status_code == 503


def test_it_is_for_instructors_and_privacy_officers(signed_in: Callable[..., Visitor]) -> None:
    ole, mia = signed_in("operator"), signed_in("instructor")
    for path in ("/students/calibrate", "/students/calibrate/det.png"):
        assert ole.get(path).status_code == 403
        assert mia.get(path).status_code != 403
