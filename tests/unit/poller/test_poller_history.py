"""What ticks leave in RESULTS_DIR, and what is believed of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from poller.durable import DurableDirectory
from poller.history import (
    HISTORY,
    HISTORY_BYTES,
    KEPT_LINES,
    LAST_SUCCESS,
    PastTick,
    last_success,
    last_ticks,
    remember,
)
from poller.tally import Exit, Tally

GOOD = PastTick(1_700_000_000.0, 2.5, 0, False, {"request_wait_s": 3.0, "result_wait_s": None}, {"done": 2})


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DurableDirectory]:
    with DurableDirectory(tmp_path) as opened:
        yield opened


def test_a_tick_is_read_as_it_was_remembered(directory: DurableDirectory) -> None:
    remember(directory, GOOD)
    assert last_success(directory) == GOOD
    assert last_ticks(directory, 5) == [GOOD]


def test_the_files_are_private(directory: DurableDirectory, tmp_path: Path) -> None:
    remember(directory, GOOD)
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in (HISTORY, LAST_SUCCESS)} == {0o600}


@pytest.mark.parametrize(("code", "stopped"), [(Exit.AWS, False), (Exit.DISK, False), (Exit.FINE, True)])
def test_trouble_and_a_signal_are_no_success(directory: DurableDirectory, code: Exit, stopped: bool) -> None:
    remember(directory, GOOD)
    remember(directory, PastTick(GOOD.ended + 60, 1.0, code, stopped))
    assert last_success(directory) == GOOD
    assert len(last_ticks(directory, 5)) == 2


def test_the_history_is_bounded_and_keeps_the_latest(directory: DurableDirectory, tmp_path: Path) -> None:
    (tmp_path / HISTORY).write_bytes(b"{}\n" * (KEPT_LINES + 50))
    remember(directory, GOOD)
    lines = (tmp_path / HISTORY).read_text().splitlines()
    assert len(lines) == KEPT_LINES
    assert last_ticks(directory, 1) == [GOOD]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00",
        b"[" * 900,
        b"null\n[]\n7\n",
        b"x" * (HISTORY_BYTES + 1),
        b'{"at": "9999-12-31T23:59:59+00:00", "seconds": 1, "exit_code": 0, "stopped": false, "counts": {}}',
        b'{"at": "2026-01-01T00:00:00", "seconds": 1, "exit_code": 0, "stopped": false, "counts": {}}',
        b'{"at": "2026-01-01T00:00:00+00:00", "seconds": NaN, "exit_code": 0, "stopped": false, "counts": {}}',
        b'{"at": "2026-01-01T00:00:00+00:00", "seconds": 1, "exit_code": "\\u001b[2J", "stopped": false, "counts": {}}',
    ],
)
def test_a_hostile_file_is_not_believed_and_stops_nothing(
    directory: DurableDirectory, tmp_path: Path, content: bytes
) -> None:
    for name in (HISTORY, LAST_SUCCESS):
        (tmp_path / name).write_bytes(content)
    assert last_success(directory) is None
    assert last_ticks(directory, 5) == []
    remember(directory, GOOD)
    assert (last_success(directory), last_ticks(directory, 5)) == (GOOD, [GOOD])


def test_a_symlink_is_replaced_and_not_followed(directory: DurableDirectory, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    for name in (HISTORY, LAST_SUCCESS):
        (tmp_path / name).symlink_to(victim)
    remember(directory, GOOD)
    assert victim.read_text() == "untouched"
    assert last_success(directory) == GOOD


def test_a_clock_that_is_behind_makes_no_negative_wait_and_the_longest_counts() -> None:
    tally = Tally()
    tally.waited("request_wait_s", 110.0, 100.0)
    assert tally.waits() == {"request_wait_s": 0.0, "result_wait_s": None}
    for sent in (95.0, 90.0, 99.0, None):
        tally.waited("request_wait_s", sent, 100.0)
    assert tally.waits()["request_wait_s"] == 10.0


def test_the_longest_line_a_tick_can_write_is_believed(directory: DurableDirectory, tmp_path: Path) -> None:
    from poller.logs import COUNTS, WAITS

    full = PastTick(1_700_000_000.0, 9999.9, 4, True, dict.fromkeys(WAITS, 1e9), dict.fromkeys(COUNTS, 10**9))
    remember(directory, full)
    assert last_ticks(directory, 1) == [full]
    assert json.loads((tmp_path / HISTORY).read_text())["counts"]


@pytest.mark.parametrize("name", [HISTORY, LAST_SUCCESS])
def test_whoever_looks_for_results_does_not_come_upon_these_files(name: str) -> None:
    assert name.startswith(".")
    assert not Path(name).match("*.json")
    assert not Path(name).match("*.csv")
