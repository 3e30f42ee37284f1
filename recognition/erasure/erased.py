"""What is noted of an erasure for as long as it must hold: when it was, and when all that was under way had ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from wire.erasure_message import digest_of

Counts: TypeAlias = Mapping[tuple[str, str], int]
"""So many things by their place and kind."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Erased at `at`. At `settled_at` the last invocation has ended that may have named the student still; None until
    somebody has looked. Both in seconds since the epoch.

    `counts` are the things of each kind that the runs so far have erased or, while one is `under_way`, set out to.
    """

    at: float
    settled_at: float | None = None
    counts: Counts = field(default_factory=dict)
    under_way: bool = False

    def with_found(self, found: Counts) -> Erased:
        """What is noted when a run sets out to erase what it has `found`.

        Of a run that was cut off nobody knows how far it came: what is found again of a kind was counted then.
        """
        if self.under_way:
            counts = {kind: max(self.counts.get(kind, 0), found.get(kind, 0)) for kind in {**self.counts, **found}}
        else:
            counts = dict(Counter(self.counts) + Counter(found))
        return replace(self, counts=counts, under_way=True)


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
