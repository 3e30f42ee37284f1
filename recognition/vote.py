"""Who each track is: the mean of its frames decides, and most of its frames must agree.

Pure. Three answers: *identified*; *uncertain*, which is shown to a person and never counted; *unknown*. The surprising
rule: a student is at most one track. Two tracks that claim the same student and never share a frame are one person
seen twice; if they do share a frame, one of them is somebody else, and the less similar one is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from recognition.gallery import Gallery
from recognition.match import Match, nearest_each
from recognition.track import ALIKE_IN_PLACE, Track

CLEAR_LEAD = 0.005
"""How far the runner-up must lie behind. Between look-alikes a person decides. Twice as much would cost half a percent
of the right names on a roster of 50."""

CLEAR_LOOK = 0.5
"""The least quality of a track's best look. Blurred or tiny faces resemble everybody: of strangers blurred until their
quality was below it, 1 to 3 % reached a threshold made for 1 %, of sharp ones none."""

Answer = Literal["identified", "uncertain", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A track with its nearest student, `votes` of its frames for that student, and the answer."""

    track: Track
    match: Match | None
    votes: int
    answer: Answer

    @property
    def student_id(self) -> str | None:
        """The identified student, or None."""
        return self.match.student_id if self.answer == "identified" and self.match else None

    @property
    def candidate_id(self) -> str | None:
        """The student it perhaps is, when that is uncertain; else None."""
        return self.match.student_id if self.answer == "uncertain" and self.match else None


class Bounds(Protocol):
    """From which similarity on (inclusive) a face is named, and from which on it is uncertain. A gallery has them."""

    @property
    def threshold(self) -> float: ...

    @property
    def uncertain_from(self) -> float: ...


def judge(track: Track, gallery: Gallery) -> Verdict:
    """Compare one track with the gallery: a clear look, similar enough, a clear lead, most of its frames agree."""
    matches = nearest_each(np.stack([track.probe, *(sighting.embedding for sighting in track.sightings)]), gallery)
    if not matches:
        return Verdict(track, None, 0, "unknown")
    match, *in_frames = matches
    votes = sum(found.student_id == match.student_id for found in in_frames)
    borne_out = is_borne_out(votes, len(track.sightings), track.quality)
    return Verdict(track, match, votes, answer_to(match, borne_out, gallery))


def is_borne_out(votes: int, frames: int, quality: float) -> bool:
    """Whether most of the frames agree, and the best look (0 to 1) is a clear one."""
    return votes * 2 > frames and quality >= CLEAR_LOOK


def answer_to(match: Match, borne_out: bool, bounds: Bounds) -> Answer:
    """What a search's best match amounts to, given whether a clear look and most of the frames bear it out."""
    if match.similarity < bounds.uncertain_from:
        return "unknown"
    sure = match.similarity >= bounds.threshold and match.margin >= CLEAR_LEAD and borne_out
    return "identified" if sure else "uncertain"


def decide(tracks: Sequence[Track], gallery: Gallery) -> list[Verdict]:
    """A verdict for every person seen, in order of first appearance, no student claimed twice."""
    verdicts: list[Verdict] = []
    for verdict in sorted((judge(track, gallery) for track in tracks), key=_by_certainty, reverse=True):
        _settle(verdict, verdicts, gallery)
    return sorted(verdicts, key=_by_appearance)


def decide_beyond(verdicts: Sequence[Verdict], others: Gallery) -> list[Verdict]:
    """The same verdicts, those unknown looked for among `others`, students whom the first gallery did not hold."""
    unknown = [verdict.track for verdict in verdicts if verdict.answer == "unknown"]
    if not unknown or not others.student_ids:
        return list(verdicts)
    known = [verdict for verdict in verdicts if verdict.answer != "unknown"]
    return sorted([*known, *decide(unknown, others)], key=_by_appearance)


def _settle(verdict: Verdict, settled: list[Verdict], gallery: Gallery) -> None:
    """Add `verdict` to `settled`: joined to the surer one for the same student where both may be one person."""
    rivals = [n for n, other in enumerate(settled) if _claim(verdict) and _claim(verdict) == _claim(other)]
    if not rivals:
        settled.append(verdict)
        return
    rival = settled[rivals[0]]
    joined = judge(rival.track.joined(verdict.track), gallery) if _may_be_one(rival, verdict) else None
    if joined and (joined.answer, _claim(joined)) == (rival.answer, _claim(rival)):
        settled[rivals[0]] = joined
    else:
        settled.append(replace(verdict, answer="unknown"))


def _may_be_one(rival: Verdict, verdict: Verdict) -> bool:
    """Never seen together, and named alike or alike: an uncertain face that is not may be anybody's."""
    if rival.track.frames & verdict.track.frames:
        return False
    return verdict.answer == "identified" or float(rival.track.probe @ verdict.track.probe) >= ALIKE_IN_PLACE


def _claim(verdict: Verdict) -> str | None:
    return verdict.student_id or verdict.candidate_id


def _by_certainty(verdict: Verdict) -> tuple[bool, float]:
    return verdict.answer == "identified", verdict.match.similarity if verdict.match else -1.0


def _by_appearance(verdict: Verdict) -> tuple[float, int]:
    """When first seen, and of those seen together, from left to right."""
    first = verdict.track.sightings[0]
    return first.time_s, first.box.left
