"""The school that this console enrols for: its files and its stage, one change at a time.

The surprising rule: whoever comes while another enrols waits for a moment instead of being sent away.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

from console.stage import the_settings, the_stage
from recognition.enrolment.files import OperatorFiles
from recognition.enrolment.school import School
from recognition.errors import EnrolmentError

WAIT_S = 60.0
_one_at_a_time = threading.Lock()


def the_files() -> OperatorFiles:
    """The operator's files that this console adds to."""
    settings = the_settings()
    return OperatorFiles(settings.gallery, settings.students)


@contextmanager
def alone() -> Iterator[None]:
    """Let nobody else at this console change files or models meanwhile. Raises `EnrolmentError` after a minute."""
    if not _one_at_a_time.acquire(timeout=WAIT_S):
        raise EnrolmentError("somebody else is enrolling at this console: try again in a minute")
    try:
        yield
    finally:
        _one_at_a_time.release()


def the_school() -> School:
    """The running console's."""
    stage = the_stage()
    return School(the_files(), stage.students, stage.galleries(), stage.erased, lambda: datetime.now(timezone.utc))
