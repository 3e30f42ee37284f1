"""Single photographs to a gallery that is there already, or out of it: a student gets more, is new, or goes.

Pure. The surprising rule: only the operator's own gallery will do, because a published or a legacy one has forgotten
the photographs that its templates are the means of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    embeddings, qualities = _of_each(gallery)
    for each in seen:
        if each.embedding is not None and each.quality is not None:
            embeddings.setdefault(student_id, []).append(each.embedding)
            qualities.setdefault(student_id, []).append(each.quality.score)
    return _made_like(gallery, embeddings, qualities)


def without_student(gallery: Gallery, student_id: str) -> Gallery:
    """The gallery without this student, everybody else's photographs kept; the threshold moves as above."""
    if gallery.enrolled is None:
        return gallery.without([student_id])
    embeddings, qualities = _of_each(gallery)
    embeddings.pop(student_id, None)
    qualities.pop(student_id, None)
    return _made_like(gallery, embeddings, qualities)


def _of_each(gallery: Gallery) -> tuple[dict[str, list[Embedding]], dict[str, list[float]]]:
    """Each student's embeddings, and their qualities."""
    kept = photographs_of(gallery)
    embeddings: dict[str, list[Embedding]] = {each: [] for each in gallery.student_ids}
    qualities: dict[str, list[float]] = {each: [] for each in gallery.student_ids}
    for owner, embedding, quality in zip(kept.owners, kept.embeddings, kept.qualities, strict=True):
        embeddings[gallery.student_ids[owner]].append(embedding)
        qualities[gallery.student_ids[owner]].append(float(quality))
    return embeddings, qualities


def _made_like(
    gallery: Gallery, embeddings: Mapping[str, list[Embedding]], qualities: Mapping[str, list[float]]
) -> Gallery:
    """The gallery of these photographs, calibrated as `gallery` is. Of nobody: as a new one begins."""
    made = make_gallery(embeddings, qualities)
    if not gallery.student_ids or not made.student_ids:
        return made
    moved = moved_threshold(gallery.threshold, gallery.photographs, made.photographs)
    return replace(made, threshold=moved, threshold_from=gallery.threshold_from, fpir=gallery.fpir)
