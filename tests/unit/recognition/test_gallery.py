"""The gallery file: what it keeps, what it refuses."""

from __future__ import annotations

import io
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recognition.errors import GalleryError
from recognition.gallery import Gallery, make_gallery
from recognition.gallery_file import read_gallery, write_gallery
from recognition.threshold import fitted_threshold, uncertain_band
from tests.people import direction, gallery_of


def test_a_gallery_comes_back_as_it_was() -> None:
    gallery = gallery_of("ada", "bøb 🎓", "42")
    again = read_gallery(write_gallery(gallery))
    assert again.student_ids == gallery.student_ids
    assert again.photographs == (3, 3, 3)
    assert again.threshold == gallery.threshold
    assert again.version == gallery.version
    assert np.array_equal(again.templates, gallery.templates)


def test_an_empty_gallery_is_a_gallery() -> None:
    assert read_gallery(write_gallery(make_gallery({}))).student_ids == ()


def test_the_version_changes_with_what_the_gallery_holds() -> None:
    versions = {gallery_of("ada").version, gallery_of("bob").version, gallery_of("ada", photographs=2).version}
    assert len(versions) == 3
    assert gallery_of("ada").version == gallery_of("ada").version


def test_fewer_students_get_the_threshold_of_their_smaller_roster() -> None:
    smaller = gallery_of("ada", "bob", "cy").restricted_to({"bob", "somebody else"})
    assert smaller.student_ids == ("bob",)
    assert np.array_equal(smaller.templates[0], direction(1))
    assert smaller.threshold == fitted_threshold([3])


def test_a_calibrated_threshold_moves_with_the_roster_and_stays_calibrated() -> None:
    gallery = replace(gallery_of("ada", "bob", "cy"), threshold=0.95, threshold_from="calibrated", fpir=0.001)
    smaller = gallery.restricted_to({"bob"})
    assert smaller.threshold == pytest.approx(0.95 + fitted_threshold([3]) - fitted_threshold([3] * 3))
    assert (smaller.threshold_from, smaller.fpir) == ("calibrated", 0.001)
    assert gallery.restricted_to([]).threshold == 1.0


def test_the_file_keeps_every_photograph_and_what_is_published_none() -> None:
    gallery = make_gallery(
        {"ada": [direction(0), direction(1)], "bob": [direction(2)]}, {"ada": [0.9, 0.5], "bob": [1]}
    )
    kept = read_gallery(write_gallery(gallery)).enrolled
    assert kept is not None
    assert np.array_equal(kept.embeddings, [direction(0), direction(1), direction(2)])
    assert (kept.owners.tolist(), kept.qualities.tolist()) == ([0, 0, 1], [0.9, 0.5, 1.0])
    published = gallery.restricted_to({"ada", "bob"})
    assert published.enrolled is None
    assert read_gallery(write_gallery(published)).enrolled is None


def test_where_a_face_becomes_uncertain_is_below_the_threshold_however_large_the_roster() -> None:
    for students in (1, 2, 11, 50, 1000, 100_000):
        gallery = replace(gallery_of("ada"), threshold=fitted_threshold([3] * students))
        band = uncertain_band([3] * students)
        assert 0.005 <= band <= 0.04
        assert gallery.uncertain_from < gallery.threshold
    assert uncertain_band([3] * 11) > uncertain_band([3] * 50)


def fields(**changes: Any) -> dict[str, Any]:
    with np.load(io.BytesIO(write_gallery(gallery_of("ada", "bob"))), allow_pickle=False) as stored:
        return dict(stored) | changes


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model": np.array("arcface")}, "enrol again"),
        ({"student_ids": np.array(["ada"])}, "differ in length"),
        ({"student_ids": np.array(["ada", "ada"])}, "twice"),
        ({"student_ids": np.array(["ada", ""])}, "without an id"),
        ({"photographs": np.array([1])}, "differ in length"),
        ({"photographs": np.array([1, 0])}, "out of range"),
        ({"threshold": np.array(1.5)}, "out of range"),
        ({"threshold": np.array(np.nan)}, "out of range"),
        ({"threshold_from": np.array("a dream")}, "where its threshold is from"),
        ({"fpir": np.array(0.0)}, "where its threshold is from"),
        ({"owners": np.array([0])}, "photographs differ in length"),
        ({"templates": np.zeros((2, 128))}, "unit length"),
        ({"templates": np.full((2, 128), np.nan)}, "unit length"),
        ({"templates": np.zeros((2, 64))}, "differ in length"),
        ({"templates": np.array([[object()] * 128] * 2)}, "not a gallery"),
    ],
)
def test_a_gallery_with_one_thing_wrong_is_refused(changes: dict[str, Any], reason: str) -> None:
    file = io.BytesIO()
    np.savez(file, **fields(**changes))
    with pytest.raises(GalleryError, match=reason):
        read_gallery(file.getvalue())


def test_a_gallery_without_a_field_is_refused() -> None:
    file = io.BytesIO()
    np.savez(file, **{name: value for name, value in fields().items() if name != "threshold"})
    with pytest.raises(GalleryError, match="not a gallery"):
        read_gallery(file.getvalue())


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("the pickle was executed",))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"text", pickle.dumps(Bomb()), b"\x93NUMPY"])
def test_what_is_no_gallery_is_refused_and_never_unpickled(data: bytes) -> None:
    with pytest.raises(GalleryError):
        read_gallery(data)


def test_a_gallery_made_by_another_model_cannot_even_be_held() -> None:
    with pytest.raises(GalleryError, match="arcface"):
        Gallery((), np.zeros((0, 128)), (), 1.0, model="arcface")
