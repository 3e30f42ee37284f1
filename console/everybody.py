"""Everybody in the student table, as a list that is read anew every few seconds.

Reading the whole table takes a request for every megabyte. The surprising rule: it is for lists only; whatever decides
about one student reads that student's row.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from recognition.roster import Student

FRESH_S = 10.0


@dataclass
class Everybody:
    """What `read` gave last, for `FRESH_S` seconds, or until somebody says that it has changed."""

    read: Callable[[], Iterable[Student]]
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: tuple[float, tuple[Student, ...]] | None = None

    def students(self) -> tuple[Student, ...]:
        """All students, ordered by id."""
        with self._lock:
            if self._kept is None or self.clock() - self._kept[0] > FRESH_S:
                self._kept = self.clock(), tuple(sorted(self.read(), key=lambda student: student.student_id))
            return self._kept[1]

    def changed(self) -> None:
        """The next who asks must see what is there now."""
        with self._lock:
            self._kept = None
