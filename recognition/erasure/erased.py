"""What is noted of an erasure for as long as it must hold: when it was, and when all that was under way had ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from wire.erasure_message import digest_of


@dataclass(frozen=True, slots=True)
class Erased:
    """Erased at `at`. At `settled_at` the last invocation has ended that may have named the student still; None until
    somebody has looked. Both in seconds since the epoch."""

    at: float
    settled_at: float | None = None


class ErasedStudents(Protocol):
    """Whom a stage has erased."""

    def note(self, student_id: str, erased: Erased) -> None:
        """Note that the student is being, or has been, erased."""
        ...

    def of(self, student_id: str) -> Erased | None:
        """What is noted of the student."""
        ...

    def digests(self) -> frozenset[str]:
        """Everybody noted, by `wire.erasure_message.digest_of` the id."""
        ...

    def lift(self, student_id: str) -> None:
        """Forget that the student was erased: a new consent is a new beginning."""
        ...


def among(student_ids: Iterable[str], digests: Collection[str]) -> frozenset[str]:
    """Those of `student_ids` whom `digests` tell to be erased."""
    return frozenset(each for each in student_ids if digests and digest_of(each) in digests)
