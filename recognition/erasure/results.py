"""The output bucket: roll calls, records and pictures, every version of them.

The surprising rule: what names others as well is written anew without the student; the picture, which cannot be drawn
again without the clip, goes. The record is rewritten last, and its older versions are purged last of all, because they
tell a run that was cut off what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recognition.erasure.places import Bucket, Current, Subject, Trace, Version
from recognition.erasure.traces import Told, record_without, roll_call_names, roll_call_without, told_by
from recognition.erasure.units import FOREIGN, OLDER, PICTURE, RECORD, ROLL_CALL, Affected, Unit
from recognition.errors import RecognitionError
from wire.erasure_message import holds

TRIES = 5


@dataclass(frozen=True, slots=True)
class Results:
    """See `places.Place`. `looked` is called after each object that was read."""

    bucket: Bucket
    looked: Callable[[], None] = lambda: None
    name: str = "output bucket"

    def find(self, subject: Subject) -> list[Trace]:
        """All that belongs to a clip whose results, or whose job, tell of the student."""
        versions = self.bucket.versions()
        asked = {Unit.of(clip): clip.job_id for clip in subject.clips}
        affected, jobs = self._by_records(versions, subject)
        known = affected.keys()
        rest = [each for each in versions if not each.marker and each.key not in known]
        foreign = self._by_themselves(rest, versions, subject, affected)
        affected.ever |= asked.keys()
        affected.shown |= {unit for unit, job_id in asked.items() if jobs.get(unit, job_id) == job_id}
        return [*affected.traces(versions), *foreign]

    def erase(self, subject: Subject, traces: Sequence[Trace]) -> None:
        """Pictures and older versions, roll calls, records, and the records' older versions, in this order."""
        older: list[Version] = [each.target for each in traces if each.what in (OLDER, PICTURE)]
        self.bucket.purge([each for each in older if not each.key.endswith(".json")])
        for what in (ROLL_CALL, RECORD):
            for unit in [each.target for each in traces if each.what == what]:
                self._rewrite(unit, what, subject)
        self.bucket.purge([each for each in older if each.key.endswith(".json")])

    def _by_records(self, versions: Sequence[Version], subject: Subject) -> tuple[Affected, dict[Unit, str]]:
        """What the records tell, and the job whose results each unit holds now."""
        affected = Affected()
        jobs: dict[Unit, str] = {}
        for version, body in self.bucket.bodies(_data(versions, ".json")):
            told = told_by(body, subject.student_id)
            unit = _unit(version.key, told)
            if told.concerns:
                affected.add(unit, current=version.current)
                subject.names |= told.names
            if told.concerns and told.clip:
                subject.clips.add(told.clip)
            if version.current and told.clip:
                jobs[unit] = told.clip.job_id
            self.looked()
        return affected, jobs

    def _by_themselves(
        self, rest: Sequence[Version], versions: Sequence[Version], subject: Subject, affected: Affected
    ) -> list[Trace]:
        """Roll calls that name the student though no record does; foreign objects, which are not ours to rewrite."""
        foreign = []
        names = frozenset(subject.names)
        for version, body in self.bucket.bodies([each for each in rest if not each.key.endswith((".jpg", ".json"))]):
            if version.key.endswith(".csv"):
                if roll_call_names(body, names) and not self._namesake(Unit.at(version.key), versions, names):
                    affected.add(Unit.at(version.key), current=version.current)
            elif holds(body, subject.student_id):
                foreign.append(Trace(FOREIGN, version))
            self.looked()
        return foreign

    def _namesake(self, unit: Unit, versions: Sequence[Version], names: frozenset[str]) -> bool:
        """Whether the clip's records tell of somebody else with one of these names."""
        records = [each for each in _data(versions, ".json") if each.key == unit.json]
        results = (told_by(body, "").result for _, body in self.bucket.bodies(records))
        return any(names & {student.name for student in result.students} for result in results if result)

    def _rewrite(self, unit: Unit, what: str, subject: Subject) -> None:
        """Write a current object without the student. Whoever replaces it meanwhile has the say: look again."""
        for _ in range(TRIES):
            record = self.bucket.current(unit.json)
            there = record if what == RECORD else self.bucket.current(unit.csv)
            if there is None:
                return
            less = _less(what, there, record, subject)
            if less == there.body or self.bucket.replace(unit.json if what == RECORD else unit.csv, there, less):
                return
        raise RecognitionError("a result is being written again and again while it is to be erased; run this again")


def _less(what: str, there: Current, record: Current | None, subject: Subject) -> bytes:
    """What is there without the student. A record that cannot be read, and holds the id, says nothing any more."""
    result = told_by(record.body, subject.student_id).result if record else None
    if what == RECORD:
        return record_without(there.body, result, subject.student_id) if result else b"{}"
    if result and result.names(subject.student_id):
        return result.without(subject.student_id).csv.encode()
    return roll_call_without(there.body.decode(errors="replace"), frozenset(subject.names)).encode()


def _unit(key: str, told: Told) -> Unit:
    """The unit of the clip that a record tells of, if it lies where that clip's belongs."""
    by_clip = Unit.of(told.clip) if told.clip else None
    return by_clip if by_clip and by_clip.json == key else Unit.at(key)


def _data(versions: Sequence[Version], suffix: str) -> list[Version]:
    return [each for each in versions if not each.marker and each.key.endswith(suffix)]
