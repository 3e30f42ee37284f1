"""From which similarity on a face is named: fitted to the roster's size and the photographs per student.

One fixed number is wrong for every other roster: the more students, the more chances a stranger has to resemble
one, and a mean of several photographs resembles everybody a little more. The three coefficients are a least-squares
fit (`scripts/bench.sh threshold` repeats it) to the similarity that 1 % of strangers reach, over random rosters of
2 to 50 people with 1 to 6 photographs each; the formula is within 0.005 of every measured point. From what 10 % of
strangers reach, fitted likewise (`scripts/bench.sh threshold --percent 10`), up to the threshold a face is *uncertain*.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

ONE_STUDENT = 0.9258
PER_LOG_STUDENT = 0.00553
PER_INVERSE_PHOTOGRAPH = -0.01316

UNCERTAIN_ONE_STUDENT = 0.8999
UNCERTAIN_PER_LOG_STUDENT = 0.00934
UNCERTAIN_PER_INVERSE_PHOTOGRAPH = -0.0166
NARROWEST_BAND = 0.005  # the two curves meet near 2,000 students


def fitted_threshold(photographs: Sequence[int]) -> float:
    """The cosine similarity (inclusive) for FPIR 1 %, given how many photographs each enrolled student has.

    An empty roster gets 1.0, which no probe reaches by chance: nobody can be named.
    """
    if not photographs:
        return 1.0
    if min(photographs) < 1:
        raise ValueError("an enrolled student has at least one photograph")
    return round(_curve(photographs, ONE_STUDENT, PER_LOG_STUDENT, PER_INVERSE_PHOTOGRAPH), 4)


def moved_threshold(threshold: float, before: Sequence[int], after: Sequence[int]) -> float:
    """A threshold made for one roster, for another: it moves by what the formula says of the two."""
    return min(1.0, round(threshold + fitted_threshold(after) - fitted_threshold(before), 4))


def uncertain_band(photographs: Sequence[int]) -> float:
    """How far below the threshold a face is still uncertain: down to what 10 % of strangers reach."""
    if not photographs:
        return NARROWEST_BAND
    shown = _curve(photographs, UNCERTAIN_ONE_STUDENT, UNCERTAIN_PER_LOG_STUDENT, UNCERTAIN_PER_INVERSE_PHOTOGRAPH)
    return max(NARROWEST_BAND, round(fitted_threshold(photographs) - shown, 4))


def _curve(photographs: Sequence[int], one: float, per_log: float, per_inverse: float) -> float:
    inverse = sum(1 / count for count in photographs) / len(photographs)
    return one + per_log * math.log(len(photographs)) + per_inverse * inverse
