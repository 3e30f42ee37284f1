"""The simulated pipeline: nothing is lost in it, its limits are kept, and docs/scale.md quotes what it prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simpy
from click.testing import CliRunner

from bench import scale
from bench.simulation import report
from bench.simulation.arrivals import DAY_S, peak_rate, school_day
from bench.simulation.costs import ALARMS, of_clips
from bench.simulation.day import simulate
from bench.simulation.function import Lambda
from bench.simulation.limits import limits
from bench.simulation.line import Line
from bench.simulation.pictures import save_latency, save_limits
from bench.simulation.queue import Message, Queue
from bench.simulation.scenario import Clip, Function, Mapping, Poller, Scenario
from bench.simulation.setups import SETUPS, scenario
from poller.slots import Slots

PAGE = Path(__file__).parents[3] / "docs" / "scale.md"
PILE = Scenario(60, all_at_once=True, clip=Clip(exact_s=1.0, failures=0.0), function=Function(start_s=0.0))
FAULTY = Clip(failures=0.3)


@pytest.mark.parametrize(
    "given",
    [
        Scenario(300, clip=FAULTY),
        Scenario(300, clip=FAULTY, poller=Poller(vms=3), function=Function(concurrency=4)),
        Scenario(300, clip=FAULTY, mapping=Mapping(maximum=8, batch=5), function=Function(concurrency=8)),
        Scenario(300, mapping=Mapping(maximum=20), function=Function(concurrency=2), all_at_once=True),
        Scenario(300, clip=FAULTY, poller=Poller(concurrency=50), function=Function(concurrency=2), all_at_once=True),
    ],
    ids=["as shipped", "3 VMs", "trigger, batches", "trigger, throttled", "throttled"],
)
def test_every_clip_ends_and_no_more_run_than_are_reserved(given: Scenario) -> None:
    day = simulate(given)
    assert len(day.latency_s) + day.dead == given.clips
    assert day.used.most_running <= given.function.concurrency
    assert (day.latency_s > 0).all()


def test_a_function_without_a_slot_leaves_every_message_to_the_dead_letter_queue() -> None:
    day = simulate(replace(PILE, clips=5, function=Function(concurrency=0)))
    assert (day.dead, len(day.latency_s), day.receives) == (5, 0, 5 * PILE.max_receives)


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    first, again, other = (simulate(Scenario(200, seed)).latency_s.tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_with_a_slot_for_everyone_as_many_run_as_arrive_times_how_long_they_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Little's law: the mean number running, from the function's own changes of it, is rate times service time."""
    changes: list[tuple[float, int]] = []
    work = Lambda.work

    def watched(self: Lambda, clips: list[int]) -> Generator[simpy.Event, Any, list[bool]]:
        changes.append((self.env.now, +1))
        served = yield from work(self, clips)
        changes.append((self.env.now, -1))
        return served

    monkeypatch.setattr(Lambda, "work", watched)
    given = Scenario(
        500,
        clip=Clip(exact_s=3.0, failures=0.0),
        function=Function(concurrency=10**9, start_s=0.0),
        poller=Poller(concurrency=10**6),
    )
    day = simulate(given)
    times, steps = (np.array(each) for each in zip(*changes, strict=True))
    mean_running = float((np.cumsum(steps)[:-1] * np.diff(times)).sum() / DAY_S)
    assert mean_running == pytest.approx(given.clips / DAY_S * 3.0, rel=1e-9)
    assert day.used.busy_s == pytest.approx(500 * 3.0)
    assert day.used.throttled == 0


@pytest.mark.parametrize(("slots", "throttled"), [(4, False), (8, True), (50, True)])
def test_a_tick_learns_from_refusals_and_keeps_all_of_the_functions_slots_at_work(slots: int, throttled: bool) -> None:
    day = simulate(replace(PILE, function=Function(concurrency=4, start_s=0.0), poller=Poller(concurrency=slots)))
    assert (day.used.throttled > 0) is throttled
    assert 15.0 < day.ended_s < 15.0 * 1.15  # 60 clips of a second by fours


def test_a_tick_that_asks_for_more_than_there_is_is_refused_less_often_than_if_it_had_learnt_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = replace(PILE, function=Function(concurrency=4, start_s=0.0), poller=Poller(concurrency=8))
    learning = simulate(given)
    monkeypatch.setattr(Slots, "at_once", lambda self: sys.maxsize)
    assert learning.used.throttled < simulate(given).used.throttled


def test_a_freed_slot_is_had_at_once_by_the_first_who_waits_and_the_next_waits_in_vain() -> None:
    env = simpy.Environment()
    line = Line(env)
    had: list[tuple[str, float, bool]] = []

    def wait(name: str) -> Generator[simpy.Event, Any, None]:
        line.slots.take()
        line.slots.refuse(ended=0)
        has_slot = yield from line.wait(3.0, ended=0)
        had.append((name, env.now, has_slot))

    line.slots.take()  # the only one that runs
    for name in ("first", "second"):
        env.process(wait(name))
    env.timeout(2.0).callbacks.append(lambda _: line.free())
    env.run()
    assert had == [("first", 2.0, True), ("second", 3.0, False)]


def test_a_slot_freed_while_the_refusal_was_on_its_way_is_had_without_waiting() -> None:
    env = simpy.Environment()
    line = Line(env)
    line.slots.take()
    line.slots.take()
    line.free()
    line.slots.refuse(ended=0)
    waited = env.process(line.wait(3.0, ended=0))
    assert env.run(waited) is True
    assert env.now == 0.0


def test_no_tick_holds_more_messages_than_it_has_slots() -> None:
    assert simulate(replace(PILE, poller=Poller(concurrency=7))).most_in_flight == 7
    assert simulate(replace(PILE, poller=Poller(vms=2, concurrency=7))).most_in_flight == 14


def test_a_tick_that_outlasts_its_minute_leaves_the_rest_to_the_minute_after_it() -> None:
    slow = replace(PILE, clip=Clip(exact_s=30.0, failures=0.0), poller=Poller(concurrency=1), clips=3)
    filed = np.sort(simulate(slow).latency_s)
    assert filed[1] < 65  # received within the first window, finished after it
    assert 150 < filed[2] < 152  # the tick ended at 61 s, so cron's next one is at 120


def test_a_trigger_adds_pollers_by_the_minute_up_to_its_maximum() -> None:
    grown = replace(PILE, clips=1_500, clip=Clip(exact_s=10.0, failures=0.0), function=Function(concurrency=1_000))
    assert simulate(replace(grown, mapping=Mapping(maximum=5))).used.most_running == 5
    assert simulate(replace(grown, mapping=Mapping(maximum=400))).used.most_running == 305


def test_a_long_poll_is_answered_by_the_first_message_and_a_late_one_stays_in_the_queue() -> None:
    env = simpy.Environment()
    queue = Queue(env, longest_poll_s=20.0, max_receives=5)
    found: list[tuple[float, int]] = []

    def poll() -> Generator[simpy.Event, Any, None]:
        for _ in range(2):
            batch = yield queue.receive(10, 5.0)
            found.append((env.now, len(batch)))

    env.process(poll())
    for when in (2.0, 8.0):
        env.timeout(when).callbacks.append(lambda _: queue.put(Message(0)))
    env.run()
    assert found == [(2.0, 1), (7.0, 0)]
    assert len(queue) == 1


def test_a_school_day_has_exactly_its_clips_in_order_and_most_of_them_after_lessons() -> None:
    uploaded = school_day(20_000, np.random.default_rng(1))
    assert len(uploaded) == 20_000
    assert (np.diff(uploaded) >= 0).all()
    busiest = np.histogram(uploaded, bins=144, range=(0, DAY_S))[0].max() / 600
    assert 0.7 * peak_rate(20_000) < busiest < 1.1 * peak_rate(20_000)


def test_a_thousand_gigabyte_seconds_cost_what_aws_says() -> None:
    given = replace(PILE, clips=1_000, function=Function(memory_mb=1024, start_s=0.0, concurrency=100))
    assert of_clips(simulate(given))["lambda"] == pytest.approx(0.0133334 + 0.0002, rel=1e-6)


def test_limits_are_in_the_order_in_which_they_bite_and_bite_at_their_rate() -> None:
    days = [limit.clips_a_day for limit in limits(Scenario(1)) if limit.clips_a_day is not None]
    assert days == sorted(days)
    for limit in limits(Scenario(1)):
        if limit.clips_a_day is not None:
            assert peak_rate(limit.clips_a_day) == pytest.approx(limit.clips_a_second, rel=1e-3)


@pytest.mark.parametrize("setup", SETUPS)
def test_the_page_quotes_the_days_of_a_hundred_clips_as_they_are_simulated(setup: str) -> None:
    assert report.day_row(setup, simulate(scenario(setup, 100, seed=1))) in PAGE.read_text(encoding="utf-8")


def test_the_page_quotes_the_limits_as_they_are_calculated() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [limit.name for limit in limits(Scenario(1)) if report.limit_row(limit) not in page] == []


@pytest.mark.parametrize(("seconds", "said"), [(4.04, "4.0 s"), (59.6, "60 s"), (1_500, "25 min"), (90_000, "25 h")])
def test_durations_are_said_with_two_digits(seconds: float, said: str) -> None:
    assert report.duration(seconds) == said


def test_the_program_prints_its_tables_and_writes_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "SEEDS", 1)
    ran = CliRunner().invoke(scale.main, ["--clips", "50", "--json", str(tmp_path / "figures.json")])
    assert ran.exit_code == 0, ran.output
    found = json.loads((tmp_path / "figures.json").read_text())
    assert [day["set_up"] for day in found["days"]] == list(SETUPS)
    assert all(each["dead"] == 0 for each in found["days"])
    assert ran.output.count("\n| --- |") == 3


def test_the_pictures_are_pictures(tmp_path: Path) -> None:
    save_latency(tmp_path / "latency.png", {"one": [(100, 4.0, 9.0), (1_000_000, 9.0, 90.0)]})
    save_limits(tmp_path / "limits.png", limits(Scenario(1)))
    for name in ("latency", "limits"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_as_many_alarms_are_paid_for_as_the_template_has() -> None:
    template = (Path(__file__).parents[3] / "resources" / "alarms.yml").read_text(encoding="utf-8")
    assert template.count("Type: AWS::CloudWatch::Alarm") == ALARMS
