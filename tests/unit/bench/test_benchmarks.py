"""The benchmarks' own arithmetic: rates, thresholds, the fit. The figures themselves come from scripts/bench.sh."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bench import identify, naming, recognise, rollcall, threshold
from bench.fit import Fit, Point, fitted, measure
from recognition.calibration.strangers import nearest_the_centre
from recognition.faces import Box, Detection
from recognition.match import NO_RUNNER_UP, Match
from recognition.threshold import fitted_threshold, uncertain_band
from recognition.vote import CLEAR_LEAD
from tests.people import alike, direction, gallery_of

ROOT = Path(__file__).parents[3]


def test_a_probe_counts_when_it_is_named_and_rightly() -> None:
    answers = [("ada", "ada"), ("ada", None), ("bob", "ada"), ("bob", "bob"), (None, "ada"), (None, None)]
    assert naming.rates(answers) == naming.Rates(tpir=0.5, fpir=0.5)


@pytest.mark.parametrize("answers", [[], [("ada", "ada")], [(None, None)]])
def test_rates_need_both_probes_and_strangers(answers: list[tuple[str | None, str | None]]) -> None:
    with pytest.raises(ValueError, match="need probes"):
        naming.rates(answers)


@pytest.mark.parametrize(("fpir", "named"), [(0.0, 0), (0.1, 1), (0.25, 2), (1.0, 10)])
def test_the_threshold_lets_no_more_strangers_through_than_asked(fpir: float, named: int) -> None:
    strangers = [naming.Search(None, Match("ada", similarity, 0.1)) for similarity in np.linspace(0.8, 0.9, 10)]
    strict = naming.threshold_at(fpir, strangers)
    assert sum(each.named_at(strict)[1] is not None for each in strangers) == named


def test_the_customary_rule_takes_the_first_photograph_close_enough_not_the_nearest() -> None:
    templates = [("ada", alike(0, 0.9)), ("bob", direction(0))]
    assert identify.first_within(direction(0), templates, 0.6) == "ada"
    assert identify.first_within(direction(5), templates, 0.6) is None


def test_a_photograph_without_a_face_is_a_search_that_names_nobody() -> None:
    assert identify.search("ada", None, gallery_of("ada")).named_at(-1.0) == ("ada", None)


def test_the_default_names_by_the_shipped_rule_with_its_lead_over_the_runner_up() -> None:
    gallery = gallery_of("ada", "bob")
    clear, close = (naming.Search("ada", Match("ada", 1.0, lead)) for lead in (CLEAR_LEAD, CLEAR_LEAD / 2))
    assert clear.named_by_default(gallery) == ("ada", "ada")
    assert close.named_by_default(gallery) == ("ada", None)
    assert close.named_at(gallery.threshold) == ("ada", "ada")


def test_the_share_of_uncertain_searches_counts_those_a_person_would_be_asked_about() -> None:
    gallery = gallery_of("ada")
    scores = (gallery.threshold, gallery.uncertain_from, gallery.uncertain_from - 0.01)
    searches = [naming.Search("ada", Match("ada", score, NO_RUNNER_UP)) for score in scores]
    assert naming.uncertain_share([*searches, naming.Search("ada", None)], gallery) == 0.25


def test_the_face_nearest_the_middle_counts() -> None:
    corner, middle = (Detection(Box(n, n, n + 50, n + 50), 1.0) for n in (0, 100))
    assert nearest_the_centre([corner, middle], 250, 250) is middle
    assert nearest_the_centre([], 250, 250) is None


def test_the_fit_finds_the_coefficients_its_points_were_made_with(tmp_path: Path) -> None:
    made = Fit(0.92, 0.006, -0.01)
    points = [Point(n, k, made.at(n, k)) for n in (2, 11, 50) for k in (1, 3)]
    found = fitted(points)
    assert (found.one_student, found.per_log_student) == pytest.approx((0.92, 0.006))
    assert found.per_inverse_photograph == pytest.approx(-0.01)
    assert found.residual(points) < 1e-9
    threshold.save_plot(tmp_path / "fit.png", points, found, 1)
    assert (tmp_path / "fit.png").read_bytes().startswith(b"\x89PNG")


def test_too_few_points_make_no_fit() -> None:
    with pytest.raises(ValueError, match="several roster sizes"):
        fitted([Point(2, 1, 0.9), Point(5, 1, 0.91), Point(11, 1, 0.92)])


def test_larger_rosters_are_measured_as_easier_to_resemble() -> None:
    rng = np.random.default_rng(1)
    people = {str(n): rng.normal(size=(3, 128)) + rng.normal(size=128) for n in range(11)}
    points = {(p.students, p.photographs): p.similarity for p in measure(people, rng.normal(size=(40, 128)), 20, rng)}
    assert set(points) == {(n, k) for n in (2, 5, 11) for k in (1, 2, 3)}
    assert points[2, 3] < points[11, 3]


def test_a_clip_is_right_when_its_student_is_the_one_expected() -> None:
    rows = {"ada": "maths,freshmen", "bob": "art,senior"}
    answers = {"a.mp4": "ada", "b.mp4": "ada", "c.mp4": None}
    assert recognise.right_answers("a.mp4:maths,freshman b.mp4:art,senior c.mp4:art,senior", rows, answers) == 1


@pytest.mark.parametrize("benchmark", [identify.main, threshold.main, recognise.main, rollcall.main])
def test_a_folder_of_another_layout_is_refused_with_the_layout(benchmark: object, tmp_path: Path) -> None:
    ran = CliRunner().invoke(benchmark, ["--data", str(tmp_path)])  # type: ignore[arg-type]
    assert ran.exit_code == 2
    assert "must hold" in ran.output


def test_that_the_figures_have_nowhere_to_go_is_said_before_anything_is_measured(tmp_path: Path) -> None:
    ran = CliRunner().invoke(identify.main, ["--json", str(tmp_path / "nowhere" / "figures.json")])
    assert ran.exit_code == 2
    assert "there is no folder" in ran.output


@pytest.mark.parametrize("percent", [1, 10])
def test_the_shipped_curves_are_those_the_product_uses(percent: int) -> None:
    for students, photographs in ((2, 1), (11, 3), (50, 6)):
        at = threshold.SHIPPED[percent].at(students, photographs)
        counts = [photographs] * students
        used = fitted_threshold(counts) if percent == 1 else fitted_threshold(counts) - uncertain_band(counts)
        assert used == pytest.approx(at, abs=2e-4)


def test_the_script_lists_the_benchmarks_and_nothing_that_they_share() -> None:
    listed = subprocess.run([ROOT / "scripts" / "bench.sh"], capture_output=True, text=True, check=True).stdout
    names = [line.split()[0] for line in listed.splitlines()[1:]]
    assert names == [
        "coldstart",
        "console",
        "enrol",
        "gallery",
        "identify",
        "longclip",
        "poller",
        "publish",
        "recognise",
        "rollcall",
        "scale",
        "threshold",
        "workload",
    ]
