"""When a clip has been looked at enough, and when there may be more people in it than were found. Pure.

The surprising rule: doubt decides how much is looked at, never the wish for a name. A face is looked at again until its
answer is beyond doubt or the frames are used up, and the answer that counts is the mean of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from recognition.faces import Frame, Sighting
from recognition.gallery import Gallery
from recognition.vote import Verdict

BEYOND_THRESHOLD = 0.005
BEYOND_RUNNER_UP = 0.03
"""With both, none of 248 strangers was named on a roster of 50, and nine in ten enrolled people were."""

NEAR = 0.2
"""A face of this share of the picture's shorter side fills the scene; smaller ones suggest others further back."""

CLOSEST_FRAMES = 3


def beyond_doubt(verdict: Verdict, gallery: Gallery) -> bool:
    """Whether more frames could not change the answer: above the threshold and ahead of the runner-up by a distance.

    The threshold is calibrated on searches with a single photograph, so that one frame which passes it by more than
    is asked for is at least as safe as that calibration says.
    """
    return (
        verdict.student_id is not None
        and verdict.match is not None
        and verdict.match.similarity >= gallery.threshold + BEYOND_THRESHOLD
        and verdict.match.margin >= BEYOND_RUNNER_UP
    )


def near(sightings: Sequence[Sighting], frames: Sequence[Frame]) -> bool:
    """Whether every face is large: somebody before the camera, not a room full of people."""
    return all(_share(sighting, frames[sighting.frame]) >= NEAR for sighting in sightings)


def _share(sighting: Sighting, frame: Frame) -> float:
    return float((sighting.box.bottom - sighting.box.top + 1) / min(frame.rgb.shape[:2]))


def spread(count: int, of: int) -> list[int]:
    """`count` numbers from 0 to `of` - 1, first and last among them, all of them when there are fewer."""
    if of <= count:
        return list(range(of))
    return [round(n * (of - 1) / (count - 1)) for n in range(count)]
