"""`python -m recognition calibrate`, as its users call it, on made galleries and on the demo's photographs."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bench.command import DATA
from recognition.calibration.estimate import FEWEST_PEOPLE
from recognition.faces import Embedding
from recognition.gallery import Gallery, make_gallery
from recognition.gallery_file import read_gallery, write_gallery
from recognition.threshold import fitted_threshold
from tests.people import alike, direction
from tests.unit.recognition.command_line import Run

FILE = Path("gallery.npz")


@pytest.fixture
def calibrate(run: Run) -> Run:
    """Run `calibrate` in an empty folder."""
    return partial(run, "calibrate")


def roster(students: int, photographs: int = 3) -> dict[str, list[Embedding]]:
    """People around one common face, each with their own scatter, about as similar as dlib's are."""
    rng = np.random.default_rng(3)
    common, people = rng.normal(size=128), rng.normal(0, 0.45, size=(students, 128))
    return {
        f"s{n}": list(common + person + rng.normal(0, 0.15, size=(photographs, 128))) for n, person in enumerate(people)
    }


def stored(gallery: Gallery) -> Gallery:
    FILE.write_bytes(write_gallery(gallery))
    return gallery


def test_it_prints_the_threshold_the_estimate_and_how_sure_it_is_and_writes_nothing(calibrate: Run) -> None:
    gallery = stored(make_gallery(roster(30)))
    before = FILE.read_bytes()
    shown = calibrate()
    assert shown.code == 0
    for words in (f"{gallery.threshold:.4f}, fitted for FPIR 1.0%", "expected TPIR", "expected FPIR", "50 to 87 %"):
        assert words in shown.out
    assert "30 people" in shown.out
    assert FILE.read_bytes() == before


def test_the_same_gallery_gives_the_same_answer(calibrate: Run) -> None:
    stored(make_gallery(roster(30)))
    assert calibrate().out == calibrate().out


def test_write_stores_the_threshold_its_origin_and_its_rate_and_keeps_all_else(calibrate: Run) -> None:
    before = stored(make_gallery(roster(30)))
    assert calibrate("--fpir", 0.05, "--write").code == 0
    after = read_gallery(FILE.read_bytes())
    assert (after.threshold_from, after.fpir) == ("calibrated", 0.05)
    assert after.threshold < before.threshold
    assert after.student_ids == before.student_ids
    assert after.enrolled is not None
    assert FILE.stat().st_mode & 0o777 == 0o600


def test_calibrating_twice_does_not_move_the_threshold_again(calibrate: Run) -> None:
    stored(make_gallery(roster(30)))
    calibrate("--write")
    once = read_gallery(FILE.read_bytes()).threshold
    calibrate("--write")
    assert read_gallery(FILE.read_bytes()).threshold == once


def test_with_too_few_people_the_formula_stays_and_it_is_said(calibrate: Run) -> None:
    stored(make_gallery(roster(FEWEST_PEOPLE - 1)))
    before = FILE.read_bytes()
    shown = calibrate("--write")
    assert shown.code == 0
    assert "the formula stays" in shown.out
    assert "not changed" in shown.message
    assert FILE.read_bytes() == before


def test_students_who_look_alike_are_named_the_most_alike_first(calibrate: Run) -> None:
    people = {"ada": [direction(0)] * 3, "[b]twin": [alike(0, 0.99)] * 3, "bob": [direction(5)] * 3}
    stored(make_gallery(people | {"double": [alike(5, 0.98)] * 3, "eve": [direction(9)] * 3}))
    lines = calibrate().out.split("Look-alikes")[1].splitlines()
    pairs = [line for line in lines if "0.99" in line or "0.98" in line]
    assert "ada" in pairs[0]
    assert "[b]twin" in pairs[0]
    assert "bob" in pairs[1]
    assert not any("eve" in line for line in lines)


def test_at_most_ten_pairs_are_shown(calibrate: Run) -> None:
    stored(make_gallery({f"s{n}": [alike(0, 0.99)] * 3 for n in range(8)}))
    pairs = calibrate().out.split("Look-alikes")[1].splitlines()
    assert sum("1.0000" in line for line in pairs) == 10


def test_few_poor_and_disagreeing_photographs_are_named(calibrate: Run) -> None:
    people = {"few": [direction(0)], "odd": [direction(1)] * 4 + [direction(2)], "poor": [direction(3)] * 3}
    qualities = {"few": [1.0], "odd": [1.0] * 5, "poor": [0.9, 0.2, 0.3]}
    stored(make_gallery(people, qualities))
    said = [line for line in calibrate().out.splitlines() if "photograph" in line]
    assert any("few" in line and "1 photograph only; 3 are advised" in line for line in said)
    assert any("odd" in line and "5 of 5 does not look like this student's other photographs" in line for line in said)
    assert [line for line in said if "is poor" in line] == [line for line in said if "2 of 3 is poor" in line] != []


def test_good_photographs_are_not_complained_of(calibrate: Run) -> None:
    stored(make_gallery({str(n): [direction(n)] * 3 for n in range(4)}))
    shown = calibrate()
    assert "Look-alikes" not in shown.out
    assert "Photographs to replace" not in shown.out


def test_a_gallery_without_photographs_says_which_file_to_calibrate(calibrate: Run) -> None:
    stored(replace(make_gallery(roster(30)), enrolled=None))
    refused = calibrate()
    assert refused.code == 1
    assert "calibrate the file `enrol` wrote" in refused.message


def test_the_only_student_cannot_be_confused_with_anybody(calibrate: Run) -> None:
    stored(make_gallery({"ada": [direction(0)] * 3}))
    refused = calibrate()
    assert refused.code == 1
    assert "--strangers" in refused.message


def test_an_empty_gallery_says_to_enrol(calibrate: Run) -> None:
    stored(make_gallery({}))
    assert "python -m recognition enrol" in calibrate().message


@pytest.mark.parametrize("fpir", ["0", "-0.1", "0.5", "0.7", "nan", "many"])
def test_a_rate_out_of_range_is_a_usage_error(calibrate: Run, fpir: str) -> None:
    stored(make_gallery(roster(3)))
    refused = calibrate("--fpir", fpir)
    assert refused.code == 2
    assert "--fpir" in refused.message


def test_a_missing_gallery_says_how_to_make_one(calibrate: Run) -> None:
    assert "python -m recognition enrol" in calibrate().message


def test_the_plot_is_written(calibrate: Run) -> None:
    stored(make_gallery(roster(30)))
    assert calibrate("--plot", "plot.png").code == 0
    assert Path("plot.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_a_plot_is_one_clear_error(calibrate: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(make_gallery(roster(30)))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    refused = calibrate("--plot", "plot.png", "--write")
    assert refused.code == 1
    assert "pip install matplotlib" in refused.message
    assert refused.out == ""
    assert read_gallery(FILE.read_bytes()).threshold_from == "fitted"


def test_a_plot_that_cannot_be_written_is_refused_before_any_work(calibrate: Run) -> None:
    stored(make_gallery(roster(30)))
    refused = calibrate("--plot", "no/folder/plot.png")
    assert refused.code == 1
    assert "no folder" in refused.message
    assert refused.out == ""


def test_the_demos_two_students_keep_the_formula(run: Run, calibrate: Run, samples: Path) -> None:
    run("enrol", samples / "photographs")
    shown = calibrate()
    assert shown.code == 0
    assert "2 people are fewer than 20: the formula stays" in shown.out


def test_fifty_real_people_promise_more_than_nine_in_ten_named_and_some_look_alike(run: Run, calibrate: Run) -> None:
    if not (DATA / "lfw" / "enrol").is_dir():
        pytest.skip("the LFW data is not beside this checkout")
    run("enrol", DATA / "lfw" / "enrol", "--skip-bad-photographs")
    shown = calibrate("--write")
    assert "50 people" in shown.out
    assert "Look-alikes" in shown.out
    promised = shown.out.split("expected TPIR")[1].split("%")[0].strip(" │")
    assert 90 < float(promised) < 100
    stored_threshold = read_gallery(FILE.read_bytes()).threshold
    assert stored_threshold == pytest.approx(fitted_threshold([3] * 50), abs=0.01)


def test_a_published_gallery_is_calibrated_with_strangers_and_says_that_tpir_is_unknown(
    calibrate: Run, samples: Path, tmp_path: Path
) -> None:
    stored(replace(make_gallery(roster(30)), enrolled=None))
    shutil.copytree(samples / "photographs", tmp_path / "strangers")
    (tmp_path / "strangers" / "broken.jpg").write_bytes(b"nonsense")
    shown = calibrate("--strangers", "strangers")
    assert shown.code == 0
    assert "unknown" in shown.out
    assert "broken.jpg: not a readable photograph" in shown.message


def test_strangers_without_a_usable_photograph_are_one_clear_error(calibrate: Run, tmp_path: Path) -> None:
    stored(make_gallery(roster(30)))
    folder = tmp_path / "strangers"
    folder.mkdir()
    assert "holds no photographs" in calibrate("--strangers", folder).message
    (folder / "broken.jpg").write_bytes(b"nonsense")
    refused = calibrate("--strangers", folder)
    assert refused.code == 1
    assert "none of the strangers' photographs is usable" in refused.message
