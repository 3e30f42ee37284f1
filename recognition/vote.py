"""Who each track is: the mean of its frames decides, and most of its frames must agree.

Pure. The surprising rule: a student is at most one track. Two tracks that claim the same student and never share a
frame are one person seen twice; if they do share a frame, one of them is somebody else, and the less similar one
stays unnamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recognition.gallery import Gallery
from recognition.match import Match, nearest
from recognition.track import Track


@dataclass(frozen=True, slots=True)
class Verdict:
    """A track with its nearest student, `votes` of its frames for that student, and whether that names it."""

    track: Track
    match: Match | None
    votes: int
    named: bool

    @property
    def student_id(self) -> str | None:
        """The identified student, or None for an unknown face."""
        return self.match.student_id if self.named and self.match else None


def judge(track: Track, gallery: Gallery) -> Verdict:
    """Compare one track with the gallery: similar enough (inclusive), and more than half of its frames agree."""
    match = nearest(track.probe, gallery)
    if match is None:
        return Verdict(track, None, 0, False)
    nearest_in_frames = [nearest(sighting.embedding, gallery) for sighting in track.sightings]
    votes = sum(found is not None and found.student_id == match.student_id for found in nearest_in_frames)
    named = match.similarity >= gallery.threshold and votes * 2 > len(track.sightings)
    return Verdict(track, match, votes, named)


def decide(tracks: Sequence[Track], gallery: Gallery) -> list[Verdict]:
    """A verdict for every person seen, in order of first appearance, no student named twice."""
    verdicts: list[Verdict] = []
    for verdict in sorted((judge(track, gallery) for track in tracks), key=_by_similarity, reverse=True):
        _settle(verdict, verdicts, gallery)
    return sorted(verdicts, key=_by_appearance)


def _settle(verdict: Verdict, settled: list[Verdict], gallery: Gallery) -> None:
    """Add `verdict` to `settled`, joined to the better one for the same student, or unnamed if they share a frame."""
    rivals = [n for n, other in enumerate(settled) if verdict.named and other.student_id == verdict.student_id]
    if not rivals:
        settled.append(verdict)
        return
    rival = settled[rivals[0]]
    if rival.track.frames & verdict.track.frames:
        settled.append(Verdict(verdict.track, verdict.match, verdict.votes, named=False))
        return
    joined = judge(rival.track.joined(verdict.track), gallery)
    settled[rivals[0]] = joined if joined.student_id == rival.student_id else rival


def _by_similarity(verdict: Verdict) -> float:
    return verdict.match.similarity if verdict.match else -1.0


def _by_appearance(verdict: Verdict) -> tuple[float, int]:
    """When first seen, and of those seen together, from left to right."""
    first = verdict.track.sightings[0]
    return first.time_s, first.box.left
