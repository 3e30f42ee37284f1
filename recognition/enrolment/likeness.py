"""Which of a student's photographs do not show the same person as the others. Pure: numbers in, numbers out.

The surprising rule: one wrong photograph makes all others look wrong, because it is part of what they are compared
with. Hence the one that fits least is put aside first, and the rest compared again without it. Where photographs are
enrolled already, new ones are compared with these alone: several of a wrong person would vouch for one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.faces import unit

LIKE_MANY = 0.925
LIKE_ONE = 0.905
"""Similarities to the mean of many other photographs, and to a single one, below which it is not the same person.
Measured on LFW (docs/benchmarks.md): 0.1 to 0.3 % of the right photographs lie below, and 98 to 99 % of wrong ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """`own` (m,): each photograph's similarity to the mean of the right ones among the others, NaN where there are
    none; `unlike`: those put aside. Two that differ are both in it when nothing says which of them is wrong."""

    own: NDArray[np.float64]
    unlike: Mapping[int, float]

    @property
    def right(self) -> list[int]:
        """The rows that show one person, who is taken for the student."""
        return [row for row in range(len(self.own)) if row not in self.unlike]


def least_likeness(others: int) -> float:
    """The similarity to the mean of that many other photographs from which on it is the same person."""
    return LIKE_MANY - (LIKE_MANY - LIKE_ONE) / others


def likeness(embeddings: NDArray[np.float64]) -> Likeness:
    """Compare a student's photographs (m, 128) with one another."""
    right, unlike = list(range(len(embeddings))), {}
    while len(right) > 1:
        own = _to_the_others(embeddings[right])
        least = int(own.argmin())
        if own[least] >= least_likeness(len(right) - 1):
            break
        undecided = len(right) == 2
        for place in (0, 1) if undecided else (least,):
            unlike[right[place]] = float(own[place])
        if undecided:
            break
        del right[least]
    own = np.full(len(embeddings), np.nan)
    if len(right) > 1:
        own[right] = _to_the_others(embeddings[right])
    own[list(unlike)] = list(unlike.values())
    return Likeness(own, unlike)


def likeness_to(known: NDArray[np.float64], embeddings: NDArray[np.float64]) -> Likeness:
    """Compare new photographs (m, 128) with the student's known ones (k, 128), not with one another."""
    own = np.asarray(unit(embeddings) @ unit(known.mean(axis=0)))
    return Likeness(own, {int(row): float(own[row]) for row in np.flatnonzero(own < least_likeness(len(known)))})


def _to_the_others(embeddings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each one's cosine to the mean of all the others; there are at least two."""
    others = embeddings.sum(axis=0) - embeddings
    return np.asarray(np.sum(unit(others) * unit(embeddings), axis=1))
