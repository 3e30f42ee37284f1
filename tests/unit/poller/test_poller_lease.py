"""Leases and their heartbeat."""

from __future__ import annotations

import threading

import pytest

from poller.errors import Transient
from poller.lease import Leases
from tests.unit.poller.poller_fakes import FakeClock, FakeQueue, delivery


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def leases(queue: FakeQueue, clock: FakeClock) -> Leases:
    return Leases(queue, clock, visibility_s=120, cap_s=300)


def take(leases: Leases, clock: FakeClock, number: int = 1, receipt: str = "") -> bool:
    return leases.take(delivery(message_id=f"m{number}", receipt=receipt or f"r{number}"), clock.time)


def test_a_beat_extends_every_lease_in_batches_of_ten(leases: Leases, queue: FakeQueue, clock: FakeClock) -> None:
    for number in range(13):
        take(leases, clock, number)
    leases.beat()
    sizes = [len(call[0]) for call in queue.calls("hide")]  # type: ignore[arg-type]
    assert sizes == [10, 3]
    assert {s for call in queue.calls("hide") for s in call[0].values()} == {120}  # type: ignore[attr-defined]


def test_no_beat_without_leases_makes_a_call(leases: Leases, queue: FakeQueue) -> None:
    leases.beat()
    assert queue.log == []


def test_an_ended_lease_is_not_extended(leases: Leases, queue: FakeQueue, clock: FakeClock) -> None:
    take(leases, clock)
    assert leases.end("m1") is not None
    leases.beat()
    assert queue.log == []


def test_ending_twice_gives_nothing_the_second_time(leases: Leases, clock: FakeClock) -> None:
    take(leases, clock)
    leases.end("m1")
    assert leases.end("m1") is None


def test_ending_waits_for_a_heartbeat_in_flight(leases: Leases, queue: FakeQueue, clock: FakeClock) -> None:
    take(leases, clock)
    order: list[str] = []
    in_call, go_on = threading.Event(), threading.Event()

    def slow(seconds: object) -> frozenset[str]:
        in_call.set()
        assert go_on.wait(10)
        order.append("heartbeat over")
        return frozenset()

    queue.set_visibility = slow  # type: ignore[method-assign,assignment]
    beating = threading.Thread(target=leases.beat)
    beating.start()
    assert in_call.wait(10)
    ending = threading.Thread(target=lambda: (leases.end("m1"), order.append("ended")))
    ending.start()
    assert order == []
    go_on.set()
    beating.join(10)
    ending.join(10)
    assert order == ["heartbeat over", "ended"]


def test_the_cap_shortens_the_last_extension_and_then_lets_go(
    leases: Leases, queue: FakeQueue, clock: FakeClock
) -> None:
    take(leases, clock)
    clock.time += 250
    leases.beat()
    clock.time += 51
    leases.beat()
    assert queue.calls("hide") == [({"r1": 50},)]


def test_a_second_delivery_of_work_in_hand_only_brings_its_receipt(
    leases: Leases, queue: FakeQueue, clock: FakeClock
) -> None:
    assert take(leases, clock)
    assert not take(leases, clock, receipt="newer")
    leases.beat()
    assert queue.calls("hide") == [({"newer": 120},)]
    lease = leases.end("m1")
    assert lease is not None
    assert lease.delivery.receipt == "newer"


def test_a_failing_heartbeat_is_tried_again_at_the_next_beat(
    leases: Leases, queue: FakeQueue, clock: FakeClock
) -> None:
    take(leases, clock)
    queue.fail["hide"] = Transient("hide", "ServiceUnavailable")
    leases.beat()
    del queue.fail["hide"]
    leases.beat()
    assert len(queue.calls("hide")) == 2


def test_work_is_not_sent_once_its_lease_ran_out(leases: Leases, queue: FakeQueue, clock: FakeClock) -> None:
    take(leases, clock)
    queue.fail["hide"] = Transient("hide", "ServiceUnavailable")
    clock.time += 119
    leases.beat()
    assert leases.send("m1")
    clock.time += 1
    assert not leases.send("m1")


def test_an_entry_that_could_not_be_extended_keeps_its_old_end(
    leases: Leases, queue: FakeQueue, clock: FakeClock
) -> None:
    take(leases, clock, 1)
    take(leases, clock, 2)
    queue.stale = frozenset({"r1"})
    clock.time += 60
    leases.beat()
    clock.time += 61
    assert not leases.send("m1")
    assert leases.send("m2")


def test_work_that_was_not_received_is_not_sent(leases: Leases) -> None:
    assert not leases.send("unheard of")
    leases.unsend("unheard of")
    assert leases.held() == []


def test_throttled_work_waits_until_it_is_sent_again(leases: Leases, clock: FakeClock) -> None:
    take(leases, clock)

    def waits() -> bool:
        return leases.held()[0].waits

    seen = [waits()]
    for step in (leases.send, leases.unsend, leases.send, leases.unsend):
        step("m1")
        seen.append(waits())
    assert seen == [False, False, True, False, True]


def test_the_heartbeat_beats_until_it_is_stopped(leases: Leases, queue: FakeQueue, clock: FakeClock) -> None:
    take(leases, clock)
    stop = threading.Event()
    clock.on_wait = lambda _: stop.set() if clock.time >= 1000 + 3 * 40 else None
    leases.run(stop, 40)
    assert len(queue.calls("hide")) == 2
