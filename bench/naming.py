"""One search of a probe, whom it names, and the rates of many: what every rule of naming is measured by.

Knows no photographs and no models. The surprising rule: a photograph without a found face is a search that named
nobody, and stays in the denominator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from recognition.gallery import Gallery
from recognition.match import Match
from recognition.vote import Answer, answer_to

NO_FACE = -2.0  # below every cosine

Naming: TypeAlias = tuple[str | None, str | None]
"""Who is shown (None: a stranger), and who is named (None: nobody)."""


@dataclass(frozen=True, slots=True)
class Search:
    """One probe: who it shows (None: a stranger), and the nearest student (None: no face was found)."""

    shows: str | None
    match: Match | None

    @property
    def similarity(self) -> float:
        """To the nearest student; below every cosine without a face."""
        return self.match.similarity if self.match else NO_FACE

    @property
    def nearest_is_right(self) -> bool:
        """Whether the nearest student is the one shown."""
        return self.match is not None and self.match.student_id == self.shows

    def named_at(self, threshold: float) -> Naming:
        """By the similarity alone: who it shows, and who is named at `threshold` (inclusive)."""
        return self.shows, self.match.student_id if self.match and self.similarity >= threshold else None

    def named_by_default(self, gallery: Gallery) -> Naming:
        """By the shipped rule: who it shows, and who is named."""
        return self.shows, self.match.student_id if self.match and self.answer(gallery) == "identified" else None

    def answer(self, gallery: Gallery) -> Answer:
        """By the shipped rule for a single look, with which every frame agrees."""
        return answer_to(self.match, True, gallery) if self.match else "unknown"


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares, 0 to 1."""

    tpir: float
    fpir: float


def rates(answers: Iterable[Naming]) -> Rates:
    """The rates of answers (shown, named). Raises `ValueError` without probes or without strangers."""
    listed = list(answers)
    hits = [shows == named for shows, named in listed if shows is not None]
    alarms = [named is not None for shows, named in listed if shows is None]
    if not hits or not alarms:
        raise ValueError("rates need probes of enrolled people and of strangers")
    return Rates(sum(hits) / len(hits), sum(alarms) / len(alarms))


def threshold_at(fpir: float, searches: Sequence[Search]) -> float:
    """The lowest threshold at which not more than `fpir` of the strangers are named."""
    strangers = sorted((search.similarity for search in searches if search.shows is None), reverse=True)
    allowed = int(fpir * len(strangers))
    return float(np.nextafter(strangers[allowed], np.inf)) if allowed < len(strangers) else NO_FACE


def uncertain_share(searches: Iterable[Search], gallery: Gallery) -> float:
    """The share of `searches` that a person would be asked about, 0 to 1."""
    answers = [each.answer(gallery) for each in searches]
    return answers.count("uncertain") / len(answers)
