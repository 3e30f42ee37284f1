"""`job_table`: decisions, corrections and results under way that tell of a student.

The surprising rule: the items stay. A roll call is made of them, and everybody else's part in it must not change; only
the student's faces become unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from recognition.erasure.places import Clip, Subject, Trace
from recognition.erasure.traces import (
    anybody_identified,
    corrections_show,
    corrections_without,
    decision_shows,
    decision_without,
    told_by,
)
from wire.result_json import write_result


@dataclass(frozen=True, slots=True)
class JobItem:
    """An item of `job_table`, as far as it can tell of anybody. `locked_until` is None where nobody is at work."""

    job_id: str
    clip: str = ""
    version_id: str = ""
    decision: str = ""
    result: str = ""
    outcome: str = ""
    corrections: tuple[str, ...] = ()
    locked_until: float | None = None

    def without(self, student_id: str) -> JobItem:
        """The item without the student; itself if it does not tell of the student."""
        decision = decision_without(self.decision, student_id)
        told = told_by(self.result.encode(), student_id) if self.result else None
        nobody = decision != self.decision and self.outcome == "recognised" and not anybody_identified(decision)
        corrections = corrections_without(self.corrections, student_id)
        kept = write_result(told.result.without(student_id)) if told and told.concerns and told.result else self.result
        less = replace(
            self,
            decision=decision,
            result="" if told and told.concerns and not told.result else kept,
            outcome="unknown" if nobody else self.outcome,
            corrections=corrections,
        )
        return self if less == self else less

    def shows(self, student_id: str) -> bool:
        """Whether the decision or a correction sees the student in the clip."""
        return corrections_show(self.corrections, student_id) or decision_shows(self.decision, student_id)


class JobItems(Protocol):
    def all(self) -> Iterator[JobItem]:
        """Every item of `job_table`."""
        ...

    def rewrite(self, there: JobItem, less: JobItem) -> bool:
        """Write what differs, if the item is still as it was; False if it is not."""
        ...


@dataclass(slots=True)
class Jobs:
    """See `places.Place`. `held_until` is when the last lock of those at work ends, epoch seconds, after a `find`;
    `looked` is called after each item."""

    items: JobItems
    looked: Callable[[], None] = lambda: None
    held_until: float = 0.0
    name: str = "job table"

    def find(self, subject: Subject) -> list[Trace]:
        """Every item that tells of the student; the clips that show the student become known."""
        found = []
        self.held_until = 0.0
        for item in self.items.all():
            self.held_until = max(self.held_until, item.locked_until or 0.0)
            if item.without(subject.student_id) is not item:
                found.append(Trace("job record", item))
            if item.clip and item.shows(subject.student_id):
                subject.clips.add(Clip(item.clip, item.job_id, item.version_id))
            self.looked()
        return found

    def erase(self, subject: Subject, traces: Sequence[Trace]) -> None:
        """Rewrite them. One that has changed meanwhile is left: the second look finds it, if it still must be."""
        for trace in traces:
            self.items.rewrite(trace.target, trace.target.without(subject.student_id))
