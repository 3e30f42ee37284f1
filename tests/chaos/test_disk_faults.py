"""The VM's disk fails under the real program: what is filed is whole, and what is not stays in the queue."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from poller.history import HISTORY, LAST_SUCCESS
from poller.lock import LOCK
from poller.naming import stem
from tests.chaos import disk
from tests.contract.poller.loopback_aws import LoopbackAws, loopback_aws
from tests.unit.poller.poller_fakes import result
from wire.result_csv import write_csv
from wire.result_json import write_result
from wire.result_message import Result, StudentSeen

OPENED, SYNCED, RENAMED = ("open", 3), ("fsync", 4), ("replace", 2)
"""What filing one pair calls and how often; the first file opened is the tick's lock."""
OF_THE_TICKS = {LOCK, HISTORY, LAST_SUCCESS}
STEPS = [(step, nth) for step, times in (OPENED, SYNCED, RENAMED) for nth in range(1, times + 1)]

needs_mounts = pytest.mark.skipif("not disk.can_mount()", reason="this machine forbids mounts, even in a namespace")


@pytest.fixture
def aws() -> Iterator[LoopbackAws]:
    with loopback_aws() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "results"
    made.mkdir()
    return made


def environment(aws: LoopbackAws, folder: Path) -> dict[str, str]:
    return aws.environment(folder, POLLER_WAIT_S="1", RESULT_RETENTION_DAYS="0")  # the sweep writes, too: not filing


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stderr.splitlines()]


def tick(aws: LoopbackAws, folder: Path) -> list[dict[str, object]]:
    """A tick in which nothing goes wrong, once what is hidden has come back: the lines of its log."""
    for message in aws.queues["output"]:
        message.visible_at = 0.0
    done = disk.struck_tick("fsync", "before", 10_000, environment(aws, folder))
    assert done.returncode == 0, done.stderr
    return lines(done)


def assert_filed(folder: Path, of: Result) -> None:
    assert (folder / f"{stem(of)}.csv").read_bytes().decode() == of.csv
    assert (folder / f"{stem(of)}.json").read_text() == write_result(of)


def seen(student_id: str, name: str) -> StudentSeen:
    return StudentSeen(student_id, name, "maths", "senior", 0.9, 0.5, 3, 0.0)


def roll_call(*students: StudentSeen) -> Result:
    return result(outcome="recognised", students=students, csv=write_csv(students))


@pytest.mark.fault(36)
@pytest.mark.fault(43)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("step", "nth"), STEPS)
def test_a_tick_killed_at_any_step_of_filing_leaves_no_half_file_and_the_next_one_completes_the_pair(
    aws: LoopbackAws, folder: Path, step: str, nth: int, moment: str
) -> None:
    of = roll_call(seen("1", "Ada"))
    aws.put("output", write_result(of))
    died = disk.struck_tick(step, moment, nth, environment(aws, folder))
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert len(aws.queues["output"]) == 1, "the message went before its files were durable"
    whole = {f"{stem(of)}.csv": of.csv, f"{stem(of)}.json": write_result(of)}
    for path in folder.iterdir():
        if not path.name.startswith("."):
            assert path.read_bytes().decode() == whole[path.name]
    for left in folder.glob(".tmp-*"):
        os.utime(left, (1000, 1000))  # the machine was off for a while
    tick(aws, folder)
    assert_filed(folder, of)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*OF_THE_TICKS, *whole])
    assert aws.queues["output"] == []


@pytest.mark.fault(36)
def test_the_steps_that_are_killed_are_all_that_filing_a_pair_takes(aws: LoopbackAws, folder: Path) -> None:
    for step, times in (OPENED, SYNCED, RENAMED):
        aws.put("output", write_result(result(version=step)))
        died = disk.struck_tick(step, "before", times + 1, environment(aws, folder))
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert aws.queues["output"] == [], "this was a step of filing, too"
        for path in folder.iterdir():
            path.unlink()


@pytest.mark.fault(43)
def test_a_temporary_file_that_may_still_be_written_survives_the_clearing(aws: LoopbackAws, folder: Path) -> None:
    stale, young = (folder / f".tmp-{digit * 16}.part" for digit in "ab")
    for path in (stale, young):
        path.write_bytes(b"half")
    os.utime(stale, (1000, 1000))
    log = tick(aws, folder)
    assert ([line["event"] for line in log].count("stale_removed"), stale.exists(), young.exists()) == (1, False, True)


def assert_kept(aws: LoopbackAws, done: subprocess.CompletedProcess[str], code: str, hint: str) -> None:
    """The message is still there, and the log says what to do."""
    assert done.returncode == 4, done.stderr
    troubles = [line for line in lines(done) if line["event"] == "disk_trouble"]  # the history may have met it as well
    assert {(line["code"], line["level"]) for line in troubles} == {(code, "ERROR")}
    assert hint in str(troubles[0]["hint"])
    assert len(aws.queues["output"]) == 1


@needs_mounts
@pytest.mark.fault(37)
def test_a_full_disk_keeps_the_message_and_says_so(aws: LoopbackAws, folder: Path) -> None:
    of = result(reason="x" * 20_000)
    aws.put("output", write_result(of))
    assert_kept(aws, disk.tick_on(disk.FULL, folder, environment(aws, folder)), "ENOSPC", "free some space")
    tick(aws, folder)
    assert_filed(folder, of)


@needs_mounts
@pytest.mark.fault(37)
def test_a_read_only_disk_keeps_the_message_and_says_so(aws: LoopbackAws, folder: Path) -> None:
    aws.put("output", write_result(result()))
    assert_kept(aws, disk.tick_on(disk.READ_ONLY, folder, environment(aws, folder)), "EROFS", "remount")
    tick(aws, folder)
    assert_filed(folder, result())


@pytest.mark.fault(37)
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_disk_that_reports_an_error_while_syncing_keeps_the_message_and_says_so(
    aws: LoopbackAws, folder: Path, nth: int
) -> None:
    aws.put("output", write_result(result()))
    done = disk.struck_tick("fsync", "EIO", nth, environment(aws, folder))
    assert_kept(aws, done, "EIO", "check dmesg")
    tick(aws, folder)
    assert_filed(folder, result())
    assert aws.queues["output"] == []


HOSTILE = ["../../etc/cron.d/x", "/etc/passwd", "-rf", "a\x00b", ".tick.lock", "$(touch x)", "🎓", "a/../../b"]


@pytest.mark.fault(38)
def test_hostile_names_become_files_inside_the_results_and_nowhere_else(aws: LoopbackAws, folder: Path) -> None:
    for key in HOSTILE:
        aws.put("output", write_result(result(key)))
    tick(aws, folder)
    for key in HOSTILE:
        assert_filed(folder, result(key))
    assert [path.name for path in folder.parent.iterdir()] == ["results"]
    assert len(list(folder.iterdir())) == 2 * len(HOSTILE) + len(OF_THE_TICKS)


@pytest.mark.fault(39)
def test_another_result_of_one_version_is_kept_beside_the_first_and_reported(aws: LoopbackAws, folder: Path) -> None:
    first, other = roll_call(seen("1", "Ada")), roll_call(seen("2", "Bob"))
    for each in (first, other):
        aws.put("output", write_result(each))
    log = tick(aws, folder)
    assert_filed(folder, first)
    assert sorted(path.read_bytes().decode() for path in folder.glob("*.csv")) == sorted([first.csv, other.csv])
    (alarm,) = [line for line in log if line["event"] == "kept_both"]
    assert (alarm["level"], alarm["jobs"]) == ("WARNING", [first.upload.job_id[:12]])
    assert log[-1]["kept_both"] == 1
    assert aws.queues["output"] == []


FORMULAS = ['=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\x00=1"]


@pytest.mark.fault(40)
def test_names_that_are_formulas_reach_the_vm_as_texts(aws: LoopbackAws, folder: Path) -> None:
    of = roll_call(*(seen(str(n), name) for n, name in enumerate(FORMULAS)))
    aws.put("output", write_result(of))
    tick(aws, folder)
    text = (folder / f"{stem(of)}.csv").read_bytes().decode()
    read = [row["name"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    texts = ["'" + name.replace("\x00", "").replace("\t=", "\t'=") for name in FORMULAS]  # a tab separates as well
    assert read == texts
