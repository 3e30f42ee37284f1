"""Results on the VM end when they should, and a student can be erased there by hand."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from poller.durable import DurableDirectory
from poller.erase import main
from poller.filing import file_result
from poller.lock import take
from poller.retention import DAY_S, SWEPT, remove_expired
from tests.unit.poller.poller_fakes import FakeClock, result
from tests.unit.poller.test_poller_erasing import BOB, ZOE, seen
from wire.result_json import write_result

NOW = 1_700_000_000.0
YESTERDAY = b"2023-11-13"
OURS = ("clip-0123456789ab.csv", "c.mp4-0123456789ab-01234567.json", ".discarded-m1.message")
OTHERS = ("notes.csv", ".last-success", ".tick.lock", "clip-0123456789AB.csv", "clip-0123456789ab.csv.bak")


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DurableDirectory]:
    with DurableDirectory(tmp_path) as opened:
        opened.write(SWEPT, YESTERDAY)
        yield opened


def aged(folder: Path, name: str, days: float) -> None:
    (folder / name).write_text("x")
    os.utime(folder / name, (NOW - days * DAY_S,) * 2)


def test_results_beyond_their_time_are_removed_and_nothing_else(directory: DurableDirectory, tmp_path: Path) -> None:
    for name in (*OURS, *OTHERS):
        aged(tmp_path, name, 30.1)
    aged(tmp_path, "young-0123456789ab.csv", 29.9)
    assert remove_expired(directory, 30, NOW) == 3
    assert {path.name for path in tmp_path.iterdir()} == {*OTHERS, "young-0123456789ab.csv", SWEPT}


def test_it_looks_once_a_day(directory: DurableDirectory, tmp_path: Path) -> None:
    assert remove_expired(directory, 30, NOW) == 0
    aged(tmp_path, OURS[0], 31)
    assert remove_expired(directory, 30, NOW + 1) is None
    assert remove_expired(directory, 30, NOW + DAY_S) == 1


def test_with_no_limit_nothing_is_removed(directory: DurableDirectory, tmp_path: Path) -> None:
    aged(tmp_path, OURS[0], 3000)
    assert remove_expired(directory, 0, NOW) is None
    assert {path.name for path in tmp_path.iterdir()} == {OURS[0], SWEPT}


@pytest.mark.parametrize("last", [b"", b"nonsense", b"2023-11-10", b"2023-11-15", b"\xff"])
def test_a_clock_that_may_have_jumped_removes_nothing_on_its_first_day(
    directory: DurableDirectory, tmp_path: Path, last: bytes
) -> None:
    directory.write(SWEPT, last)
    aged(tmp_path, OURS[0], 3000)
    assert remove_expired(directory, 30, NOW) is None
    assert remove_expired(directory, 30, NOW + DAY_S) == 1


def test_the_files_of_a_real_result_are_known_by_their_names(directory: DurableDirectory, tmp_path: Path) -> None:
    for one in (result(), result(reason="another"), result(key="ÄÖ/.-x")):
        file_result(directory, one, write_result(one))
    directory.write(SWEPT, b"2051-03-31")
    assert remove_expired(directory, 1, NOW + 10_000 * DAY_S) == 6


def test_a_student_is_erased_by_hand(
    directory: DurableDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file_result(directory, seen(ZOE, BOB), write_result(seen(ZOE, BOB)))
    assert main([ZOE.student_id], {"RESULTS_DIR": str(tmp_path)}, FakeClock()) == 0
    assert capsys.readouterr().out == "2 file(s) written anew, 0 removed\n"
    assert not any("Quill" in path.read_text() for path in tmp_path.iterdir())


def test_erasing_by_hand_waits_for_a_tick_and_gives_up_in_the_end(directory: DurableDirectory, tmp_path: Path) -> None:
    with contextlib.ExitStack() as held:
        assert take(directory, held)
        assert main(["7", "--wait", "0"], {"RESULTS_DIR": str(tmp_path)}, FakeClock()) == 1
        assert (
            main(["7", "--wait", "5"], {"RESULTS_DIR": str(tmp_path)}, FakeClock(on_wait=lambda _: held.close())) == 0
        )


@pytest.mark.parametrize("student", ["", " ", "x" * 201])
def test_erasing_by_hand_needs_an_id(
    student: str, directory: DurableDirectory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(tmp_path.iterdir())
    assert main([student], {"RESULTS_DIR": str(tmp_path)}, FakeClock()) == 2
    assert "an id of 1 to 200 characters" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_erasing_by_hand_needs_a_directory(tmp_path: Path) -> None:
    assert main(["7"], {}) == 2
    assert main(["7"], {"RESULTS_DIR": str(tmp_path / "nowhere")}) == 2
