"""From a gallery's own photographs to a threshold: scores, estimate, interval, with people made of numbers."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recognition.calibration.estimate import (
    FEWEST_PEOPLE,
    Calibration,
    calibrate,
    det_curve,
    lowest_threshold,
    reached_by,
)
from recognition.calibration.plot import new_figure, save_plot
from recognition.calibration.scores import (
    PhotographScores,
    genuine,
    impostors,
    photograph_scores,
    strangers,
)
from recognition.calibration.searches import Numbers, Searches
from recognition.errors import SetupError
from recognition.faces import Embedding, unit
from recognition.gallery import Enrolled, Gallery, make_gallery
from recognition.match import NO_RUNNER_UP, nearest_each
from recognition.threshold import fitted_threshold
from recognition.vote import CLEAR_LEAD, answer_to
from tests.people import alike, direction


def enrolled(people: dict[str, list[Embedding]]) -> tuple[Gallery, Enrolled]:
    """The gallery of these photographs, and the photographs."""
    gallery = make_gallery(people)
    assert gallery.enrolled is not None
    return gallery, gallery.enrolled


def scattered(students: int, photographs: int, rng: np.random.Generator) -> dict[str, list[Embedding]]:
    """People around one common face, each with their own scatter, about as similar as dlib's are."""
    common, people = rng.normal(size=128), rng.normal(0, 0.45, size=(students, 128))
    return {
        str(n): list(common + person + rng.normal(0, 0.25, size=(photographs, 128))) for n, person in enumerate(people)
    }


def calibrated(people: dict[str, list[Embedding]], fpir: float = 0.01) -> Calibration:
    gallery, photographs = enrolled(people)
    scores = photograph_scores(gallery, photographs)
    rng = np.random.default_rng(1)
    return calibrate(genuine(scores, photographs), impostors(scores, gallery), fpir, gallery.threshold, rng)


def searches(similarities: Numbers, right: bool = False) -> Searches:
    count = len(similarities)
    return Searches(similarities, np.full(count, NO_RUNNER_UP), np.arange(count), np.full(count, right))


def scores_of(people: dict[str, list[Embedding]]) -> PhotographScores:
    return photograph_scores(*enrolled(people))


def test_a_photograph_is_compared_with_its_owners_other_ones_never_with_itself() -> None:
    scores = scores_of({"ada": [direction(0), direction(1), direction(1)], "bob": [direction(2)]})
    assert scores.own[:3] == pytest.approx([0.0, 1 / 2**0.5, 1 / 2**0.5])


def test_the_only_photograph_of_a_student_has_no_companion_to_be_compared_with() -> None:
    gallery, photographs = enrolled({"ada": [direction(0)], "bob": [direction(1)] * 2})
    scores = photograph_scores(gallery, photographs)
    assert np.isnan(scores.own).tolist() == [True, False, False]
    assert len(genuine(scores, photographs).similarity) == 2


def test_an_impostors_nearest_student_is_never_the_owner() -> None:
    scores = scores_of({"ada": [direction(0)], "twin": [alike(0, 0.99)], "bob": [direction(5)]})
    assert scores.nearest_other.tolist()[:2] == [1, 0]
    assert scores.other[:2] == pytest.approx([0.99, 0.99])
    assert scores.second[0] == pytest.approx(0.0)


def test_a_photograph_nearer_to_another_student_is_a_wrong_answer() -> None:
    gallery, photographs = enrolled({"ada": [direction(0), direction(1)], "bob": [alike(0, 0.9)] * 2})
    found = genuine(photograph_scores(gallery, photographs), photographs)
    assert found.right.tolist() == [False, False, True, True]
    assert found.similarity[0] == pytest.approx(0.9)


def test_the_only_student_has_no_impostors_but_genuine_scores() -> None:
    gallery, photographs = enrolled({"ada": [direction(0), alike(0, 0.9)]})
    scores = photograph_scores(gallery, photographs)
    assert len(impostors(scores, gallery).similarity) == 0
    assert genuine(scores, photographs).lead.tolist() == [NO_RUNNER_UP] * 2


@pytest.mark.parametrize("photographs", [2, 3, 5])
def test_raised_genuine_scores_are_what_new_photographs_of_the_students_reach(photographs: int) -> None:
    rng = np.random.default_rng(4)
    everybody = scattered(60, photographs + 20, rng)
    gallery, kept = enrolled({name: own[:photographs] for name, own in everybody.items()})
    raised = genuine(photograph_scores(gallery, kept), kept).similarity.mean()
    probes = unit(np.array([own[photographs:] for own in everybody.values()]))
    real = np.mean([probes[n] @ template for n, template in enumerate(gallery.templates)])
    unraised = photograph_scores(gallery, kept).own.mean()
    assert abs(raised - real) < abs(unraised - real) / 2


def test_impostors_are_raised_by_what_one_more_student_adds() -> None:
    gallery, photographs = enrolled({str(n): [direction(n)] * 3 for n in range(5)})
    scores = photograph_scores(gallery, photographs)
    rise = fitted_threshold([3] * 5) - fitted_threshold([3] * 4)
    assert impostors(scores, gallery).similarity == pytest.approx(scores.other + rise)
    assert rise > 0


def test_the_threshold_at_which_a_search_is_still_named_is_the_shipped_rules() -> None:
    rng = np.random.default_rng(2)
    people = list(scattered(200, 1, rng).values())
    gallery = make_gallery({str(n): own for n, own in enumerate(people[:30])})
    probes = unit(np.concatenate(people[30:]))
    found = strangers(probes, gallery)
    for threshold in (0.8, 0.85, 0.9):
        moved = replace(gallery, threshold=threshold)
        answers = [answer_to(match, True, moved) == "identified" for match in nearest_each(probes, moved)]
        assert (found.named_up_to >= threshold).tolist() == answers
    assert (found.lead < CLEAR_LEAD).any()


@pytest.mark.parametrize(("fpir", "reach_it"), [(0.001, 0), (0.1, 10), (0.105, 10), (0.499, 49)])
def test_no_larger_share_than_asked_reaches_the_lowest_threshold(fpir: float, reach_it: int) -> None:
    similarities = np.linspace(0.8, 0.9, 100)
    assert (similarities >= lowest_threshold(fpir, similarities)).sum() == reach_it


def test_few_scores_are_continued_by_a_normal_tail_many_are_counted() -> None:
    rng = np.random.default_rng(6)
    few, many = rng.normal(0.8, 0.02, 40), rng.normal(0.8, 0.02, 40_000)
    assert reached_by(0.001, few) > few.max()
    assert reached_by(0.001, many) == pytest.approx(0.8 + 3.09 * 0.02, abs=0.002)


def test_the_calibrated_threshold_keeps_the_fpir_asked_on_strangers_it_never_saw() -> None:
    rng = np.random.default_rng(8)
    everybody = list(scattered(3_060, 3, rng).values())
    people = {str(n): own for n, own in enumerate(everybody[:60])}
    gallery = make_gallery(people)
    known = strangers(unit(np.array([own[0] for own in everybody[60:1_060]])), gallery)
    unseen = strangers(unit(np.array([own[0] for own in everybody[1_060:]])), gallery)
    none = searches(np.array([]))
    found = calibrate(none, known, 0.05, fitted=0.8, rng=rng)
    assert found.trust > 0.5
    assert np.mean(unseen.similarity >= found.threshold) == pytest.approx(0.05, abs=0.03)
    assert found.expected_tpir is None


def test_the_more_people_there_are_the_less_the_formula_counts_and_the_narrower_the_interval() -> None:
    few, many = (calibrated(scattered(students, 3, np.random.default_rng(3))) for students in (25, 200))
    assert 0 < few.trust < many.trust < 1
    assert few.own_scores_say.high - few.own_scores_say.low > many.own_scores_say.high - many.own_scores_say.low


def test_with_few_people_the_fitted_threshold_stays() -> None:
    found = calibrated(scattered(FEWEST_PEOPLE - 1, 3, np.random.default_rng(3)))
    assert found.kept_fitted
    assert found.threshold == fitted_threshold([3] * (FEWEST_PEOPLE - 1))


def test_a_stricter_rate_never_lowers_the_threshold() -> None:
    thresholds = [calibrated(scattered(40, 3, np.random.default_rng(3)), fpir).threshold for fpir in (0.1, 0.01, 0.001)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] < thresholds[-1]


def test_uncertain_begins_at_or_below_the_threshold() -> None:
    people = scattered(40, 3, np.random.default_rng(3))
    for fpir in (0.01, 0.3):
        found = calibrated(people, fpir)
        assert found.uncertain_from <= found.threshold


def test_people_are_drawn_anew_not_photographs() -> None:
    values = np.random.default_rng(2).normal(0.8, 0.02, 30)
    alone = searches(values)
    thrice = Searches(*(np.repeat(column, 3) for column in (alone.similarity, alone.lead, alone.person, alone.right)))
    none = searches(np.array([]))
    once, again = (calibrate(none, each, 0.01, 0.9, np.random.default_rng(1)) for each in (alone, thrice))
    assert again.people == once.people == 30
    assert again.own_scores_say.high - again.own_scores_say.low == pytest.approx(
        once.own_scores_say.high - once.own_scores_say.low, rel=0.35
    )


@pytest.mark.parametrize("fpir", [0.0, -0.1, 0.5, 1.0, float("nan")])
def test_a_rate_out_of_range_is_refused(fpir: float) -> None:
    with pytest.raises(ValueError, match="above 0 and below"):
        calibrate(searches(np.array([0.9])), searches(np.array([0.8, 0.7])), fpir, 0.9, np.random.default_rng(1))


def test_without_impostors_there_is_nothing_to_calibrate() -> None:
    none = searches(np.array([]))
    with pytest.raises(ValueError, match="nobody is there"):
        calibrate(searches(np.array([0.9]), right=True), none, 0.01, 0.9, np.random.default_rng(1))


def test_the_det_curve_goes_from_naming_everybody_to_naming_nobody() -> None:
    fpir, fnir = det_curve(searches(np.array([0.9, 0.95, 0.97]), right=True), searches(np.array([0.8, 0.96])))
    assert (fpir[0], fnir[0]) == (1.0, 0.0)
    assert (np.diff(fpir) <= 0).all()
    assert (np.diff(fnir) >= 0).all()
    assert (0.5, pytest.approx(2 / 3)) in list(zip(fpir.tolist(), fnir.tolist(), strict=True))


def test_joined_searches_keep_their_people_apart() -> None:
    joined = searches(np.array([0.8, 0.9])).joined(searches(np.array([0.7])))
    assert joined.person.tolist() == [0, 1, 2]


def test_a_calibration_can_be_drawn_with_and_without_genuine_scores(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    strange, own = searches(rng.normal(0.9, 0.02, 40)), searches(rng.normal(0.97, 0.01, 40), right=True)
    for genuine_scores in (own, searches(np.array([]))):
        found = calibrate(genuine_scores, strange, 0.01, 0.94, np.random.default_rng(1))
        save_plot(tmp_path / "plot.png", found, genuine_scores, strange)
        assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SetupError, match="pip install matplotlib"):
        new_figure(5.0)
