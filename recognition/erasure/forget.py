"""Forgetting one student on a stage: close the gate, look everywhere, erase, ask the VM, look again, and say so.

Knows places, not what is in them. The surprising rule: the student's row goes last. It tells a run that takes over from
one that was cut off which name to look for; its consent goes first, so that from then on nobody is named by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from recognition.erasure.clips import Clips
from recognition.erasure.erased import Erased, ErasedStudents
from recognition.erasure.everywhere import erase, find, put_back
from recognition.erasure.jobs import Jobs
from recognition.erasure.messages import Messages
from recognition.erasure.places import Place, Subject
from recognition.erasure.receipt import MACHINE, Entry, Receipt, counted, iso, of_all_runs
from recognition.erasure.results import Results
from recognition.erasure.templates import Templates, publish_without
from recognition.errors import NobodyKnown
from recognition.ports import Outbox
from recognition.roster import Student
from wire.erasure_message import Erasure, write_erasure

ROW = Entry("student table", "row with consent", 1)


class Rows(Protocol):
    """The rows of `student_table`."""

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        """Those there are."""
        ...

    def withdraw_consent(self, student_id: str) -> bool:
        """Take the consent out of a row; False if there is no row."""
        ...

    def remove(self, student_id: str) -> None:
        """Delete a row, whether there is one or not."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """Everywhere that traces may be. `clock` gives seconds since the epoch."""

    rows: Rows
    erased: ErasedStudents
    templates: Templates
    jobs: Jobs
    results: Results
    clips: Clips
    queues: Sequence[Messages]
    outbox: Outbox
    clock: Callable[[], float]

    @property
    def places(self) -> list[Place]:
        """What is looked through, jobs before results: they tell which pictures show the student. Clips come after."""
        return [self.templates, self.jobs, self.results, *self.queues]


def look(student_id: str, stage: Stage) -> tuple[Receipt, Subject]:
    """What `forget` would erase: the receipt of a dry run, and the clips that show the student."""
    began = stage.clock()
    subject, row = _subject(student_id, stage)
    found = find(subject, stage.places)
    put_back(found)
    entries = [entry for place, traces in found for entry in counted(place.name, traces)]
    clips = stage.clips.find(subject)
    return (
        Receipt(student_id, iso(began), iso(stage.clock()), True, (*row, *entries), clips_left=len(clips)),
        subject,
    )


def forget(student_id: str, stage: Stage, *, clips: bool = False, anybody: bool = True) -> Receipt:
    """Erase the student; `clips`: the raw clips that show the student as well. A second run finishes the first.

    Whoever is unknown is noted as erased, too, and cannot be enrolled for a while; not so if `anybody` is False: then
    it raises `NobodyKnown`, with nothing changed.
    """
    began = stage.clock()
    noted = stage.erased.of(student_id)
    if not (anybody or noted or _is_known(student_id, stage)):
        raise NobodyKnown(student_id)
    earlier = noted or Erased(began)
    stage.erased.note(student_id, earlier)
    subject, _ = _subject(student_id, stage)
    there = stage.rows.withdraw_consent(student_id)  # a row that cannot be read is one, too
    closed = publish_without([student_id], stage.templates.galleries)
    found = find(subject, stage.places)
    settled_at = earlier.settled_at or max(began, stage.jobs.held_until)
    shown = stage.clips.find(subject)
    wanted = [(stage.clips, shown), *found] if clips else found
    counts = Counter((place.name, trace.what) for place, traces in wanted for trace in traces)
    erasing = replace(earlier, settled_at=settled_at).with_found(counts)
    stage.erased.note(student_id, erasing)
    entries = of_all_runs(erase(wanted, subject, stage.clock), erasing.counts, iso(earlier.at))
    stage.erased.note(student_id, replace(erasing, under_way=False))
    if closed:
        entries.append(Entry(stage.templates.name, "published gallery", 1, iso(began)))
    stage.outbox.send(write_erasure(Erasure(student_id, iso(began))))
    entries.append(Entry(MACHINE, "asked to erase", 1, iso(stage.clock())))
    again = Subject(student_id, set(subject.names))
    remains = [entry for place, traces in find(again, stage.places) for entry in counted(place.name, traces)]
    settling = settled_at > stage.clock()
    if there and not remains and not settling:
        stage.rows.remove(student_id)
        entries.append(replace(ROW, at=iso(stage.clock())))
    return Receipt(
        student_id=student_id,
        began=iso(began),
        ended=iso(stage.clock()),
        dry_run=False,
        entries=tuple(entries),
        remains=tuple(remains),
        again_after=iso(settled_at) if settling else "",
        clips_left=0 if clips else len(shown),
        since=iso(earlier.at) if noted else "",
    )


def is_noted(student_id: str, stage: Stage) -> bool:
    """Whether the student is being, or has been, erased."""
    return stage.erased.of(student_id) is not None


def _is_known(student_id: str, stage: Stage) -> bool:
    """Whether there is a row, or else anything anywhere. A row loses its consent here: it would be the next step."""
    if stage.rows.withdraw_consent(student_id):
        return True
    found = find(Subject(student_id), stage.places)
    put_back(found)
    return any(traces for _, traces in found)


def _subject(student_id: str, stage: Stage) -> tuple[Subject, tuple[Entry, ...]]:
    """Who it is, and the row as the receipt has it."""
    there = stage.rows.students([student_id]).get(student_id)
    row = (ROW,) if there else ()
    return Subject(student_id, {there.name} if there else set()), row
