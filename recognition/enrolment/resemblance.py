"""Whether a photograph shows the student it is said to show: unlike that student's others, or like another student.

Pure. The surprising rule: *looks like another student* means that the shipped rule would name somebody else, or be
within a clear lead of it. Who is merely similar to somebody is not refused for that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from recognition.calibration.scores import photograph_scores
from recognition.enrolment.faults import Fault
from recognition.enrolment.likeness import likeness, likeness_to
from recognition.enrolment.taken import Known, Taken
from recognition.faces import Embedding
from recognition.gallery import Enrolled, make_gallery
from recognition.vote import CLEAR_LEAD


def strange(taken: Sequence[Taken], usable: Sequence[int], known: Known) -> Iterator[tuple[int, Fault]]:
    """The faults of the photographs number `usable`, each of which shows one face."""
    own: dict[int, float] = {}
    unlike: set[int] = set()
    undecided: list[list[int]] = []
    right: dict[str, Sequence[Embedding]] = {}
    groups: dict[str, list[int]] = defaultdict(list)
    for row in usable:
        groups[taken[row].student_id].append(row)
    for student_id, rows in groups.items():
        faces, before = np.array([taken[row].seen.embedding for row in rows]), known.embeddings.get(student_id, ())
        found = likeness_to(np.array(before), faces) if len(before) else likeness(faces)
        right[student_id] = [*before, *faces[found.right]] or [*faces]  # two differ, and nobody knows which is wrong
        own |= {row: float(found.own[place]) for place, row in enumerate(rows)}
        unlike |= {row for place, row in enumerate(rows) if place in found.unlike}
        if not len(before) and len(found.unlike) == len(faces) == 2:
            undecided.append(rows)
    others = _like_others(taken, own, {**known.embeddings, **right}, known.threshold)
    unlike -= {row for rows in undecided for row in _cleared(rows, others)}
    for row in usable:
        if row in unlike:
            yield (
                row,
                Fault("unlike the others", f"does not look like this student's other photographs ({own[row]:.3f})"),
            )
        if row in others:
            yield row, Fault("like another student", f"looks like another student: {others[row]}")


def _like_others(
    taken: Sequence[Taken], own: Mapping[int, float], faces: Mapping[str, Sequence[Embedding]], known: float | None
) -> dict[int, str]:
    """Whom each photograph looks like, as "ID (similarity)", for those that look like somebody else."""
    if not own:
        return {}
    gallery = make_gallery(faces)
    place = {student_id: number for number, student_id in enumerate(gallery.student_ids)}
    embeddings = np.array([taken[row].seen.embedding for row in own])
    owners = np.array([place[taken[row].student_id] for row in own])
    scores = photograph_scores(gallery, Enrolled(embeddings, owners, np.ones(len(owners))))
    reached = scores.other >= (gallery.threshold if known is None else known)  # False for NaN: there is nobody else
    lead = np.array(list(own.values())) - scores.other
    return {
        row: f"{gallery.student_ids[scores.nearest_other[number]]} ({scores.other[number]:.3f})"
        for number, row in enumerate(own)
        if reached[number] and not lead[number] >= CLEAR_LEAD  # NaN, an only photograph, has no lead either
    }


def _cleared(rows: Sequence[int], others: Mapping[int, str]) -> set[int]:
    """Of two photographs that differ, the one that does not look like somebody else where the other one does."""
    clear = {row for row in rows if row not in others}
    return clear if len(clear) == 1 else set()
