"""What a page needs again in a moment and nobody may keep: photographs being judged, receipts to be fetched.

In this process' memory only, under names that nobody can guess. The surprising rule: it goes by itself, after a while
or when there is too much of it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from flask import current_app

T = TypeVar("T")


@dataclass
class Kept(Generic[T]):
    """At most `most` things, each for `seconds` since it was put; the oldest go first."""

    seconds: float
    most: int
    clock: Callable[[], float] = time.monotonic
    _things: OrderedDict[str, tuple[float, T]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, name: str, thing: T) -> None:
        """Keep it under this name, instead of what was kept there."""
        with self._lock:
            self._things.pop(name, None)
            self._things[name] = self.clock(), thing
            while len(self._things) > self.most or self._is_over(next(iter(self._things))):
                self._things.popitem(last=False)

    def put_new(self, thing: T) -> str:
        """Keep it under a new name, which is returned."""
        name = secrets.token_urlsafe(16)
        self.put(name, thing)
        return name

    def get(self, name: str) -> T | None:
        """What is kept under this name; None if nothing is, or not any more."""
        with self._lock:
            if name in self._things and self._is_over(name):
                del self._things[name]
            return self._things[name][1] if name in self._things else None

    def drop(self, name: str) -> None:
        """Forget it."""
        with self._lock:
            self._things.pop(name, None)

    def drop_those(self, are_meant: Callable[[T], bool]) -> None:
        """Forget all that are meant."""
        with self._lock:
            for name in [name for name, (_, thing) in self._things.items() if are_meant(thing)]:
                del self._things[name]

    def _is_over(self, name: str) -> bool:
        return self.clock() - self._things[name][0] > self.seconds


def kept_here(what: str, seconds: float, most: int) -> Kept[Any]:
    """The running console's memory of `what`, begun when it is first asked for."""
    found = current_app.extensions.setdefault(what, Kept[Any](seconds, most))
    assert isinstance(found, Kept)
    return found
