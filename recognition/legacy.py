"""The original system's gallery, a pickle that nobody trusts, and what becomes of it here: a gallery of ours.

Knows what such a gallery holds; `inert_pickle` reads the file without executing anything. The surprising rule: its
templates have a threshold of their own, below the formula's, because everybody is less similar to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from recognition.errors import LegacyFormatError, StudentsError
from recognition.faces import DIMENSIONS, Embedding
from recognition.gallery import Gallery, make_gallery
from recognition.inert_pickle import InertArray, InertDtype, load_inert
from recognition.roster import Consent, Student

MAX_BYTES = 64 << 20
LEGACY_SHORTFALL = 0.0065
"""How much less similar everybody is to a template of the original system than to one of ours: strangers and students
alike, at the median as at the highest percent. Its embeddings were computed another way. Measured with 250 strangers
(0.0061) and with 598 photographs (0.0075) against eleven templates."""

FLOATS = frozenset({"f4", "f8", "<f4", "<f8", ">f4", ">f8"})


def read_legacy(path: Path) -> dict[str, Embedding]:
    """The embeddings (128,) by name in the file. Raises `LegacyFormatError`; nothing in the file is executed."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LegacyFormatError(f"{path}: cannot be read ({error.strerror})") from error
    if len(data) > MAX_BYTES:
        raise LegacyFormatError(f"the file is larger than {MAX_BYTES >> 20} MiB: not a gallery")
    try:
        return _embeddings(load_inert(data))
    except LegacyFormatError:
        raise
    except Exception as error:  # a damaged pickle may raise anything at all
        raise LegacyFormatError(f"the pickle is damaged or not a gallery ({type(error).__name__}: {error})") from error


def _embeddings(content: Any) -> dict[str, Embedding]:
    names, arrays = content.get("name"), content.get("encoding")
    if not isinstance(names, list) or not isinstance(arrays, list) or len(names) != len(arrays) or not names:
        raise LegacyFormatError("expected lists of equal length under 'name' and 'encoding'")
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) != len(names):
        raise LegacyFormatError("the names are not distinct texts")
    return {name: _embedding(name, array) for name, array in zip(names, arrays, strict=True)}


def _embedding(name: str, array: Any) -> Embedding:
    if not isinstance(array, InertArray) or len(array.state) != 5:
        raise LegacyFormatError(f"{name}: not an array")
    _, shape, dtype, _, data = array.state
    kind = f"{dtype.order}{dtype.name.lstrip('<>')}" if isinstance(dtype, InertDtype) else ""
    if shape != (DIMENSIONS,) or kind not in FLOATS or not isinstance(data, bytes):
        raise LegacyFormatError(f"{name}: not an array of {DIMENSIONS} floats")
    embedding = np.frombuffer(data, dtype=np.dtype(kind)).astype(np.float64)
    if embedding.shape != (DIMENSIONS,) or not np.all(np.isfinite(embedding)) or not np.any(embedding):
        raise LegacyFormatError(f"{name}: the numbers are no embedding")
    return embedding


def import_students(
    embeddings: dict[str, Embedding], students: Sequence[Student], consent: Consent | None
) -> tuple[Gallery, list[Student]]:
    """The gallery of the legacy embeddings, and the rows with `consent` recorded where there is none.

    Its threshold is the formula's less `LEGACY_SHORTFALL`.

    A legacy name is looked up among the rows' names; whoever has no row keeps the name as id, and stays unnamed.
    """
    names = [student.name for student in students]
    if several := sorted({name for name in embeddings if names.count(name) > 1}):
        raise StudentsError(f"several students are called {', '.join(several)}: nobody can tell whose the face is")
    ids = {student.name: student.student_id for student in students}
    gallery_ids = [ids.get(name, name) for name in embeddings]
    if twice := sorted({each for each in gallery_ids if gallery_ids.count(each) > 1}):
        raise StudentsError(f"a name without a row equals another student's id: {', '.join(twice)}")
    made = make_gallery({ids.get(name, name): [embedding] for name, embedding in embeddings.items()})
    threshold = round(made.threshold - LEGACY_SHORTFALL, 4)
    gallery = replace(made, threshold=threshold, threshold_from="legacy", enrolled=None)
    return gallery, [student if student.consent else replace(student, consent=consent) for student in students]
