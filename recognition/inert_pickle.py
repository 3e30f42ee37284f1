"""A pickle of texts and float arrays, read without trusting it: nothing in it is ever executed.

First every opcode and every global is checked against what lists of texts and float arrays need; then the file is
unpickled with our own inert stand-ins in the place of numpy's functions. A pickle is a program
(https://docs.python.org/3/library/pickle.html#restricting-globals): this reader runs none of it.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from dataclasses import dataclass
from typing import Any

from recognition.errors import LegacyFormatError

# What lists of texts and arrays of floats need, in every pickle protocol.
OPCODES = frozenset(
    {"PROTO", "FRAME", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE"}
    | {"DICT", "LIST", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "SETITEM", "SETITEMS", "APPEND", "APPENDS"}
    | {"BININT", "BININT1", "BININT2", "INT", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "UNICODE"}
    | {"BINBYTES", "SHORT_BINBYTES", "BINSTRING", "SHORT_BINSTRING", "BINPUT", "LONG_BINPUT", "PUT", "BINGET"}
    | {"LONG_BINGET", "GET", "MEMOIZE", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"}
)


@dataclass(slots=True)
class InertDtype:
    """Stands in for `numpy.dtype`: remembers the type's name."""

    name: str
    order: str = ""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = str(state[1]) if len(state) > 1 and state[1] in ("<", ">") else ""


@dataclass(slots=True)
class InertArray:
    """Stands in for `numpy.ndarray`: keeps shape, type and bytes until they were checked."""

    state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state


class _Inert:
    """A callable without attributes, so that no BUILD can change what it does."""

    __slots__ = ()


class _MakeDtype(_Inert):
    __slots__ = ()

    def __call__(self, name: str, *_: object) -> InertDtype:
        return InertDtype(name)


class _Reconstruct(_Inert):
    __slots__ = ()

    def __call__(self, *_: object) -> InertArray:
        return InertArray()


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


def load_inert(data: bytes) -> Any:
    """What the pickle holds; arrays of floats as `InertArray`, whose bytes nobody has checked yet.

    Raises `LegacyFormatError` for whatever else it asks for; a damaged pickle may raise anything at all.
    """
    _refuse_other_opcodes(data)
    return _InertUnpickler(io.BytesIO(data)).load()


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
