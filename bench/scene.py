"""Who is shown in a made clip, where, when and how large: the ground truth, and its arrangement without overlaps.

Pure: no pixels, no models. A face's box is square, as the detector's are, and its side is the *face height* in pixels.
The surprising rule: whoever finds no room is left out, so that a clip may show fewer people than were cast for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from recognition.faces import Box

WIDTH, HEIGHT = 1920, 1080
PEOPLE = (6, 12)  # in a clip
FACE_PX = (40, 160)
SECONDS = (4.0, 6.0)
SWAY_PX = (10.0, 45.0)
SWAY_S = 4.0  # one turn; at 15 frames a second the widest sway moves by 5 pixels a frame at most
REACH = (1.1, 1.15)  # how far head and shoulders reach from the face's middle, in face heights, across and up or down
TRIES = 400

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to be shown: the student (None: a stranger) and the photograph they are cut from."""

    student_id: str | None
    photograph: Path


@dataclass(frozen=True, slots=True)
class Shown:
    """A person in a clip, swaying around (x, y), the middle of the face, from `from_s` until just before `until_s`."""

    person: Person
    face_px: int
    x: float
    y: float
    sway_px: float
    phase: float
    from_s: float
    until_s: float

    def visible(self, time_s: float) -> bool:
        """Whether the person is there at that moment."""
        return self.from_s <= time_s < self.until_s

    def face(self, time_s: float) -> Box:
        """The face's box at that moment, in pixels of the frame."""
        turn = 2 * math.pi * (time_s / SWAY_S + self.phase)
        left = round(self.x + self.sway_px * math.sin(turn) - self.face_px / 2)
        top = round(self.y + self.sway_px / 4 * math.sin(2 * turn) - self.face_px / 2)
        return Box(left, top, left + self.face_px - 1, top + self.face_px - 1)

    @property
    def realm(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of all that head and shoulders ever cover."""
        across, down = REACH[0] * self.face_px + self.sway_px, REACH[1] * self.face_px + self.sway_px / 4
        return self.x - across, self.y - down, self.x + across, self.y + down

    def clear_of(self, other: Shown) -> bool:
        """Whether the two can never cover one another."""
        left, top, right, bottom = self.realm
        its_left, its_top, its_right, its_bottom = other.realm
        return right <= its_left or its_right <= left or bottom <= its_top or its_bottom <= top


@dataclass(frozen=True, slots=True)
class Scene:
    """One made clip: its length and who is shown."""

    seconds: float
    cast: tuple[Shown, ...]


def scenes(
    enrolled: Mapping[str, Sequence[Path]], strangers: Sequence[Path], count: int, rng: np.random.Generator
) -> list[Scene]:
    """`count` scenes, half of the people in each enrolled; nobody is in one scene twice.

    `enrolled` gives each student's photographs. Equal arguments and an equal state of `rng` give equal scenes.
    """
    students, others = _deck(sorted(enrolled), rng), _deck(strangers, rng)
    made = []
    for number in range(count):
        wanted = int(rng.integers(PEOPLE[0], PEOPLE[1] + 1))
        ours = min((wanted + number % 2) // 2, len(enrolled))
        cast = [Person(student, _one_of(enrolled[student], rng)) for student in _different(students, ours)]
        cast += [Person(None, photograph) for photograph in _different(others, min(wanted - ours, len(strangers)))]
        made.append(arranged(cast, float(rng.uniform(*SECONDS)), rng))
    return made


def arranged(cast: Sequence[Person], seconds: float, rng: np.random.Generator) -> Scene:
    """Give everybody a size, a place and a time, the largest first, nobody before anybody else."""
    low, high = np.log(FACE_PX)
    sizes = [round(float(np.exp(rng.uniform(low, high)))) for _ in cast]
    seated: list[Shown] = []
    for size, person in sorted(zip(sizes, cast, strict=True), key=lambda pair: -pair[0]):
        places = (_anywhere(person, size, seconds, rng) for _ in range(TRIES))
        free = (place for place in places if all(place.clear_of(other) for other in seated))
        seated += [place for place in [next(free, None)] if place is not None]
    return Scene(seconds, tuple(seated))


def _anywhere(person: Person, size: int, seconds: float, rng: np.random.Generator) -> Shown:
    sway = float(rng.uniform(*SWAY_PX))
    across, down = REACH[0] * size + sway, REACH[1] * size + sway / 4
    x, y = rng.uniform(across, WIDTH - across), rng.uniform(down, HEIGHT - down)
    from_s, until_s = _presence(seconds, rng)
    return Shown(person, size, float(x), float(y), sway, float(rng.uniform()), from_s, until_s)


def _presence(seconds: float, rng: np.random.Generator) -> tuple[float, float]:
    """Six in ten stay all the time, two turn up later, two leave; all are there for four tenths at least."""
    kind = rng.integers(10)
    if kind < 2:
        return float(rng.uniform(0.2, 0.6)) * seconds, math.inf
    return (0.0, float(rng.uniform(0.4, 0.8)) * seconds) if kind < 4 else (0.0, math.inf)


def _deck(cards: Sequence[T], rng: np.random.Generator) -> Iterator[T]:
    """The cards for ever, shuffled anew each time they run out."""
    while cards:
        yield from (cards[n] for n in rng.permutation(len(cards)))


def _different(deck: Iterator[T], count: int) -> list[T]:
    """The next `count` cards, none twice; the deck must have that many."""
    drawn: list[T] = []
    while len(drawn) < count:
        drawn += [card for card in [next(deck)] if card not in drawn]
    return drawn


def _one_of(cards: Sequence[T], rng: np.random.Generator) -> T:
    return cards[int(rng.integers(len(cards)))]
