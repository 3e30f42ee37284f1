"""A gallery's calibration: from its own photographs, and strangers if there are any, to what can be said of it.

Pure. The surprising rule: the same gallery gets the same answer, so that it may be computed again instead of kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recognition.calibration.advice import Doubt, LookAlikes, doubts, look_alikes
from recognition.calibration.estimate import Calibration
from recognition.calibration.estimate import calibrate as estimate_from
from recognition.calibration.scores import genuine, impostors, photograph_scores
from recognition.calibration.searches import Searches
from recognition.errors import EnrolmentError
from recognition.gallery import Gallery
from recognition.threshold import fitted_threshold

SEED = 1


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """The estimate with the searches that it is made of, and what is said of the photographs."""

    found: Calibration
    genuine: Searches
    impostors: Searches
    pairs: tuple[LookAlikes, ...]
    doubts: tuple[Doubt, ...]


def require_calibratable(gallery: Gallery, *, strangers: bool) -> None:
    """Raise `EnrolmentError` for a gallery that nothing can be said of; `strangers`: whether there are photographs of
    people who are not enrolled."""
    if not gallery.student_ids:
        raise EnrolmentError("nobody is enrolled: make a gallery with `python -m recognition enrol`")
    if gallery.enrolled and len(gallery.student_ids) == 1 and not strangers:
        raise EnrolmentError("one student only: nobody to be confused with; give --strangers DIR")
    if not gallery.enrolled and not strangers:
        raise EnrolmentError(
            "this gallery holds no photographs' embeddings (a published or a legacy one): calibrate the file `enrol` "
            "wrote, or give --strangers DIR"
        )


def calibrated(gallery: Gallery, fpir: float, strangers: Searches | None = None) -> Calibrated:
    """The calibration for `fpir`, above 0 and below 0.5. Raises `EnrolmentError` as above."""
    require_calibratable(gallery, strangers=strangers is not None)
    scores = photograph_scores(gallery, gallery.enrolled) if gallery.enrolled else None
    own = genuine(scores, gallery.enrolled) if scores and gallery.enrolled else _nobody()
    others = impostors(scores, gallery) if scores else _nobody()
    others = others.joined(strangers) if strangers is not None else others
    found = estimate_from(own, others, fpir, _formula(gallery), np.random.default_rng(SEED))
    return Calibrated(
        found=replace(found, uncertain_from=replace(gallery, threshold=found.threshold).uncertain_from),
        genuine=own,
        impostors=others,
        pairs=tuple(look_alikes(gallery)),
        doubts=tuple(doubts(gallery, gallery.enrolled, scores.own)) if scores and gallery.enrolled else (),
    )


def _nobody() -> Searches:
    return Searches(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64), np.empty(0, dtype=bool))


def _formula(gallery: Gallery) -> float:
    return gallery.threshold if gallery.threshold_from == "legacy" else fitted_threshold(gallery.photographs)
