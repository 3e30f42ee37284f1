"""When clips are uploaded: a school day of lessons with a burst after each, and a trickle around the clock.

Pure. The surprising rule: the number of clips is exact and each falls independently, which is a Poisson process given
its count: two seeds differ in when, never in how many.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

DAY_S = 86_400
HOUR_S = 3_600
LESSONS_END_H = (8.75, 9.5, 10.5, 11.25, 12.25, 13.0, 14.5, 15.25)
BURST_S = 600.0
IN_BURSTS = 0.8  # assumed share; the rest comes at any time

Seconds: TypeAlias = NDArray[np.float64]


def school_day(clips: int, rng: np.random.Generator) -> Seconds:
    """Seconds since midnight of each upload, ascending."""
    ends = rng.choice(np.array(LESSONS_END_H) * HOUR_S, clips)
    after_a_lesson = ends + rng.random(clips) * BURST_S
    at_any_time = rng.random(clips) * DAY_S
    return np.sort(np.where(rng.random(clips) < IN_BURSTS, after_a_lesson, at_any_time))


def peak_rate(clips: int) -> float:
    """Clips a second within a burst."""
    return clips * (IN_BURSTS / len(LESSONS_END_H) / BURST_S + (1 - IN_BURSTS) / DAY_S)
