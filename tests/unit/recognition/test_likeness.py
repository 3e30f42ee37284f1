"""Which of a student's photographs are not of that person, on embeddings whose similarity is known."""

from __future__ import annotations

import numpy as np
import pytest

from recognition.enrolment.likeness import least_likeness, likeness, likeness_to
from tests.people import alike, direction

RIGHT = [alike(0, 0.98, towards) for towards in (40, 41, 42)]  # 0.96 to one another
WRONG = alike(1, 0.98, 43)


def test_photographs_of_one_person_are_all_right() -> None:
    found = likeness(np.array(RIGHT))
    assert found.unlike == {}
    assert found.right == [0, 1, 2]
    assert found.own == pytest.approx([0.97] * 3, abs=0.01)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_the_wrong_one_is_put_aside_and_the_others_are_compared_without_it(place: int) -> None:
    faces = [*RIGHT]
    faces.insert(place, WRONG)
    found = likeness(np.array(faces))
    assert list(found.unlike) == [place]
    assert np.delete(found.own, place) == pytest.approx(likeness(np.array(RIGHT)).own)
    assert found.own[place] < 0.1


def test_two_that_differ_are_both_doubted_because_nothing_says_which_is_wrong() -> None:
    found = likeness(np.array([RIGHT[0], WRONG]))
    assert set(found.unlike) == {0, 1}
    assert found.right == []


def test_an_only_photograph_is_like_nothing_and_not_doubted() -> None:
    found = likeness(np.array(RIGHT[:1]))
    assert found.unlike == {}
    assert np.isnan(found.own).all()


def test_new_photographs_cannot_vouch_for_one_another_against_those_known() -> None:
    wrong = np.array([WRONG, alike(1, 0.98, 44), RIGHT[2]])
    assert set(likeness_to(np.array(RIGHT[:2]), wrong).unlike) == {0, 1}


def test_more_photographs_to_compare_with_ask_for_more_likeness() -> None:
    assert least_likeness(1) == pytest.approx(0.905)
    assert least_likeness(1) < least_likeness(2) < least_likeness(10) < 0.925


def test_a_similarity_of_exactly_the_least_is_enough() -> None:
    least = least_likeness(1)
    assert likeness(np.array([direction(0), alike(0, least + 1e-9)])).unlike == {}
    assert set(likeness(np.array([direction(0), alike(0, least - 1e-6)])).unlike) == {0, 1}
