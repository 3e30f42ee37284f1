"""A folder of photographs of people who are not enrolled, to their embeddings.

Reads files and detects faces; decides nothing. The surprising rule: of several faces in a photograph the one nearest
the picture's centre counts, because such photographs are taken of the person in the middle; enrolment refuses them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recognition.calibration.searches import Numbers
from recognition.detect import LOOKS
from recognition.errors import EnrolmentError
from recognition.faces import Box, Detection, Embedding, Rgb, unit
from recognition.identify import Identifier
from recognition.photograph import SUFFIXES, Refusal, read_photograph


@dataclass(frozen=True, slots=True, eq=False)
class StrangersFaces:
    """`embeddings` (m, 128) of unit length, one a usable photograph, and the photographs left out."""

    embeddings: Numbers
    refusals: tuple[Refusal, ...]


def strangers_photographs(folder: Path) -> list[Path]:
    """The photographs in `folder` and below, in order of name. Raises `EnrolmentError` when there are none."""
    found = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)
    if not found:
        raise EnrolmentError(f"{folder} holds no photographs of strangers: {', '.join(sorted(SUFFIXES))}")
    return found


def embed_strangers(
    files: Sequence[Path], identifier: Identifier, done: Callable[[], None] = lambda: None
) -> StrangersFaces:
    """Embed each file's central face; `done` is called after each. Raises `EnrolmentError` when none is usable."""
    faces: list[Embedding] = []
    refusals: list[Refusal] = []
    for file in files:
        found = _embed(file, identifier)
        if isinstance(found, Refusal):
            refusals.append(found)
        else:
            faces.append(found)
        done()
    if not faces:
        reasons = "\n".join(f"  {refusal.photograph}: {refusal.reason}" for refusal in refusals)
        raise EnrolmentError(f"none of the strangers' photographs is usable; replace them:\n{reasons}")
    return StrangersFaces(unit(np.array(faces)), tuple(refusals))


def nearest_the_centre(faces: Sequence[Detection], width: int, height: int) -> Detection | None:
    """Of `faces`, the one whose middle is nearest the middle of a picture of that size; None without faces."""

    def distance(face: Detection) -> float:
        x, y = _middle(face.box)
        return (x - width / 2) ** 2 + (y - height / 2) ** 2

    return min(faces, key=distance, default=None)


def central_face(rgb: Rgb, identifier: Identifier) -> Detection | None:
    """The face nearest the picture's centre. Looks closer only while nobody is found, as with clips."""
    looks = (identifier.detector.detect(rgb, look) for look in LOOKS)
    found = next((faces for faces in looks if faces), [])
    return nearest_the_centre(found, rgb.shape[1], rgb.shape[0])


def _embed(file: Path, identifier: Identifier) -> Embedding | Refusal:
    try:
        rgb = read_photograph(file)
    except EnrolmentError as error:
        return Refusal(file, str(error))
    face = central_face(rgb, identifier)
    return identifier.embedder.embed(rgb, face.box) if face else Refusal(file, "no face was found")


def _middle(box: Box) -> tuple[float, float]:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2
