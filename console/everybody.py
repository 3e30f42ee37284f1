"""Lists that are read anew once a minute: everybody in the student table, the sections that have clips.

Reading the whole table takes a request for every megabyte. The surprising rule: what is kept is for lists only;
whatever decides about one student reads that student's row.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from recognition.roster import Student

T = TypeVar("T")
FRESH_S = 60.0


@dataclass
class Lately(Generic[T]):
    """What `read` gave last, for `FRESH_S` seconds, or until somebody says that it has changed."""

    read: Callable[[], T]
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: tuple[float, T] | None = None

    def get(self) -> T:
        """What there is, or was a moment ago."""
        with self._lock:
            if self._kept is None or self.clock() - self._kept[0] > FRESH_S:
                self._kept = self.clock(), self.read()
            return self._kept[1]

    def changed(self) -> None:
        """The next who asks must see what is there now."""
        with self._lock:
            self._kept = None


def everybody_in(
    read: Callable[[], Iterable[Student]], clock: Callable[[], float] = time.monotonic
) -> Lately[tuple[Student, ...]]:
    """All students that `read` gives, ordered by id."""
    return Lately(lambda: tuple(sorted(read(), key=lambda student: student.student_id)), clock)


class Rows(Protocol):
    """The student table."""

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]: ...

    def everybody(self) -> Iterable[Student]: ...


@dataclass(frozen=True)
class ListedRegister:
    """`recognition.standing.Register` without a scan: who may be on a roster is listed, the rows are read anew."""

    rows: Rows
    listed: Lately[tuple[Student, ...]]

    def everybody(self) -> Iterable[Student]:
        """All rows, as they are now."""
        return self.rows.everybody()

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        """The rows there are among `student_ids`, as they are now."""
        return self.rows.students(student_ids)

    def of_section(self, section: str) -> list[Student]:
        """Whoever is on the section's roster; whoever has joined it elsewhere within the last minute may be missing."""
        listed = [each.student_id for each in self.listed.get() if section in each.sections]
        rows = self.rows.students(listed) if listed else {}
        return [rows[each] for each in listed if each in rows and section in rows[each].sections]
