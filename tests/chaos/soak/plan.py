"""What a soak uploads, drawn from its seed: ordinary clips, overwritten and deleted ones, rubbish, clips that fail.

Pure. The surprising rule: nothing here fails for ever. What is `hopeless` fails as often as a queue hands a message
out, so that it lies in the dead-letter queue until somebody redrives it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["clip", "failing", "hopeless", "rubbish", "empty", "overwritten", "deleted", "doubled"]
KINDS: dict[Kind, int] = {  # in percent
    "clip": 60,
    "failing": 12,
    "hopeless": 2,
    "rubbish": 4,
    "empty": 3,
    "overwritten": 7,
    "deleted": 4,
    "doubled": 8,
}
FAULTS = ("raise", "exit", "exit after put", "exit after keep", "exit after send", "exit after finish", "hang")
RARE_HANG = (4, 4, 2, 2, 2, 2, 1)  # each hang keeps a slot for the function's whole timeout
UNREADABLE = ("no JSON", "[]", "{}", '{"Records": [{"eventVersion": "3.0"}]}')
HOPELESS = 5
NAMES = ("", "room b/", "día 1/", "a+b%2B/", "x " * 20 + "/", "🙂/")


@dataclass(frozen=True, slots=True)
class Planned:
    """One object of the soak; `body` is what the stub is told."""

    key: str
    kind: Kind
    body: bytes


def plan(objects: int, seed: int) -> Iterator[Planned]:
    """`objects` planned uploads; the same seed plans the same."""
    dice = random.Random(seed)
    kinds = dice.choices(list(KINDS), weights=list(KINDS.values()), k=objects)
    for number, kind in enumerate(kinds):
        key = f"{dice.choice(NAMES)}{number:05}.mp4"
        yield Planned(key, kind, _body(kind, number, dice))


def unreadable(objects: int, seed: int) -> list[str]:
    """Messages that are none, one for every fifty objects and one at least."""
    dice = random.Random(seed + 1)
    return [dice.choice(UNREADABLE) for _ in range(max(1, objects // 50))]


def _body(kind: Kind, number: int, dice: random.Random) -> bytes:
    if kind == "empty":
        return b""
    if kind == "rubbish":
        return b"no clip %d" % number
    faults: list[str] = []
    if kind == "failing":
        faults = dice.choices(FAULTS, weights=RARE_HANG, k=dice.randint(1, 3))
    if kind == "hopeless":
        faults = ["raise"] * HOPELESS
    students = ["s1"] if dice.random() < 0.5 else []
    said = {"seconds": round(dice.expovariate(10), 2), "students": students, "faults": faults, "number": number}
    return json.dumps(said).encode()
