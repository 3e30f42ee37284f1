"""Which moments are looked at."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.sample import MAX_FRAMES, MIN_FRAMES, sample_times


@given(st.floats(0.01, 50_000))
def test_moments_ascend_and_lie_inside_the_clip(duration_s: float) -> None:
    times = sample_times(duration_s)
    assert times == sorted(set(times))
    assert 0 == times[0] < times[-1] < duration_s
    assert MIN_FRAMES <= len(times) <= MAX_FRAMES


@given(st.floats(1, 50_000))
def test_moments_are_spread_evenly_from_the_start_to_close_to_the_end(duration_s: float) -> None:
    times = sample_times(duration_s)
    steps = [after - before for before, after in pairwise(times)]
    assert times[0] == 0.0
    assert 0.9 * duration_s < times[-1] < duration_s
    assert steps == pytest.approx([steps[0]] * len(steps))


def test_a_minute_gets_a_look_every_six_seconds() -> None:
    assert len(sample_times(60)) == 10


def test_an_unknown_length_is_looked_at_from_the_start() -> None:
    assert sample_times(0.0) == [0.0, 0.5, 1.0, 1.5, 2.0]
