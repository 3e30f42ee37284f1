"""All places at once: looked through, let go, and erased from.

Knows places, not what is in them. The surprising rule: job records are erased last, because they tell a second run
which pictures show the student.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from recognition.erasure.jobs import Jobs
from recognition.erasure.messages import Messages
from recognition.erasure.places import Place, Subject, Trace
from recognition.erasure.receipt import Entry, counted, iso

Found: TypeAlias = list[tuple[Place, list[Trace]]]
"""What traces there are, place by place."""


def find(subject: Subject, places: Sequence[Place]) -> Found:
    """Look through the places in their order, adding what is learnt to the subject."""
    return [(place, place.find(subject)) for place in places]


def put_back(found: Found) -> None:
    """Let others see the messages that were looked at."""
    for place, traces in found:
        if isinstance(place, Messages):
            place.queue.put_back([each.target for each in traces])


def erase(found: Found, subject: Subject, clock: Callable[[], float]) -> list[Entry]:
    """Erase what was found, jobs last. What the receipt says of it; `clock` gives seconds since the epoch."""
    entries: list[Entry] = []
    for place, traces in sorted(found, key=lambda each: isinstance(each[0], Jobs)):
        place.erase(subject, traces)
        entries += counted(place.name, traces, iso(clock()))
    return entries
