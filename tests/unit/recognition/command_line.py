"""What a run of `python -m recognition` came to, as the fixture `run` tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ran:
    """An exit code and what was printed."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """Standard error on one line: wherever a console broke it."""
        return " ".join(self.err.split())


Run = Callable[..., Ran]
