"""What is believed of a record, and one instance at a time in a folder."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud import emulator, processes
from localcloud.cloud import down, up
from localcloud.errors import LocalCloudError
from localcloud.places import Places
from localcloud.record import found

ROOT = Path(__file__).parents[3]


def record(state: Path, pid: object) -> None:
    Places(state).record.write_text(
        json.dumps({"state": str(state), "port": 1, "pid": pid, "operator": {}, "poller": {}})
    )


def test_nothing_is_found_where_nothing_was_started(tmp_path: Path) -> None:
    for state in (tmp_path, tmp_path / "absent"):
        assert found(state) is None
        assert down(state) is False
    assert not (tmp_path / "absent").exists()


def test_the_record_of_a_dead_emulator_is_not_believed(tmp_path: Path) -> None:
    process = subprocess.Popen(["true"], start_new_session=True)
    process.wait()
    record(tmp_path, process.pid)
    assert found(tmp_path) is None


def test_a_process_that_got_the_number_of_a_dead_emulator_is_left_alone(tmp_path: Path) -> None:
    strangers = subprocess.Popen(["sleep", "60"], start_new_session=True)
    record(tmp_path, strangers.pid)
    try:
        assert down(tmp_path) is False
        assert strangers.poll() is None
        assert not Places(tmp_path).record.exists()
    finally:
        processes.end(strangers.pid)


@pytest.mark.parametrize("text", ["{}", "[]", "null", '"', "garbage", "\xff", '{"state": 1}', '{"state": ".", "x": 1}'])
def test_what_is_no_record_is_taken_for_none(text: str, tmp_path: Path) -> None:
    Places(tmp_path).record.write_bytes(text.encode("latin-1"))
    assert found(tmp_path) is None
    assert down(tmp_path) is False
    assert not Places(tmp_path).record.exists()


@pytest.mark.parametrize("pid", [0, 1, -1, True, "12", None, 10**30])
def test_a_number_that_is_no_emulators_is_taken_for_none(pid: object, tmp_path: Path) -> None:
    record(tmp_path, pid)
    assert down(tmp_path) is False


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "localcloud", *map(str, arguments)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", ["up", "down", "status", "renew", "logs"])
def test_a_file_in_place_of_the_folder_is_named_in_one_line(verb: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for state in (file, file / "below"):
        said = command(verb, "--state", state)
        assert said.returncode == 1
        assert str(state) in said.stderr
        assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize("port", ["-1", "99999"])
def test_a_port_that_cannot_be_is_named_in_one_line(port: str, tmp_path: Path) -> None:
    said = command("up", f"--port={port}", "--state", tmp_path)
    assert (said.returncode, said.stderr) == (1, f"localcloud: {port} is no port: 0 (any) to 65535\n")


@pytest.mark.parametrize("concurrency", ["0", "-1"])
def test_a_concurrency_that_lets_no_clip_through_is_named_in_one_line(concurrency: str, tmp_path: Path) -> None:
    said = command("up", "--detach", f"--concurrency={concurrency}", "--state", tmp_path)
    expected = f"localcloud: a concurrency of {concurrency} would let no clip through: 1 or more\n"
    assert (said.returncode, said.stderr) == (1, expected)


@pytest.mark.parametrize("parameter", ["trigger", "=queue", ""])
def test_a_parameter_without_a_name_or_a_value_starts_nothing(parameter: str, tmp_path: Path) -> None:
    said = command("up", "--detach", f"--param={parameter}", "--state", tmp_path)
    assert said.returncode == 2
    assert f"{parameter!r} is not NAME=VALUE" in said.stderr
    assert found(tmp_path) is None


@pytest.mark.parametrize(("verb", "outcome"), [(up, "already up"), (down, "True")])
def test_who_comes_during_an_up_waits_for_it_and_then_finds_it(
    verb: Callable[[Path], object], outcome: str, tmp_path: Path
) -> None:
    outcomes: list[str] = []

    def come() -> None:
        try:
            outcomes.append(str(verb(tmp_path)))
        except LocalCloudError as error:
            outcomes.append(str(error))

    late = threading.Thread(target=come)
    played = ["sh", "-c", "sleep 60; true", f"{emulator.mark(tmp_path)} -m ministack"]
    first = subprocess.Popen(played, start_new_session=True)
    try:
        with Places(tmp_path).lock():
            late.start()
            late.join(0.3)
            assert late.is_alive()
            record(tmp_path, first.pid)
        late.join(10)
        assert outcome in outcomes[0]
    finally:
        processes.end(first.pid)
