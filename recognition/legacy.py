"""The original system's gallery, a pickle, read without trusting it: nothing in it is ever executed.

First every opcode and every global is checked against what lists of texts and float arrays need; then the file is
unpickled with our own inert stand-ins in the place of numpy's functions. A pickle is a program
(https://docs.python.org/3/library/pickle.html#restricting-globals): this reader runs none of it.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from recognition.errors import LegacyFormatError, StudentsError
from recognition.faces import DIMENSIONS, Embedding
from recognition.gallery import Gallery, make_gallery
from recognition.roster import Consent, Student

MAX_BYTES = 64 << 20
LEGACY_SHORTFALL = 0.0065
"""How much less similar everybody is to a template of the original system than to one of ours: strangers and students
alike, at the median as at the highest percent. Its embeddings were computed another way. Measured with 250 strangers
(0.0061) and with 598 photographs (0.0075) against eleven templates."""

FLOATS = frozenset({"f4", "f8", "<f4", "<f8", ">f4", ">f8"})

# What lists of texts and arrays of floats need, in every pickle protocol.
OPCODES = frozenset(
    {"PROTO", "FRAME", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE"}
    | {"DICT", "LIST", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "SETITEM", "SETITEMS", "APPEND", "APPENDS"}
    | {"BININT", "BININT1", "BININT2", "INT", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "UNICODE"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINSTRING", "SHORT_BINSTRING", "BINPUT", "LONG_BINPUT", "PUT", "BINGET"}
    | {"LONG_BINGET", "GET", "MEMOIZE", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"}
)


@dataclass(slots=True)
class _Dtype:
    """Stands in for `numpy.dtype`: remembers the type's name."""

    name: str
    order: str = ""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = str(state[1]) if len(state) > 1 and state[1] in ("<", ">") else ""


@dataclass(slots=True)
class _Array:
    """Stands in for `numpy.ndarray`: keeps shape, type and bytes until they were checked."""

    state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state


class _Inert:
    """A callable without attributes, so that no BUILD can change what it does."""

    __slots__ = ()


class _MakeDtype(_Inert):
    __slots__ = ()

    def __call__(self, name: str, *_: object) -> _Dtype:
        return _Dtype(name)


class _Reconstruct(_Inert):
    __slots__ = ()

    def __call__(self, *_: object) -> _Array:
        return _Array()


class _Encode(_Inert):
    """Stands in for `codecs.encode`, with which protocol 2 writes bytes."""

    __slots__ = ()

    def __call__(self, text: str, encoding: str) -> bytes:
        if encoding not in ("latin1", "latin-1"):
            raise LegacyFormatError("the pickle encodes bytes in an unknown way")
        return text.encode("latin-1")


GLOBALS: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _Reconstruct(),
    ("numpy._core.multiarray", "_reconstruct"): _Reconstruct(),
    ("numpy", "ndarray"): _Reconstruct(),
    ("numpy", "dtype"): _MakeDtype(),
    ("_codecs", "encode"): _Encode(),
}


class _InertUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in GLOBALS:
            raise LegacyFormatError(f"the pickle asks for {module}.{name}, which a gallery does not need: refused")
        return GLOBALS[module, name]


def read_legacy(path: Path) -> dict[str, Embedding]:
    """The embeddings (128,) by name in the file. Raises `LegacyFormatError`; nothing in the file is executed."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LegacyFormatError(f"{path}: cannot be read ({error.strerror})") from error
    if len(data) > MAX_BYTES:
        raise LegacyFormatError(f"the file is larger than {MAX_BYTES >> 20} MiB: not a gallery")
    _refuse_other_opcodes(data)
    try:
        content = _InertUnpickler(io.BytesIO(data)).load()
        return _embeddings(content)
    except LegacyFormatError:
        raise
    except Exception as error:  # a damaged pickle may raise anything at all
        raise LegacyFormatError(f"the pickle is damaged or not a gallery ({type(error).__name__}: {error})") from error


def _refuse_other_opcodes(data: bytes) -> None:
    try:
        for opcode, argument, position in pickletools.genops(data):
            if opcode.name not in OPCODES:
                raise LegacyFormatError(f"the pickle holds opcode {opcode.name} at byte {position}: refused")
            if "PUT" in opcode.name and int(str(argument)) > len(data):
                raise LegacyFormatError("the pickle numbers more objects than it has room for: refused")
            if opcode.name == "GLOBAL" and tuple(str(argument).split(" ", 1)) not in GLOBALS:
                raise LegacyFormatError(f"the pickle asks for {argument!r}, which a gallery does not need: refused")
    except ValueError as error:
        raise LegacyFormatError(f"the file is not a pickle, or damaged: {error}") from error


def _embeddings(content: Any) -> dict[str, Embedding]:
    names, arrays = content.get("name"), content.get("encoding")
    if not isinstance(names, list) or not isinstance(arrays, list) or len(names) != len(arrays) or not names:
        raise LegacyFormatError("expected lists of equal length under 'name' and 'encoding'")
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) != len(names):
        raise LegacyFormatError("the names are not distinct texts")
    return {name: _embedding(name, array) for name, array in zip(names, arrays, strict=True)}


def _embedding(name: str, array: Any) -> Embedding:
    if not isinstance(array, _Array) or len(array.state) != 5:
        raise LegacyFormatError(f"{name}: not an array")
    _, shape, dtype, _, data = array.state
    kind = f"{dtype.order}{dtype.name.lstrip('<>')}" if isinstance(dtype, _Dtype) else ""
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
