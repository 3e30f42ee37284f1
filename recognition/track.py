"""Which sightings in different frames are one person. Pure; it never asks the gallery.

Sampled frames can be seconds apart, so place alone cannot link them: likeness does, and place helps where a head
turned. Two faces in one frame are never one person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognition.faces import Embedding, Sighting, unit

ALIKE = 0.94  # the same face across a clip's frames scores above it; strangers rarely do
ALIKE_IN_PLACE = 0.88  # enough when the face is also where it was before
SAME_PLACE = 0.4  # intersection over union
LEAST_WEIGHT = 0.05  # of a look without any quality, so that a mean can be taken of several such


@dataclass(frozen=True, slots=True)
class Track:
    """The sightings of one person, in order of time, at most one in a frame."""

    sightings: tuple[Sighting, ...]

    def __post_init__(self) -> None:
        if not self.sightings or len(self.frames) != len(self.sightings):
            raise ValueError("a track has sightings, and no two in one frame")

    @property
    def frames(self) -> frozenset[int]:
        """The numbers of the sampled frames that show the person."""
        return frozenset(sighting.frame for sighting in self.sightings)

    @property
    def probe(self) -> Embedding:
        """The mean of the sightings' embeddings by quality, unit length: what is compared with the gallery."""
        weights = [max(LEAST_WEIGHT, sighting.quality) for sighting in self.sightings]
        return unit(np.average([sighting.embedding for sighting in self.sightings], axis=0, weights=weights))

    @property
    def quality(self) -> float:
        """That of its best look, 0 to 1."""
        return max(sighting.quality for sighting in self.sightings)

    def joined(self, other: Track) -> Track:
        """Both tracks as one. Raises `ValueError` if they share a frame."""
        return Track(tuple(sorted(self.sightings + other.sightings, key=lambda sighting: sighting.frame)))


def link(sightings: Sequence[Sighting]) -> list[Track]:
    """Group sightings into tracks, best links first within each frame, in order of first appearance."""
    tracks: list[Track] = []
    for frame in sorted({sighting.frame for sighting in sightings}):
        here = [sighting for sighting in sightings if sighting.frame == frame]
        tracks = _extended(tracks, here)
    return tracks


def _extended(tracks: list[Track], here: Sequence[Sighting]) -> list[Track]:
    links = sorted(
        (
            (score, t, s)
            for t, track in enumerate(tracks)
            for s, sight in enumerate(here)
            if (score := _likeness(track, sight))
        ),
        reverse=True,
    )
    taken: dict[int, int] = {}
    for _, t, s in links:
        if t not in taken and s not in taken.values():
            taken[t] = s
    grown = [track.joined(Track((here[taken[t]],))) if t in taken else track for t, track in enumerate(tracks)]
    return grown + [Track((sight,)) for s, sight in enumerate(here) if s not in taken.values()]


def _likeness(track: Track, sighting: Sighting) -> float:
    """The similarity if the sighting may belong to the track, else 0."""
    likeness = float(track.probe @ sighting.embedding)
    last = track.sightings[-1]
    in_place = sighting.frame == last.frame + 1 and last.box.overlap(sighting.box) >= SAME_PLACE
    return likeness if likeness >= (ALIKE_IN_PLACE if in_place else ALIKE) else 0.0
