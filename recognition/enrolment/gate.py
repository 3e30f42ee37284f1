"""Which photographs are enrolled, and what is said of the others. Pure.

The surprising rule: `refuse` refuses the whole run, so that nobody publishes a gallery that lacks a student unawares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

from recognition.enrolment.taken import Judged
from recognition.errors import EnrolmentError
from recognition.one_line import one_line

Gate: TypeAlias = Literal["refuse", "warn"]
"""`refuse`: one photograph with a fault, and nobody is enrolled. `warn`: doubtful ones are enrolled all the same."""


def passes(judged: Judged, gate: Gate) -> bool:
    """Whether the photograph is enrolled."""
    return judged.is_fine or (gate == "warn" and judged.can_be_enrolled)


def refuse(judged: Iterable[Judged], without: Sequence[str], *, gate: Gate, skip_bad: bool) -> None:
    """Raise `EnrolmentError` for photographs that must not be left out, and for students left `without` any."""
    bad = [each for each in judged if not passes(each, gate)]
    if not without and (not bad or skip_bad or gate == "warn"):
        return
    lines = list(lines_of(bad))
    if without:
        ids = one_line(", ".join(without))
        lines.append(f"  students left without a photograph: {ids}: give each a good one, or leave them out")
    advice = "" if without else "; mend them, leave them out with --skip-bad-photographs, or see --gate and --accept"
    raise EnrolmentError("\n".join([f"{len(bad)} photograph(s) refused, nobody enrolled{advice}:", *lines]))


def lines_of(judged: Iterable[Judged]) -> Iterator[str]:
    """One line for each photograph that has a fault: where it is, what is wrong, what to do."""
    for each in judged:
        if each.faults:
            said = "; ".join(f"{fault.says}: {fault.advice}" for fault in each.faults)
            yield one_line(f"  {each.taken.photograph}: {said}")
