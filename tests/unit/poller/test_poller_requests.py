"""Receiving: never more than can be started now."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from poller.attempt import Window
from poller.errors import Transient, Unusable
from poller.lease import Leases
from poller.requests import Requests
from poller.tally import Exit, Tally
from poller.work import Work
from tests.unit.poller.poller_fakes import FakeClock, FakeFunction, FakeQueue, delivery, settings


class Stage:
    """`Requests` whose threads are thunks in `pending`, and whose every poll takes `poll_takes_s`."""

    def __init__(self, **changes: object) -> None:
        self.clock, self.tally, self.queue = FakeClock(), Tally(), FakeQueue()
        self.function = FakeFunction()
        self.pending: list[Callable[[], None]] = []
        self.poll_takes_s = 20.0
        self.queue.on_poll = self._let_time_pass
        configured = settings(**changes)
        self.leases = Leases(self.queue, self.clock, configured.visibility_s, configured.lease_cap_s)
        self.work = Work(
            requests=self.queue,
            dead_letters=FakeQueue(),
            function=self.function,
            leases=self.leases,
            clock=self.clock,
            tally=self.tally,
            settings=configured,
            window=Window.of(configured, self.clock.time),
            chance=lambda: 0.5,
        )
        self.requests = Requests(self.work, self.pending.append)

    def _let_time_pass(self) -> None:
        self.clock.time += self.poll_takes_s

    def deliver(self, *counts: int) -> None:
        number = 0
        for count in counts:
            batch = [delivery(message_id=f"m{number + n}", receipt=f"r{number + n}") for n in range(count)]
            self.queue.batches.append(batch)
            number += count


def test_a_poll_asks_for_the_free_slots_and_ten_at_most() -> None:
    stage = Stage(concurrency=12)
    stage.deliver(10, 1)
    stage.requests.run()
    assert [call[0] for call in stage.queue.calls("receive")] == [10, 2, 1]


def test_without_a_free_slot_nothing_is_received() -> None:
    stage = Stage(concurrency=2)
    stage.deliver(2)
    stage.requests.run()
    assert [call[0] for call in stage.queue.calls("receive")] == [2]
    assert len(stage.pending) == 2


def test_no_more_is_received_than_the_function_seems_to_take() -> None:
    stage = Stage(concurrency=8)
    stage.function.takes = 3
    stage.deliver(3)
    stage.requests.run()
    assert [call[0] for call in stage.queue.calls("receive")] == [3]


def test_what_is_in_work_beyond_what_the_function_takes_keeps_more_from_being_received() -> None:
    stage = Stage(concurrency=8)
    stage.deliver(8)
    taken = stage.queue.on_poll

    def learn() -> None:
        taken()
        stage.function.takes = 2

    stage.queue.on_poll = learn
    stage.requests.run()
    assert [call[0] for call in stage.queue.calls("receive")] == [8]


def test_a_slot_that_frees_is_used_again() -> None:
    stage = Stage(concurrency=1)
    stage.deliver(1, 1)
    stage.clock.on_wait = lambda _: stage.pending.pop(0)() if stage.pending else None
    stage.requests.run()
    assert stage.tally.counts()["received"] == 2


def test_waiting_for_a_slot_is_no_busy_loop() -> None:
    stage = Stage(concurrency=1)
    stage.poll_takes_s = 0
    stage.deliver(1)
    waits: list[float] = []
    stage.clock.on_wait = waits.append
    stage.requests.run()
    assert len(waits) <= 45
    assert min(waits) >= 1


def test_long_polls_end_with_the_window() -> None:
    stage = Stage()
    stage.requests.run()
    assert [call[1] for call in stage.queue.calls("receive")] == [20, 20, 5]


def test_no_poll_is_ever_short() -> None:
    stage = Stage()
    stage.poll_takes_s = 44.5
    stage.requests.run()
    assert [call[1] for call in stage.queue.calls("receive")] == [20, 1]


def test_while_work_is_throttled_nothing_more_is_received() -> None:
    stage = Stage()
    stage.deliver(1)
    stage.clock.on_wait = lambda _: None
    taken = stage.queue.on_poll

    def throttle() -> None:
        taken()
        stage.leases.take(delivery(message_id="throttled"), stage.clock.time)
        stage.leases.unsend("throttled")

    stage.queue.on_poll = throttle
    stage.requests.run()
    assert len(stage.queue.calls("receive")) == 1


def test_every_message_is_leased_before_its_work_starts() -> None:
    stage = Stage()
    stage.deliver(3)
    stage.requests.run()
    assert {lease.delivery.message_id for lease in stage.leases.held()} == {"m0", "m1", "m2"}


def test_a_second_delivery_of_work_in_hand_starts_nothing() -> None:
    stage = Stage()
    stage.queue.batches = [[delivery(receipt="old")], [delivery(receipt="new", receive_count=2)]]
    stage.requests.run()
    assert len(stage.pending) == 1
    assert stage.tally.counts()["received"] == 1


def test_it_is_finished_when_the_window_is_closed_and_the_last_work_is_done() -> None:
    stage = Stage()
    stage.deliver(1)
    assert not stage.requests.finished()
    stage.requests.run()
    assert not stage.requests.finished()
    stage.pending.pop()()
    assert stage.requests.finished()


def test_a_halted_tick_receives_nothing() -> None:
    stage = Stage()
    stage.tally.halt.set()
    stage.requests.run()
    assert stage.queue.log == []


def test_work_that_gets_no_thread_is_handed_back_and_the_tick_winds_up() -> None:
    stage = Stage()
    stage.deliver(2, 1)

    def no_thread(_: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    requests = Requests(stage.work, no_thread)
    requests.run()
    assert requests.finished()
    assert stage.queue.calls("hide") == [({"r0": 0},), ({"r1": 0},)]
    assert len(stage.queue.calls("receive")) == 1
    assert stage.leases.held() == []
    assert stage.tally.counts()["not_started"] == 2
    assert stage.tally.exit_code() is Exit.LEFT_OVER


@pytest.mark.parametrize("error", [Unusable("receive", "QueueDoesNotExist"), Transient("receive", "X")])
def test_a_queue_that_cannot_be_read_ends_the_tick_after_one_poll(error: Exception) -> None:
    stage = Stage()
    stage.queue.fail["receive"] = error
    stage.requests.run()
    assert len(stage.queue.calls("receive")) == 1
    assert stage.tally.exit_code() is Exit.AWS
    assert stage.requests.finished()
