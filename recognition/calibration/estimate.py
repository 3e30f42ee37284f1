"""From scores to a threshold, to the rates it promises, and to how sure all of that is.

Pure. The surprising rule: the roster's own scores and the fitted formula are averaged, each weighted by how sure it
is. A few dozen people say little about one stranger in a hundred; measured on LFW, the scores alone let 3.8 % of
strangers through on rosters of 11 students, the average with the formula 1.8 %, the formula alone 1.3 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from recognition.calibration.searches import Numbers, Searches

FITTED_FPIR = 0.01
"""The FPIR that the fitted formula is made for."""

FORMULA_ERROR = 0.005
"""How far the formula may be off, one standard deviation: its greatest distance from any measured point."""

FEWEST_PEOPLE = 20
"""With fewer people, students and strangers together, the formula alone is nearer the truth."""

UNCERTAIN_FPIR = 0.1
"""The share of strangers that may be shown as uncertain, or named."""

ROUNDS = 400
COVERED = (0.05, 0.95)
ONE_SIGMA = NormalDist().cdf(1.0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """`value` with its bootstrap interval, which covers nine in ten."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The `threshold` for `fpir` and what it promises. `people` were impostors; `tpir` is None without genuine scores.

    `trust` is the weight of the people's own scores against the formula, 0 to 1; 0: the formula alone.
    """

    threshold: float
    uncertain_from: float
    fpir: float
    people: int
    trust: float
    own_scores_say: Estimate
    expected_tpir: Estimate | None
    expected_fpir: Estimate

    @property
    def kept_fitted(self) -> bool:
        """Whether there were too few people to say anything that the formula does not know better."""
        return self.trust == 0.0


def calibrate(
    genuine: Searches, impostors: Searches, fpir: float, fitted: float, rng: np.random.Generator
) -> Calibration:
    """The threshold for `fpir` (above 0, below 0.5). `fitted` is the formula's, for 1 %.

    Raises `ValueError` without impostors or for an FPIR out of range.
    """
    if not len(impostors.similarity):
        raise ValueError("nobody is there to be confused with a student")
    people = len(np.unique(impostors.person))
    own = _bootstrapped(lambda rows: reached_by(fpir, impostors.similarity[rows]), impostors.person, rng)
    error = (own.high - own.low) / (2 * NormalDist().inv_cdf(COVERED[1]))
    trust = FORMULA_ERROR**2 / (FORMULA_ERROR**2 + error**2) if people >= FEWEST_PEOPLE else 0.0
    spread = tail_spread(impostors.similarity)

    def averaged(wanted: float) -> float:
        formula = fitted + spread * (_sigmas(wanted) - _sigmas(FITTED_FPIR))
        mixed = trust * reached_by(wanted, impostors.similarity) + (1 - trust) * formula
        return round(min(max(mixed, 0.0001), 1.0), 4)

    threshold = averaged(fpir)
    return Calibration(
        threshold,
        min(threshold, averaged(max(UNCERTAIN_FPIR, fpir))),
        fpir,
        people,
        trust,
        own,
        _share(genuine, genuine.right & (genuine.named_up_to >= threshold), rng) if len(genuine.similarity) else None,
        _share(impostors, impostors.named_up_to >= threshold, rng),
    )


def lowest_threshold(fpir: float, similarities: Numbers) -> float:
    """The lowest threshold that not more than the share `fpir` of `similarities` (n,) reaches; 0 when all may."""
    allowed = int(fpir * len(similarities))
    return float(np.nextafter(np.sort(similarities)[-1 - allowed], np.inf)) if allowed < len(similarities) else 0.0


def reached_by(fpir: float, similarities: Numbers) -> float:
    """What the share `fpir` of strangers like these reaches: the higher of counting them and of a normal tail.

    Counting says too little as long as there are fewer than a few times 1 / fpir of them.
    """
    tail = float(np.median(similarities)) + _sigmas(fpir) * tail_spread(similarities)
    return min(1.0, max(lowest_threshold(fpir, similarities), tail))


def tail_spread(similarities: Numbers) -> float:
    """The standard deviation of the upper half, as a normal distribution would have it."""
    middle, one_sigma = np.quantile(similarities, [0.5, ONE_SIGMA])
    return float(one_sigma - middle)


def det_curve(genuine: Searches, impostors: Searches) -> tuple[Numbers, Numbers]:
    """FPIR and FNIR (1 - TPIR), each (t,), at every threshold that changes one of them, from the lowest on."""
    right = np.sort(np.where(genuine.right, genuine.named_up_to, -np.inf))
    named = np.sort(impostors.named_up_to)
    reached = np.concatenate([right, named])
    thresholds = np.unique(reached[np.isfinite(reached)])  # whoever has no clear lead is named at none of them
    fpir = 1 - np.searchsorted(named, thresholds, side="left") / len(named)
    return fpir, np.searchsorted(right, thresholds, side="left") / len(right)


def _sigmas(fpir: float) -> float:
    if not 0.0 < fpir < 0.5:
        raise ValueError(f"an FPIR of {fpir} is out of range: above 0 and below 0.5, 0.01 is customary")
    return NormalDist().inv_cdf(1 - fpir)


def _share(searches: Searches, named: NDArray[np.bool_], rng: np.random.Generator) -> Estimate:
    return _bootstrapped(lambda rows: float(np.mean(named[rows])), searches.person, rng)


def _bootstrapped(
    statistic: Callable[[NDArray[np.int64]], float], person: NDArray[np.int64], rng: np.random.Generator
) -> Estimate:
    """`statistic` of the rows given, with its interval when people, not photographs, are drawn anew."""
    rows = np.arange(len(person))
    known, number = np.unique(person, return_inverse=True)
    times = (rng.multinomial(len(known), np.full(len(known), 1 / len(known)))[number] for _ in range(ROUNDS))
    drawn = [statistic(np.repeat(rows, each)) for each in times]
    low, high = (float(value) for value in np.quantile(drawn, COVERED))
    return Estimate(statistic(rows), low, high)
