"""What the poller learns from being refused, and who tries next when an invocation ends."""

from __future__ import annotations

import pytest

from poller.slots import HOLDS_AT_MOST_S, HOLDS_S, Slots
from tests.unit.poller.poller_fakes import FakeClock


class Busy:
    """Slots with some invocations out, all of them sent before any other ended."""

    def __init__(self, out: int) -> None:
        self.clock = FakeClock()
        self.slots = Slots(self.clock.monotonic)
        for _ in range(out):
            self.slots.take()

    def refuse(self, count: int = 1) -> None:
        for _ in range(count):
            self.slots.refuse(self.slots.ended())

    def try_one_more(self) -> None:
        self.slots.take()
        self.refuse()


def test_nothing_bounds_them_before_the_first_refusal() -> None:
    assert Busy(100).slots.at_once() > 1_000_000


def test_as_many_as_were_not_refused_is_all_that_fits() -> None:
    busy = Busy(8)
    busy.refuse(6)
    assert busy.slots.at_once() == 2


def test_one_at_least_may_always_be_tried() -> None:
    busy = Busy(3)
    busy.refuse(3)
    assert busy.slots.at_once() == 1


def test_what_ended_while_the_refusal_was_under_way_is_counted_as_running() -> None:
    busy = Busy(3)
    sent = busy.slots.ended()
    busy.slots.free()
    busy.slots.refuse(sent)
    assert busy.slots.at_once() == 2


def test_the_guess_is_doubled_after_a_while_without_a_refusal_and_again_after_the_next() -> None:
    busy = Busy(4)
    busy.refuse(2)
    found = []
    for _ in range(3):
        busy.clock.time += HOLDS_S - 0.1
        found.append(busy.slots.at_once())
        busy.clock.time += 0.1
        found.append(busy.slots.at_once())
    assert found == [2, 4, 4, 8, 8, 16]


def test_a_guess_that_was_too_high_makes_the_next_one_later_up_to_a_minute() -> None:
    busy = Busy(2)
    busy.try_one_more()
    found = []
    for _ in range(6):
        began = busy.clock.time
        while busy.slots.at_once() == 2:
            busy.clock.time += 1
        found.append(busy.clock.time - began)
        busy.try_one_more()
    assert found == [HOLDS_S, 2 * HOLDS_S, 4 * HOLDS_S, HOLDS_AT_MOST_S, HOLDS_AT_MOST_S, HOLDS_AT_MOST_S]


def test_refusals_of_one_burst_put_the_next_guess_off_only_once() -> None:
    busy = Busy(8)
    busy.refuse(6)
    busy.clock.time += HOLDS_S
    assert busy.slots.at_once() == 4
    for _ in range(2):
        busy.slots.take()
    busy.refuse(2)
    busy.clock.time += 2 * HOLDS_S
    assert busy.slots.at_once() == 4


def test_when_one_ends_the_first_in_line_gets_its_slot_and_nobody_else() -> None:
    busy = Busy(4)
    busy.refuse(2)
    first, second = (busy.slots.stand_in_line(busy.slots.ended()) for _ in range(2))
    assert not first.is_set()
    busy.slots.free()
    assert (busy.slots.leave(first), busy.slots.leave(second)) == (True, False)


def test_who_has_left_the_line_is_passed_over() -> None:
    busy = Busy(4)
    busy.refuse(2)
    first, second = (busy.slots.stand_in_line(busy.slots.ended()) for _ in range(2))
    assert not busy.slots.leave(first)
    busy.slots.free()
    assert busy.slots.leave(second)


def test_a_slot_that_was_freed_before_one_stood_in_line_is_taken_once() -> None:
    busy = Busy(4)
    busy.refuse(2)
    refused_at = busy.slots.ended()
    busy.slots.free()
    first, second = (busy.slots.stand_in_line(refused_at) for _ in range(2))
    assert first.is_set()
    assert not second.is_set()


def test_who_is_refused_while_nothing_of_ours_ends_is_not_called_up() -> None:
    busy = Busy(1)
    busy.refuse()
    assert not busy.slots.stand_in_line(busy.slots.ended()).is_set()


@pytest.mark.parametrize("over", ["give_back", "refuse"])
def test_what_never_ran_frees_no_slot_for_others(over: str) -> None:
    busy = Busy(4)
    busy.refuse(1)
    turn = busy.slots.stand_in_line(busy.slots.ended())
    busy.slots.give_back() if over == "give_back" else busy.refuse()
    assert not turn.is_set()


def test_a_freed_slot_goes_to_nobody_while_more_are_out_than_fit() -> None:
    busy = Busy(4)
    busy.refuse(2)
    for _ in range(2):
        busy.slots.take()  # their backoff was over: they try without a turn
    turn = busy.slots.stand_in_line(busy.slots.ended())
    busy.slots.free()
    assert not turn.is_set()
