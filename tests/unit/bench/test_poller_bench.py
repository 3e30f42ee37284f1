"""The poller's benchmark: what a tick's log and its results say, the figures drawn from them, a tick's own costs."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import click
import pytest

import localcloud
from bench import ticks
from bench.poller import Drained, Measured, figures, ideal_s
from bench.ticks import Tick
from bench.waiting import s3_event
from wire.s3_event import read_notification


def logged(*events: str) -> tuple[dict[str, object], ...]:
    return tuple({"event": event} for event in events)


def ran(*events: str, cpu_s: float = 0.4, peak_bytes: int = 50_000_000) -> Tick:
    return Tick(0, 100.0, 110.0, cpu_s, peak_bytes, logged(*events))


def test_the_most_in_hand_counts_what_was_asked_and_has_not_ended() -> None:
    assert ran("tick", "invoke", "invoke", "done", "invoke", "written", "failed", "done").most_in_hand() == 2
    assert ran("tick", "summary").most_in_hand() == 0


def test_the_ideal_is_whole_rounds_of_32() -> None:
    assert (ideal_s(32), ideal_s(33), ideal_s(640)) == (2.0, 4.0, 40.0)


def test_efficiency_is_told_against_the_ideal_and_against_the_pool() -> None:
    measured = Measured(
        count=640,
        pool_count=160,
        pool_s=12.5,
        one_window=Drained(50.0, (ran("invoke", cpu_s=6.4),)),
        as_shipped=Drained(80.0, (ran(), ran())),
        idle=(ran(cpu_s=0.5), ran(cpu_s=0.3, peak_bytes=60_000_000), ran()),
        few=ran("invoke", "done"),
        many=ran("invoke", "invoke", "done", "done", peak_bytes=54_000_000),
    )
    found = figures(measured)
    assert (found["efficiency"], found["efficiency_of_pool"], found["efficiency_against_pool"]) == (0.8, 0.8, 1.0)
    assert (found["efficiency_as_shipped"], found["ticks_as_shipped"]) == (0.5, 2)
    assert (found["idle_cpu_s"], found["rss_mb"]) == (0.4, 60.0)
    assert (found["rss_10_mb"], found["rss_10000_mb"], found["done_before_10000"]) == (50.0, 54.0, 2)
    assert (found["most_in_hand"], found["poller_cpu_ms_a_message"]) == (2, 10.0)


def test_a_tick_reports_its_own_time_and_memory_not_those_of_its_parent(tmp_path: Path) -> None:
    kept = bytearray(300_000_000)  # what a parent holds
    (tmp_path / "busy.py").write_text(
        "import sys, time\nheld = bytearray(40_000_000)\nwhile time.process_time() < 0.3: pass\n"
        """print('{"event": "done"}', file=sys.stderr)\n"""
    )
    process = ticks.start({**os.environ, "PYTHONPATH": str(tmp_path)}, "busy")
    tick = ticks.end(process, 100.0)
    assert kept
    assert tick.cpu_s >= 0.3
    assert 40_000_000 <= tick.peak_bytes < 150_000_000
    assert (tick.code, tick.count("done")) == (0, 1)


def test_a_tick_that_fails_for_good_is_no_measurement(tmp_path: Path) -> None:
    given = {**os.environ, "PYTHONPATH": str(ticks.ROOT), "RESULTS_DIR": str(tmp_path), "REQUEST_QUEUE_URL": "none"}
    with pytest.raises(click.ClickException, match="REQUEST_QUEUE_URL is not a URL"):
        ticks.tick(given)


def test_a_tick_is_told_nothing_of_the_outer_shells_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLLER_CONCURRENCY", "99")
    cloud = localcloud.Cloud(tmp_path, 1, 2, {}, {"REQUEST_QUEUE_URL": "http://q"})
    given = ticks.environment(cloud, tmp_path / "results", {"POLLER_WAIT_S": "1"})
    assert "POLLER_CONCURRENCY" not in given
    assert (given["POLLER_WAIT_S"], given["REQUEST_QUEUE_URL"]) == ("1", "http://q")


def test_only_complete_results_count_and_the_youngest_says_when(tmp_path: Path) -> None:
    for name, at in (("a.json", 50), ("b.json", 60), ("c.csv", 70), (".tmp-1.json", 80)):
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (at, at))
    assert [file.name for file in ticks.records(tmp_path)] == ["a.json", "b.json"]
    assert ticks.last_on_disk(tmp_path) == 60


def test_the_made_messages_are_notifications_of_different_clips() -> None:
    ids = {read_notification(json.dumps(s3_event("in", n))).uploads[0].job_id for n in range(3)}
    assert len(ids) == 3


def test_the_benchmark_of_the_poller_does_not_stand_in_for_the_poller() -> None:
    script = ticks.ROOT / "scripts" / "bench.sh"
    said = subprocess.run([script, "poller", "--help"], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "640" in said.stdout
