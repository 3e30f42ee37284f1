"""What of a bucket's versions belongs together: roll call, record and picture of one clip.

Pure. The surprising rule: markers and older versions go whichever clip version they are of; nobody looks at them any
more, and they expire by themselves anyway. Of what is current only that goes which tells of the student.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from recognition.erasure.places import Clip, Trace, Version
from recognition.output_keys import output_key_of

ROLL_CALL, RECORD, PICTURE, OLDER, FOREIGN = "roll call", "record", "picture", "older version", "foreign object"


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """The keys of one clip's results."""

    csv: str
    json: str
    jpg: str

    @classmethod
    def of(cls, clip: Clip) -> Unit:
        """The unit of a clip."""
        return cls(*(output_key_of(clip.key, clip.job_id, suffix) for suffix in (".csv", ".json", ".jpg")))

    @classmethod
    def at(cls, key: str) -> Unit:
        """The unit that the object under `key` belongs to by its name."""
        stem, _, _ = key.rpartition(".")
        return cls(f"{stem}.csv", f"{stem}.json", f"{stem}.jpg")


@dataclass(slots=True)
class Affected:
    """The units that tell of the student: in some version, in the current one, in the current picture."""

    ever: set[Unit] = field(default_factory=set)
    now: set[Unit] = field(default_factory=set)
    shown: set[Unit] = field(default_factory=set)

    def add(self, unit: Unit, *, current: bool) -> None:
        """Note a unit; `current`: what tells of the student is its current version."""
        self.ever.add(unit)
        if current:
            self.now.add(unit)
            self.shown.add(unit)

    def keys(self) -> set[str]:
        """All keys that belong to them."""
        return {key for unit in self.ever for key in (unit.csv, unit.json, unit.jpg)}

    def traces(self, versions: Sequence[Version]) -> Iterator[Trace]:
        """What is to be erased of them among `versions`."""
        by_key: defaultdict[str, list[Version]] = defaultdict(list)
        for version in versions:
            by_key[version.key].append(version)
        for unit in sorted(self.ever):
            for what, key in ((PICTURE, unit.jpg), (ROLL_CALL, unit.csv), (RECORD, unit.json)):
                for version in by_key[key]:
                    if not version.current or version.marker:
                        yield Trace(OLDER, version)
                    elif what == PICTURE and unit in self.shown:
                        yield Trace(PICTURE, version)
                    elif what != PICTURE and unit in self.now:
                        yield Trace(what, unit)
