"""Typed look-ups in decoded JSON, so that every reader refuses the same faults in the same words.

Nothing here knows which message it reads; `where` names the place for the reader of the error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import NoReturn, TypeVar, cast

from wire.errors import WireError

T = TypeVar("T")

Json = Mapping[str, object]


def parse_object(text: str | bytes, where: str) -> Json:
    """The JSON object in `text`. Raises `WireError` when it is not JSON, not an object, or two readers might differ.

    They would over a field that is there twice, and over Python's own `NaN` and `Infinity`, which are no JSON.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unambiguous, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise WireError(f"{where} is not JSON: {error}") from error
    return as_object(value, where)


def as_object(value: object, where: str) -> Json:
    """`value` itself if it is a JSON object, else `WireError`."""
    if not isinstance(value, dict):
        raise WireError(f"{where} is {_kind(value)}, not an object")
    return cast(Json, value)


def objects(source: Json, name: str, where: str) -> list[Json]:
    """The list of objects under `name`."""
    return [as_object(item, f"{where}.{name}[{n}]") for n, item in enumerate(required(source, name, list, where))]


def required(source: Json, name: str, kind: type[T], where: str) -> T:
    """The value of `name`, which must be there and be a `kind` (a whole number passes for a float)."""
    value = source.get(name)
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return cast(T, _finite(value, f"{where}.{name}"))
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise WireError(f"{where}.{name} is {_kind(value)}, not {kind.__name__}")
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise WireError(f"{where}.{name} holds half a character, which could never be written out")
    return value


def optional(source: Json, name: str, kind: type[T], where: str) -> T | None:
    """The value of `name`, or None when it is absent or null."""
    return None if source.get(name) is None else required(source, name, kind, where)


def numbers(source: Json, name: str, where: str) -> dict[str, float]:
    """The object under `name` whose values are all numbers; absent counts as empty."""
    found = as_object(source.get(name, {}), f"{where}.{name}")
    return {key: required({"[]": value}, "[]", float, f"{where}.{name}") for key, value in found.items()}


def _unambiguous(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a field twice")
    return found


def _no_constant(_: str) -> NoReturn:
    raise ValueError("a number is not finite")


def _finite(value: float, where: str) -> float:
    """JSON has numbers and whole numbers of any size; a measurement fits a float."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise WireError(f"{where} is not a finite number")
    return number


def _kind(value: object) -> str:
    return "missing" if value is None else type(value).__name__
