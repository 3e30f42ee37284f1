"""How many photographs each student is enrolled with, and how good they are.

The operator's gallery file tells; where this console has none, the published gallery tells how many. The surprising
rule: whoever is in the file is not yet recognised, only who is published is.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from console.stage import the_settings, the_stage
from recognition.errors import GalleryError
from recognition.gallery import Gallery
from recognition.gallery_file import read_gallery


@dataclass(frozen=True, slots=True)
class Photographs:
    """One student's: how many, and the quality of the best and of the poorest, 0 to 1 (None: nobody here knows)."""

    count: int
    best: float | None
    poorest: float | None
    published: bool


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Everybody's, by id; `fault` tells why a gallery could not be read."""

    of: Mapping[str, Photographs]
    fault: str = ""


def photographs_of_each() -> Enrolment:
    """Of everybody who is enrolled, by id."""
    fault, published, file = "", None, None
    try:
        published = the_stage().records.gallery()
    except GalleryError as error:
        fault = str(error)
    try:
        file = gallery_in(the_settings().gallery)
    except GalleryError as error:
        fault = f"the gallery's file: {error}"
    return Enrolment(_of_both(published, file), fault)


def gallery_in(file: Path) -> Gallery | None:
    """The gallery in the operator's file, read when it has changed; None where there is no file."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return _read(file, (status.st_ino, status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=2)
def _of_both(published: Gallery | None, file: Gallery | None) -> Mapping[str, Photographs]:
    """By the galleries as they are kept: another one is another object."""
    there = frozenset(published.student_ids if published else ())
    found: dict[str, Photographs] = {}
    for gallery in filter(None, (published, file)):
        found |= _of(gallery, there)
    return found


@lru_cache(maxsize=2)
def _read(file: Path, _state: tuple[int, int, int]) -> Gallery:
    try:
        return read_gallery(file.read_bytes())
    except OSError as error:
        raise GalleryError(f"{file} cannot be read: {os.strerror(error.errno or 0)}") from error


def _of(gallery: Gallery, published: frozenset[str]) -> dict[str, Photographs]:
    best: list[float | None] = [None] * len(gallery.student_ids)
    poorest = list(best)
    if gallery.enrolled is not None and len(gallery.enrolled.owners):
        kept = gallery.enrolled
        highest, lowest = np.zeros(len(best)), np.ones(len(best))
        np.maximum.at(highest, kept.owners, kept.qualities)
        np.minimum.at(lowest, kept.owners, kept.qualities)
        best, poorest = highest.tolist(), lowest.tolist()
    rows = zip(gallery.student_ids, gallery.photographs, best, poorest, strict=True)
    return {each: Photographs(count, good, poor, each in published) for each, count, good, poor in rows}
