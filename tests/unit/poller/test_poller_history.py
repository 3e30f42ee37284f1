"""The history of ticks and the last success, on a real directory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from poller import history
from poller.durable import DurableDirectory

NOW = 1_790_000_000.0
FINE = {"received": 1, "seconds": 2.5, "exit_code": 0}


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DurableDirectory]:
    with DurableDirectory(tmp_path) as opened:
        yield opened


def test_a_tick_is_kept_with_its_time_and_numbers(directory: DurableDirectory) -> None:
    history.keep(directory, FINE, NOW)
    history.keep(directory, {**FINE, "exit_code": 1}, NOW + 60)
    first, second = history.ticks(directory)
    assert first == {"at": "2026-09-21T14:13:20+00:00", **FINE}
    assert second["exit_code"] == 1


def test_without_a_file_there_is_neither_history_nor_success(directory: DurableDirectory) -> None:
    assert history.ticks(directory) == []
    assert history.last_success(directory) is None


@pytest.mark.parametrize(("code", "expected"), [(0, NOW + 60), (1, NOW + 60), (3, NOW), (4, NOW)])
def test_only_a_tick_without_trouble_is_a_success(directory: DurableDirectory, code: int, expected: float) -> None:
    history.keep(directory, FINE, NOW)
    history.keep(directory, {**FINE, "exit_code": code}, NOW + 60)
    assert history.last_success(directory) == expected


def test_the_history_is_bounded_and_keeps_the_newest(directory: DurableDirectory, tmp_path: Path) -> None:
    lines = "".join(f'{{"seconds": {n}, "exit_code": 0}}\n' for n in range(history.TICKS))
    (tmp_path / history.HISTORY).write_text(lines)
    history.keep(directory, FINE, NOW)
    ticks = history.ticks(directory)
    assert len(ticks) == history.TICKS
    assert ticks[0]["seconds"] == 1
    assert ticks[-1]["seconds"] == 2.5


@pytest.mark.parametrize("damage", [b"\xff\xfe", b"[1]\n7\nnull\n", b'{"a": {"b": 1}}\n', b"[" * 100_000, b'{"cut": '])
def test_a_damaged_history_is_no_obstacle(directory: DurableDirectory, tmp_path: Path, damage: bytes) -> None:
    (tmp_path / history.HISTORY).write_bytes(damage)
    (tmp_path / history.LAST_SUCCESS).write_bytes(damage)
    assert history.last_success(directory) is None
    history.keep(directory, FINE, NOW)
    assert history.ticks(directory)[-1]["received"] == 1
    assert history.last_success(directory) == NOW


def test_a_planted_link_is_replaced_and_not_followed(directory: DurableDirectory, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_text('{"epoch": 1}')
    (tmp_path / history.LAST_SUCCESS).symlink_to(outside)
    assert history.last_success(directory) is None
    history.keep(directory, FINE, NOW)
    assert outside.read_text() == '{"epoch": 1}'
    assert json.loads((tmp_path / history.LAST_SUCCESS).read_text())["epoch"] == NOW


def test_both_files_are_for_their_owner_alone(directory: DurableDirectory, tmp_path: Path) -> None:
    history.keep(directory, FINE, NOW)
    modes = {(tmp_path / name).stat().st_mode & 0o777 for name in (history.HISTORY, history.LAST_SUCCESS)}
    assert modes == {0o600}
