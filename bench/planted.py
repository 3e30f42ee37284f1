"""How many right photographs the gate doubts, and how many wrong ones it catches, on random classes.

The rules are the product's, `enrolment.judge`. The surprising rule: a photograph counts as caught when any fault is
told of it; right photographs of the same student that are doubted along with it are counted apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from recognition.enrolment.judge import judge
from recognition.enrolment.taken import Judged, Taken

DRAWS = 20
PLANTED = 5  # students in a draw who get a wrong photograph, of another student and again of a stranger


def doubts(
    people: Mapping[str, Sequence[Taken]], strangers: Sequence[Taken], count: int, seed: int
) -> dict[str, float]:
    """Shares, for classes in which each student has `count` photographs, one of them wrong where one is planted."""
    rng = np.random.default_rng(seed)
    right: list[bool] = []
    caught: dict[str, list[bool]] = {"student": [], "stranger": []}
    along: list[int] = []
    for _ in range(DRAWS):
        shuffled = {name: [own[n] for n in rng.permutation(len(own))] for name, own in people.items()}
        roster = {name: own[:count] for name, own in shuffled.items()}
        right += [bool(each.faults) for each in _judged(roster)]
        names = rng.choice(list(people), 2 * PLANTED, replace=False)
        for name, other in zip(names[:PLANTED], names[PLANTED:], strict=True):
            wrongs = {"student": shuffled[other][count:], "stranger": strangers}
            for kind, wrong in wrongs.items():
                if not wrong:
                    continue
                planted = replace(wrong[int(rng.integers(len(wrong)))], student_id=name, photograph=Path("wrong"))
                own = [
                    each
                    for each in _judged({**roster, name: [*roster[name][1:], planted]})
                    if each.taken.student_id == name
                ]
                caught[kind].append(bool(own[-1].faults))
                along.append(sum(bool(each.faults) for each in own[:-1]))
    return {
        "photographs": count,
        "right": len(right),
        "right_doubted": float(np.mean(right)),
        "planted": len(caught["student"]),
        "student_caught": float(np.mean(caught["student"])),
        "stranger_caught": float(np.mean(caught["stranger"])),
        "doubted_along": float(np.mean(along)),
    }


def _judged(roster: Mapping[str, Sequence[Taken]]) -> list[Judged]:
    return judge([each for own in roster.values() for each in own])
