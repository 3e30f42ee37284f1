"""Signals, the last resort, and an end that no call can hold up."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from poller import course
from poller.clock import SystemClock
from poller.course import Course
from poller.durable import DurableDirectory
from poller.ports import Attempt
from poller.stopping import GRACE_S, MARGIN_S, HardBound, bounded, obeying_signals
from poller.tally import Exit, Tally
from tests.unit.poller.poller_fakes import FakeClock, FakeQueue, delivery, settings


class Program:
    """A hard bound of 100 s on a fake clock, and what it ended the program with, and when."""

    def __init__(self) -> None:
        self.clock, self.tally = FakeClock(time=0.0), Tally()
        self.ended: list[tuple[int, float]] = []
        self.bound = HardBound(100, self.clock, self.tally, lambda code: self.ended.append((code, self.clock.time)))


@pytest.fixture
def program() -> Program:
    return Program()


def test_a_program_that_hangs_is_ended_at_its_bound_and_a_margin(
    program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    program.bound.watch(threading.Event())
    ((code, at),) = program.ended
    assert code == 1
    assert at == pytest.approx(100 + MARGIN_S, abs=0.5)
    assert "bound_reached" in caplog.messages


def test_after_a_signal_the_grace_and_a_margin_are_the_bound(program: Program) -> None:
    program.clock.on_wait = lambda _: program.tally.terminate() if program.clock.time > 50 else None
    program.bound.watch(threading.Event())
    assert program.ended[0][1] == pytest.approx(50 + GRACE_S + MARGIN_S, abs=0.6)


def test_a_late_signal_does_not_prolong_the_bound(program: Program) -> None:
    program.clock.on_wait = lambda _: program.tally.terminate() if program.clock.time > 99 else None
    program.bound.watch(threading.Event())
    assert program.ended[0][1] == pytest.approx(100 + MARGIN_S, abs=0.5)


def test_a_program_that_ended_in_time_is_left_alone(program: Program) -> None:
    over = threading.Event()
    program.clock.on_wait = lambda _: over.set() if program.clock.time > 99 else None
    program.bound.watch(over)
    assert program.ended == []


def test_worse_trouble_shows_in_the_code(program: Program) -> None:
    program.tally.trouble(Exit.AWS)
    program.bound.watch(threading.Event())
    assert program.ended[0][0] == 3


def test_a_log_that_blocks_does_not_keep_the_program_alive(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = threading.Event()
    monkeypatch.setattr("poller.stopping.log", lambda *_, **__: blocked.wait(60))
    program.bound.watch(threading.Event())
    blocked.set()
    assert len(program.ended) == 1


def test_without_a_way_to_end_there_is_no_hard_bound() -> None:
    before = threading.active_count()
    with bounded(0, SystemClock(), Tally(), None):
        assert threading.active_count() == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_winds_the_tick_up(number: signal.Signals) -> None:
    tally = Tally()
    with obeying_signals(tally):
        os.kill(os.getpid(), number)
        assert tally.terminated.wait(10)
    assert tally.halt.is_set()


def test_without_a_signal_nothing_is_wound_up_and_no_thread_stays() -> None:
    tally, before = Tally(), set(threading.enumerate())
    with obeying_signals(tally):
        (watch,) = set(threading.enumerate()) - before
    watch.join(10)
    assert not watch.is_alive()
    assert not tally.terminated.is_set()


@dataclass
class SilentQueue(FakeQueue):
    """A network that swallows every change of visibility."""

    heard_again: threading.Event = field(default_factory=threading.Event)

    def set_visibility(self, seconds: Mapping[str, int]) -> frozenset[str]:
        self.heard_again.wait(60)
        return super().set_visibility(seconds)


@dataclass
class BusyFunction:
    """Begins, tells so, and does not answer."""

    on_begin: Callable[[], None]
    release: threading.Event

    def at_once(self) -> int:
        return 1000

    def invoke(self, payload: bytes, attempt: Attempt) -> bytes:
        attempt.begin()
        self.on_begin()
        self.release.wait(60)
        return b""


@dataclass
class Clients:
    function: BusyFunction
    requests: FakeQueue
    output: FakeQueue = field(default_factory=FakeQueue)
    dead_letters: FakeQueue = field(default_factory=FakeQueue)
    output_dead_letters: FakeQueue = field(default_factory=FakeQueue)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_silent_network_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: threading.Event
) -> None:
    monkeypatch.setattr(course, "GRACE_S", 0.2)
    monkeypatch.setattr(course, "LEAVE_S", 0.2)
    tally, clock = Tally(), SystemClock()
    clients = Clients(BusyFunction(tally.terminate, release), SilentQueue([[delivery()]], heard_again=release))
    with DurableDirectory(tmp_path) as directory:
        began = time.monotonic()
        tick = Course(settings(), clients, directory, clock, tally, random.random, clock.monotonic())
        assert not tick.run()
    assert time.monotonic() - began < 5
    assert tally.exit_code() is Exit.LEFT_OVER


def test_a_slow_start_counts_towards_the_bound(tmp_path: Path, release: threading.Event) -> None:
    tally, clock = Tally(), SystemClock()
    clients = Clients(BusyFunction(lambda: None, release), FakeQueue([[delivery()]]))
    with DurableDirectory(tmp_path) as directory:
        began = clock.monotonic() - 959.5
        tick = Course(settings(), clients, directory, clock, tally, random.random, began)
        at = time.monotonic()
        assert not tick.run()
    assert time.monotonic() - at < 5
