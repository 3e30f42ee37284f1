"""What a gallery's own photographs say of it: each searched as its owner, and each as somebody who is not enrolled.

Pure: numbers in, numbers out. Two surprising rules. As its owner, a photograph meets a template made without it, one
photograph poorer than the real one: the similarity is raised by what one more photograph adds to a mean. As a
stranger, it meets a roster without its owner: the similarity is raised by what the fitted formula adds for one more
student. Measured on LFW, the mean of the raised genuine scores is within 0.0002 of real probes' (50 students with 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognition.calibration.searches import Numbers, Searches
from recognition.faces import unit
from recognition.gallery import Enrolled, Gallery
from recognition.match import NO_RUNNER_UP, nearest_each
from recognition.threshold import fitted_threshold

BLOCK = 1_000  # photographs compared at once: 80 MB with 10,000 students
LEAST_LIKENESS = 0.5  # photographs of one person agree more than this, or the folder is wrong


@dataclass(frozen=True, slots=True, eq=False)
class PhotographScores:
    """A row for each enrolled photograph, arrays (m,), none of them raised yet.

    `own` is the similarity to the mean of the owner's other photographs (NaN: there are none), `other` and `second`
    those to the nearest and the second nearest other student (NaN: there is none), `nearest_other` whose it is.
    """

    owners: NDArray[np.int64]
    own: Numbers
    other: Numbers
    second: Numbers
    nearest_other: NDArray[np.int64]


def photograph_scores(gallery: Gallery, enrolled: Enrolled) -> PhotographScores:
    """Compare every photograph with its owner's other ones and with the other students' templates."""
    blocks = [slice(start, start + BLOCK) for start in range(0, len(enrolled.owners), BLOCK)]
    found = [_others(unit(enrolled.embeddings[rows]), enrolled.owners[rows], gallery) for rows in blocks]
    other, second, nearest_other = (np.concatenate(column) for column in zip(*found, strict=True))
    return PhotographScores(enrolled.owners, _own(enrolled), other, second, nearest_other.astype(np.int64))


def genuine(scores: PhotographScores, enrolled: Enrolled) -> Searches:
    """Each photograph that has a companion, searched as its owner by the template of all the owner's photographs."""
    own = np.minimum(scores.own * _gain(enrolled), 1.0)
    rows = ~np.isnan(own)
    own, other = own[rows], scores.other[rows]
    lead = np.where(np.isnan(other), NO_RUNNER_UP, np.abs(own - other))
    right = np.isnan(other) | (own > other)
    return Searches(np.fmax(own, other), lead, scores.owners[rows], right)


def impostors(scores: PhotographScores, gallery: Gallery) -> Searches:
    """Each photograph searched as a stranger's, by a roster of the gallery's size. Nobody is right."""
    rows = ~np.isnan(scores.other)
    rises = {count: _rise(gallery.photographs, count) for count in set(gallery.photographs)}
    rise = np.array([rises[count] for count in gallery.photographs])
    similarity = np.minimum(scores.other[rows] + rise[scores.owners[rows]], 1.0)
    lead = np.where(np.isnan(scores.second), NO_RUNNER_UP, scores.other - scores.second)[rows]
    return Searches(similarity, lead, scores.owners[rows], np.zeros(len(similarity), dtype=bool))


def strangers(probes: Numbers, gallery: Gallery) -> Searches:
    """Each of `probes` (n, 128), unit length, one photograph of each of n people who are not enrolled."""
    matches = nearest_each(probes, gallery)
    similarity = np.array([match.similarity for match in matches])
    lead = np.array([match.margin for match in matches])
    return Searches(similarity, lead, np.arange(len(matches)), np.zeros(len(matches), dtype=bool))


def _others(faces: Numbers, owners: NDArray[np.int64], gallery: Gallery) -> tuple[Numbers, Numbers, NDArray[np.int64]]:
    similarities = faces @ gallery.templates.T
    each = np.arange(len(faces))
    similarities[each, owners] = -np.inf
    nearest_other = similarities.argmax(axis=1)
    other = similarities[each, nearest_other]
    similarities[each, nearest_other] = -np.inf
    second = similarities.max(axis=1)
    return _finite(other), _finite(second), nearest_other


def _finite(similarities: Numbers) -> Numbers:
    return np.where(np.isinf(similarities), np.nan, similarities)


def _own(enrolled: Enrolled) -> Numbers:
    """Similarity to the mean of the owner's other photographs; NaN for the only one."""
    counts = np.bincount(enrolled.owners)[enrolled.owners]
    sums = np.zeros((int(enrolled.owners.max(initial=-1)) + 1, enrolled.embeddings.shape[1]))
    np.add.at(sums, enrolled.owners, enrolled.embeddings)
    several = counts > 1
    others = sums[enrolled.owners[several]] - enrolled.embeddings[several]
    own = np.full(len(counts), np.nan)
    own[several] = np.sum(unit(others) * unit(enrolled.embeddings[several]), axis=1)
    return own


def _gain(enrolled: Enrolled) -> Numbers:
    """What one more photograph in the template multiplies a similarity by, for each photograph.

    With a person's photographs scattered independently around a centre, the cosine to a mean of k of them is
    proportional to 1 / sqrt(1 + r / k); r follows from how alike two photographs of one person are on the average.
    """
    counts = np.bincount(enrolled.owners)
    sums = np.zeros((len(counts), enrolled.embeddings.shape[1]))
    np.add.at(sums, enrolled.owners, unit(enrolled.embeddings))
    several = counts > 1
    k = counts[several]
    if not len(k):
        return np.ones(len(enrolled.owners))
    likeness = np.mean((np.sum(sums[several] ** 2, axis=1) - k) / (k * (k - 1)))
    scatter = 1 / max(float(likeness), LEAST_LIKENESS) - 1
    fewer = np.maximum(counts - 1, 1)
    return np.asarray(np.sqrt((1 + scatter / fewer) / (1 + scatter / np.maximum(counts, 1))))[enrolled.owners]


def _rise(photographs: tuple[int, ...], count: int) -> float:
    """What a student with `count` photographs adds to the fitted threshold of the roster of all the others."""
    position = photographs.index(count)
    others = photographs[:position] + photographs[position + 1 :]
    return fitted_threshold(photographs) - fitted_threshold(others) if others else 0.0
