"""What a rehearsal could not tell, in numbers and in words. Pure."""

from __future__ import annotations

from dataclasses import astuple, dataclass

WORDS = (
    "clip(s) cannot be looked at",
    "clip(s) have a record that cannot be read",
    "clip(s) were decided by another model, whose similarities say nothing of this one",
    "face(s) were decided by more than a record keeps: a consent, or a surer look elsewhere in the clip",
    "unknown face(s) are in no record: there were too many in their clips",
    "unknown face(s) would be taken for somebody, and no record says for whom: no roll call counts them",
)


@dataclass(frozen=True, slots=True)
class Lacking:
    """Clips: `rejected` ones, those whose record is `unreadable` or of `other_model`. Faces: `untold`, `unlisted`, and
    `nameless`, which would be taken for somebody of whom no record tells. `WORDS` has them in this order."""

    rejected: int = 0
    unreadable: int = 0
    other_model: int = 0
    untold: int = 0
    unlisted: int = 0
    nameless: int = 0

    def __add__(self, other: Lacking) -> Lacking:
        return Lacking(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))

    def words(self) -> list[str]:
        """A line for whatever is lacking."""
        return [f"{count} {words}" for count, words in zip(astuple(self), WORDS, strict=True) if count]

    @property
    def in_records(self) -> bool:
        """Whether looking through the clips themselves would tell more."""
        return any(astuple(self)[1:])
