"""What an operator sees of this machine's poller, without any AWS."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path

import pytest

from poller import history, status
from poller.durable import DurableDirectory
from poller.filing import file_result
from poller.tick import LOCK
from tests.unit.poller.poller_fakes import result
from wire.result_json import write_result

RECORD = {"received": 3, "done": 2, "failed": 1, "results": 2, "seconds": 4.5, "exit_code": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two results of today, one of an earlier day, and one tick that ended a minute ago."""
    now = time.time()
    with DurableDirectory(tmp_path) as directory:
        for version in ("v1", "v2", "old"):
            made = result("ada-lovelace.mp4", version)
            file_result(directory, made, write_result(made))
        history.keep(directory, {**RECORD, "longest_request_wait_s": 77.0}, now - 60)
    (old,) = [path for path in tmp_path.glob("[!.]*.json") if '"old"' in path.read_text()]
    os.utime(old, (now - 2 * 86_400, now - 2 * 86_400))
    return tmp_path


def told(folder: Path, *arguments: str) -> int:
    return status.main(arguments, {"RESULTS_DIR": str(folder)})


def test_a_recent_success_is_well(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(folder) == 0
    said = capsys.readouterr().out
    assert "last success   60 s ago" in said
    assert "results today  2 (2 no_face)" in said
    assert said.splitlines()[-1].split()[1:] == ["4.5", "1", "3", "2", "1", "2", "77.0"]


def test_it_shows_neither_keys_nor_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(folder)
    told(folder, "--json")
    assert "ada" not in capsys.readouterr().out


def test_the_same_is_there_as_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(folder, "--json", "--last", "1") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["well"]
    assert data["results_today"] == {"no_face": 2}
    assert data["ticks"][0]["longest_request_wait_s"] == 77.0


def test_a_long_silence_is_not_well_and_says_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / history.LAST_SUCCESS).write_text(json.dumps({"epoch": time.time() - status.SILENT_S - 1}))
    assert told(folder) == 1
    assert "is cron running" in capsys.readouterr().out


def test_no_success_ever_is_not_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(tmp_path) == 1
    assert "last success   never" in capsys.readouterr().out


def test_asking_for_no_ticks_shows_the_table_head_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(folder, "--last", "0")
    assert capsys.readouterr().out.splitlines()[-1].split()[0] == "ended"


def test_what_a_file_says_cannot_drive_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / history.HISTORY).write_text(json.dumps({"at": "\x1b[2J\x07boo", "seconds": "x" * 500}))
    told(folder)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "x" * 30 not in said


def test_a_record_nobody_can_read_is_counted_as_that(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "somebody.json").write_text("{}")
    told(folder)
    assert "3 (2 no_face, 1 unreadable)" in capsys.readouterr().out


@pytest.mark.skipif(not status.LOCKS.exists(), reason="this system does not list its locks")
def test_a_running_tick_is_seen_without_touching_its_lock(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(folder)
    assert "a tick runs    unknown" in capsys.readouterr().out
    with (folder / LOCK).open("w") as lock:
        told(folder)
        assert "a tick runs    no" in capsys.readouterr().out
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        told(folder)
        assert "a tick runs    yes" in capsys.readouterr().out


@pytest.mark.parametrize("value", ["", " ", "/nowhere/at/all"])
def test_without_a_results_directory_it_says_what_to_set(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.main([], {"RESULTS_DIR": value}) == 2
    assert "RESULTS_DIR" in capsys.readouterr().err
