"""`python -m poller.doctor`, the real program with the real adapters, against AWS on a loopback port."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from poller import doctor
from poller.examine import everything, machine
from poller.examine.finding import Check, Finding, State, run_all
from tests.contract.poller.loopback_aws import LoopbackAws, loopback_aws
from tests.unit.poller.poller_fakes import event

ROOT = Path(__file__).parents[3]
Told = dict[str, tuple[str, str, str]]
Examine = Callable[..., tuple[int, Told]]


@pytest.fixture
def aws() -> Iterator[LoopbackAws]:
    with loopback_aws() as running:
        yield running


@pytest.fixture
def examine(
    aws: LoopbackAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Examine:
    """The program in this process: its code, and state, finding and advice by check."""
    (tmp_path / "results").mkdir(mode=0o700)

    def examine(**changes: str) -> tuple[int, Told]:
        told = aws.environment(tmp_path / "results", **changes)
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        code = doctor.main(["--json"], told)
        found = json.loads(capsys.readouterr().out)
        return code, {one["check"]: (one["state"], one["found"], one["do"]) for one in found}

    return examine


def test_where_all_is_well_nothing_at_aws_is_an_error_and_nothing_was_touched(
    aws: LoopbackAws, examine: Examine, tmp_path: Path
) -> None:
    aws.put("requests", event())
    code, told = examine()
    aws_checks = ("settings", "credentials", "identity", "clock", "request queue", "dead letters", "function")
    assert {name: told[name][0] for name in aws_checks} == dict.fromkeys(aws_checks, "ok")
    assert told["request queue"][1] == "1 waiting, 0 in flight, 0 delayed"
    assert code < 2
    assert aws.dry_runs == 1
    assert aws.invoked == []
    assert {call.split()[0] for call in aws.calls} == {"GetQueueAttributes"}
    assert list((tmp_path / "results").iterdir()) == []


def test_dead_letters_are_a_warning_that_names_the_tool(aws: LoopbackAws, examine: Examine) -> None:
    aws.put("output-dead", "x")
    code, told = examine()
    assert code == 1
    assert told["dead results"] == ("warning", "1 waiting, 0 in flight, 0 delayed", "python -m poller.dlq list")
    assert told["dead letters"][0] == "ok"


@pytest.mark.parametrize(
    ("off_s", "state"), [(0, "ok"), (120, "warning"), (-120, "warning"), (600, "error"), (-600, "error")]
)
def test_the_clock_is_compared_with_the_date_of_aws_replies(
    off_s: float, state: str, aws: LoopbackAws, examine: Examine
) -> None:
    aws.clock_off_s = off_s
    _, told = examine()
    assert told["clock"][0] == state


def test_a_refusal_tells_the_clock_as_well_and_stops_no_other_check(aws: LoopbackAws, examine: Examine) -> None:
    aws.clock_off_s = 600
    aws.broken_with |= dict.fromkeys(("requests", "output", "dead", "output-dead"), "denied")
    code, told = examine()
    assert code == 2
    assert told["clock"][0] == told["request queue"][0] == told["dead results"][0] == "error"
    assert "poller role" in told["request queue"][2]
    assert told["function"][0] == "ok"


def test_a_missing_queue_is_named_by_its_variable(aws: LoopbackAws, examine: Examine) -> None:
    aws.broken_with["output"] = "missing"
    _, told = examine()
    assert told["output queue"][0] == "error"
    assert "check the queue URLs" in told["output queue"][2]


def test_what_needs_a_missing_setting_is_skipped_and_the_rest_examined(examine: Examine) -> None:
    code, told = examine(REQUEST_QUEUE_URL="", RESULTS_DIR="")
    assert code == 2
    assert told["settings"][0] == "error"
    assert told["request queue"] == ("skipped", "needs REQUEST_QUEUE_URL", "")
    assert told["results directory"] == ("skipped", "needs RESULTS_DIR", "")
    assert told["output queue"][0] == "ok"


def test_without_a_region_only_this_machine_is_examined(aws: LoopbackAws, examine: Examine) -> None:
    _, told = examine(AWS_REGION="")
    assert told["AWS"] == ("skipped", "needs AWS_REGION", "")
    assert told["results directory"][0] == "ok"
    assert aws.calls == []


def test_settings_at_odds_with_each_other_are_errors(examine: Examine) -> None:
    code, told = examine(POLLER_HEARTBEAT_S="120")
    assert code == 2
    assert "POLLER_HEARTBEAT_S must be below" in told["settings"][1]


def test_missing_credentials_are_said_so_and_what_needs_them_is_skipped(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, told = examine()
    assert code == 2
    assert told["credentials"][:2] == ("error", "none to be had: NoCredentialsError")
    assert told["AWS"][0] == "skipped"


@pytest.mark.parametrize(
    ("process", "found", "do"),
    [
        ("false", "none to be had: CredentialRetrievalError", "credential_process by hand"),
        ("sleep 5", "no answer within 0.5 s", "timeout 20"),
    ],
)
def test_a_credential_process_that_fails_or_hangs_is_an_error_with_advice(
    process: str, found: str, do: str, examine: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = {process}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setattr(everything, "CREDENTIALS_S", 0.5 if "sleep" in process else 30.0)
    _, told = examine()
    assert told["credentials"][:2] == ("error", found)
    assert do in told["credentials"][2]


@pytest.mark.parametrize(
    ("told", "hides_s", "state", "found"),
    [
        ("poller", 120, "ok", ""),
        ("queue", 1800, "ok", ""),
        ("poller", 1800, "warning", ", as for a mapping: that invokes the function as well"),
        ("queue", 120, "error", ", too short for a mapping: nobody invokes the function"),
        ("queue", 299, "error", ", too short for a mapping: nobody invokes the function"),
        ("queue", 300, "ok", ""),
    ],
)
def test_two_invokers_are_a_warning_and_none_is_an_error(
    told: str, hides_s: int, state: str, found: str, aws: LoopbackAws, examine: Examine
) -> None:
    aws.hides_s = hides_s
    _, checks = examine(POLLER_TRIGGER=told)
    assert checks["trigger"][0] == state
    assert checks["trigger"][1] == f"{told}; the request queue hides messages for {hides_s} s{found}"
    assert ("POLLER_TRIGGER must be the stage's" in checks["trigger"][2]) == bool(found)


def test_a_lease_of_six_short_timeouts_is_not_taken_for_a_mapping(examine: Examine) -> None:
    assert examine(FUNCTION_TIMEOUT_S="20")[1]["trigger"][0] == "ok"


@pytest.mark.parametrize(
    ("told", "fault", "state", "do"),
    [
        ("poller", "", "ok", ""),
        ("poller", "denied", "error", "POLLER_TRIGGER must be the stage's"),
        ("queue", "denied", "ok", ""),
        ("queue", "", "warning", "use the stage's poller role"),
        ("queue", "missing", "error", "FUNCTION_NAME"),
    ],
)
def test_a_poller_that_only_files_results_need_not_invoke_and_had_better_not(
    told: str, fault: str, state: str, do: str, aws: LoopbackAws, examine: Examine
) -> None:
    aws.hides_s = 1800 if told == "queue" else 120
    aws.broken_with["function"] = fault
    _, checks = examine(POLLER_TRIGGER=told)
    assert checks["function"][0] == state
    assert do in checks["function"][2]


def test_an_unreadable_trigger_is_an_error_of_the_settings_and_stops_no_other_check(examine: Examine) -> None:
    code, checks = examine(POLLER_TRIGGER="both")
    assert code == 2
    assert "POLLER_TRIGGER is not poller or queue" in checks["settings"][1]
    assert checks["function"][0] == checks["trigger"][0] == "ok"


def test_a_request_queue_that_refuses_us_says_so_once(aws: LoopbackAws, examine: Examine) -> None:
    aws.broken_with["requests"] = "denied"
    _, checks = examine()
    assert checks["request queue"][0] == "error"
    assert checks["trigger"] == ("skipped", "poller; needs the request queue", "")


def test_the_report_is_a_line_a_check_and_shows_no_secret(aws: LoopbackAws, tmp_path: Path) -> None:
    told = {**os.environ, **aws.environment(tmp_path), "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE1234"}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "poller.doctor"],
        cwd=ROOT,
        env={**told, "AWS_SECRET_ACCESS_KEY": "the-secret"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    assert ran.stderr == ""
    assert "ends in 1234" in ran.stdout
    assert "the role smart-classroom-poller" in ran.stdout
    for private in ("AKIAEXAMPLE", "the-secret", "/ada"):
        assert private not in ran.stdout


def test_a_directory_that_is_missing_open_or_no_directory_is_found(tmp_path: Path) -> None:
    missing = machine.directory(tmp_path / "missing")
    assert (missing.state, (tmp_path / "missing").exists()) == (State.WARNING, False)
    tmp_path.chmod(0o755)
    assert "chmod 0700" in machine.directory(tmp_path).do
    tmp_path.chmod(0o700)
    assert machine.directory(tmp_path).state is State.OK
    (tmp_path / "file").touch()
    assert machine.directory(tmp_path / "file").state is State.ERROR


@pytest.mark.parametrize(
    ("free", "size", "inodes", "state"),
    [
        (99 << 20, 1 << 40, 10**6, State.ERROR),
        (1 << 40, 1 << 41, 999, State.ERROR),
        (1023 << 20, 1 << 31, 10**6, State.WARNING),
        (4 << 30, 100 << 30, 10**6, State.WARNING),
        (1 << 40, 1 << 41, 40_000, State.WARNING),
        (1 << 40, 1 << 41, 10**6, State.OK),
    ],
)
def test_little_room_is_a_warning_and_hardly_any_an_error(
    free: int, size: int, inodes: int, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = os.statvfs_result((1, 1, size, free, free, 10**6, inodes, inodes, 0, 255))
    monkeypatch.setattr(machine.os, "statvfs", lambda _: disk)
    assert machine.room(tmp_path / "not there yet", tmp_path / "no mounts").state is state


def test_results_in_memory_are_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounted = next(folder for folder in (tmp_path, *tmp_path.parents) if folder.is_mount())
    mounts.write_text(f"none {mounted} tmpfs rw 0 0\n")
    disk = os.statvfs_result((1, 1, 1 << 41, 1 << 40, 1 << 40, 0, 0, 0, 0, 255))
    monkeypatch.setattr(machine.os, "statvfs", lambda _: disk)
    assert "a reboot empties it" in machine.room(tmp_path, mounts).do


@pytest.mark.parametrize(("text", "state"), [("7200\n", State.WARNING), ("60\n", State.OK), (None, State.SKIPPED)])
def test_a_long_keepalive_is_a_warning_and_an_unknown_one_is_skipped(
    text: str | None, state: State, tmp_path: Path
) -> None:
    if text:
        (tmp_path / "time").write_text(text)
    assert machine.keepalive(tmp_path / "time").state is state


def test_a_check_that_raises_or_hangs_is_a_finding_and_the_others_are_made() -> None:
    def fail() -> Finding:
        raise RuntimeError("secret")

    fine = Finding("fine", State.OK, "fine")
    checks = [Check("a", fail, ""), Check("b", lambda: time.sleep(5) or fine, "wait"), Check("c", lambda: fine, "")]
    raised, silent, well = run_all(checks, 0.5)
    assert (raised.state, raised.found) == (State.ERROR, "could not be examined: RuntimeError")
    assert (silent.state, silent.do) == (State.ERROR, "wait")
    assert well == fine
