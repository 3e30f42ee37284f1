"""The fit behind recognition/threshold.py: random rosters, what a share of strangers reach, least squares.

Pure: embeddings in, numbers out, no files and no models. The surprising rule: whoever is not on a roster is one more
stranger to it, with a single photograph drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recognition.faces import unit
from recognition.gallery import mean_template

ROSTERS = (2, 5, 11, 25, 50)
PHOTOGRAPHS = (1, 2, 3, 4, 5, 6)

Vectors: TypeAlias = NDArray[np.float64]
"""Shape (n, 128)."""


@dataclass(frozen=True, slots=True)
class Point:
    """`similarity` is what the share of strangers reaches with rosters of `students`, `photographs` each."""

    students: int
    photographs: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Fit:
    """similarity = one_student + per_log_student · ln students + per_inverse_photograph / photographs."""

    one_student: float
    per_log_student: float
    per_inverse_photograph: float

    def at(self, students: float, photographs: int) -> float:
        """The fitted similarity."""
        growth = self.per_log_student * float(np.log(students))
        return self.one_student + growth + self.per_inverse_photograph / photographs

    def residual(self, points: Sequence[Point]) -> float:
        """The greatest distance of any point from the fit."""
        return max(abs(self.at(point.students, point.photographs) - point.similarity) for point in points)


def fitted(points: Sequence[Point]) -> Fit:
    """Least squares. Raises `ValueError` when the points do not determine all three coefficients."""
    columns = np.array([(1.0, np.log(point.students), 1 / point.photographs) for point in points]).reshape(-1, 3)
    found, _, rank, _ = np.linalg.lstsq(columns, np.array([point.similarity for point in points]), rcond=None)
    if rank < 3:
        raise ValueError("the fit needs several roster sizes and several photographs a person")
    return Fit(*(float(value) for value in found))


def sizes(people: Mapping[str, Vectors]) -> list[tuple[int, int]]:
    """The (students, photographs) that these people allow, photographs slowest."""
    fewest = min(len(faces) for faces in people.values())
    return [(n, k) for k in PHOTOGRAPHS if k <= fewest for n in ROSTERS if n <= len(people)]


def measure(
    people: Mapping[str, Vectors],
    strangers: Vectors,
    draws: int,
    rng: np.random.Generator,
    fpir: float = 0.01,
    done: Callable[[], None] = lambda: None,
) -> list[Point]:
    """A point for each of `sizes`, from `draws` random rosters. Embeddings as the network gives them.

    `fpir` is the share of strangers, 0 to 1. `done` is called after each point.
    """
    points = []
    for students, photographs in sizes(people):
        reached = [_reached(list(people.values()), unit(strangers), students, photographs, rng) for _ in range(draws)]
        points.append(Point(students, photographs, float(np.quantile(np.concatenate(reached), 1 - fpir))))
        done()
    return points


def _reached(
    people: Sequence[Vectors], strangers: Vectors, students: int, photographs: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The similarity of every stranger to the nearest template of one random roster."""
    roster = rng.choice(len(people), students, replace=False)
    templates = np.stack([mean_template(_drawn(people[n], photographs, rng)) for n in roster])
    others = [faces[rng.integers(len(faces))] for n, faces in enumerate(people) if n not in set(roster.tolist())]
    probes = np.concatenate([strangers, unit(np.stack(others))]) if others else strangers
    return np.asarray((probes @ templates.T).max(axis=1))


def _drawn(faces: Vectors, count: int, rng: np.random.Generator) -> list[NDArray[Any]]:
    return [faces[n] for n in rng.permutation(len(faces))[:count]]
