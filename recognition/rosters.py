"""The published gallery brought up to the rows: its sections' rosters, and who may be in it.

Knows the stage's ports. The surprising rule: the function searches the rosters in the gallery, a roll call goes by the
rows. Whoever changes rows publishes the rosters too, or somebody is looked for where nobody looks.
"""

from __future__ import annotations

from datetime import datetime

from recognition.contended import until_unchanged
from recognition.erasure.erased import ErasedStudents
from recognition.errors import GalleryError
from recognition.gallery import Gallery
from recognition.publish import WritableGalleries
from recognition.rollback import Everybody, admitted


def renew_rosters(
    now: datetime, *, roster: Everybody, galleries: WritableGalleries, erased: ErasedStudents
) -> Gallery | None:
    """Publish the published gallery as the rows have it; None where that changes nothing, or nothing is published.

    Raises `StageChanged` when others publish again and again meanwhile.
    """
    return until_unchanged(lambda: _renewed(now, roster, galleries, erased))


def _renewed(now: datetime, roster: Everybody, galleries: WritableGalleries, erased: ErasedStudents) -> Gallery | None:
    over = galleries.tag()
    try:
        published = galleries.current()
    except GalleryError:  # none, or none to go on from
        return None
    renewed = admitted(published, now, roster, erased)
    if renewed.version == published.version:
        return None
    galleries.publish(renewed, over)
    return renewed
