"""Single photographs to a gallery that is there already: a student gets more of them, or is new.

Pure. The surprising rule: only the operator's own gallery will do, because a published or a legacy one has forgotten
the photographs that its templates are the means of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recognition.errors import EnrolmentError
from recognition.faces import Embedding
from recognition.gallery import Enrolled, Gallery, make_gallery
from recognition.photograph import Seen
from recognition.threshold import moved_threshold


def photographs_of(gallery: Gallery) -> Enrolled:
    """What the gallery keeps of each photograph. Raises `EnrolmentError` when it keeps nothing."""
    if gallery.enrolled is None:
        raise EnrolmentError(
            "this gallery holds no photographs' embeddings (a published or a legacy one): add to the file that `enrol` "
            "wrote, or enrol everybody's folders again"
        )
    return gallery.enrolled


def with_photographs(gallery: Gallery, student_id: str, seen: Sequence[Seen]) -> Gallery:
    """The gallery with these photographs of one student too, each of which shows one face.

    The threshold moves by what the formula says of the two rosters, so that a calibrated one stays so.
    """
    kept, everybody = photographs_of(gallery), (*gallery.student_ids, student_id)
    embeddings: dict[str, list[Embedding]] = {each: [] for each in everybody}
    qualities: dict[str, list[float]] = {each: [] for each in everybody}
    for owner, embedding, quality in zip(kept.owners, kept.embeddings, kept.qualities, strict=True):
        embeddings[gallery.student_ids[owner]].append(embedding)
        qualities[gallery.student_ids[owner]].append(float(quality))
    for each in seen:
        if each.embedding is not None and each.quality is not None:
            embeddings[student_id].append(each.embedding)
            qualities[student_id].append(each.quality.score)
    made = make_gallery(embeddings, qualities)
    moved = moved_threshold(gallery.threshold, gallery.photographs, made.photographs)
    return replace(made, threshold=moved, threshold_from=gallery.threshold_from, fpir=gallery.fpir)
