"""Takes a student out of RESULTS_DIR, and out of every result that arrives later.

Knows the directory, no queue. The surprising rule: nobody else loses anything. A roll call that names others as well is
written anew without the student, and keeps its date; what cannot be read and holds the id goes as a whole. Each step
may be repeated: the record, which tells whom a roll call names, is rewritten last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from poller.durable import DurableDirectory
from poller.filing import RECORD_BYTES
from wire.erasure_message import digest_of, holds
from wire.errors import WireError
from wire.result_csv import names_in, neutralise
from wire.result_json import read_result, write_result
from wire.result_message import Result

ERASED = ".erased.jsonl"
ERASED_BYTES = 1 << 20  # ten thousand erasures within the time that they are remembered
REMEMBERED_S = 30 * 24 * 3600
"""Longer than a result can be under way: ten days in its queue, fourteen in the dead letters."""

_DISCARDED = re.compile(r"\.discarded-.+\.message")


@dataclass
class Erased:
    """How many files were written anew, and how many are gone."""

    rewritten: int = 0
    removed: int = 0
    names: set[str] = field(default_factory=set, repr=False)


def erase(directory: DurableDirectory, student_id: str, now: float) -> Erased:
    """Erase the student, and remember to. `now` in seconds since the epoch. Raises `OSError`."""
    _remember(directory, student_id, now)
    done = Erased()
    names = directory.names()
    for name in names:
        if name.endswith(".json") and not name.startswith("."):
            _erase_record(directory, name, student_id, done)
        elif _DISCARDED.fullmatch(name):
            _erase_copy(directory, name, student_id, done)
    _remove_lone_roll_calls(directory, names, done)
    return done


def without_the_erased(directory: DurableDirectory, result: Result, now: float) -> Result:
    """The result without whoever was erased lately: it was made before that, or on its way. Raises `OSError`."""
    digests = {digest for digest, _ in _remembered(directory, now)}
    for student in (result.students + result.uncertain) if digests else ():
        if digest_of(student.student_id) in digests:
            result = result.without(student.student_id)
    return result


def _erase_record(directory: DurableDirectory, name: str, student_id: str, done: Erased) -> None:
    content = directory.read(name, RECORD_BYTES) or b""
    csv = f"{name.removesuffix('.json')}.csv"
    try:
        result = read_result(content)
    except (WireError, ValueError):
        if holds(content, student_id):
            done.removed += directory.remove_if_there(csv) + directory.remove_if_there(name)
        return
    if not result.names(student_id):
        return
    done.names |= {seen.name for seen in result.students if seen.student_id == student_id}
    less = result.without(student_id)
    directory.rewrite(csv, neutralise(less.csv).encode())
    directory.rewrite(name, write_result(less).encode())
    done.rewritten += 2


def _erase_copy(directory: DurableDirectory, name: str, student_id: str, done: Erased) -> None:
    """A discarded dead letter is of no use to anybody: away with it if it names the student."""
    if holds(directory.read(name, RECORD_BYTES) or b"", student_id):
        done.removed += directory.remove_if_there(name)


def _remove_lone_roll_calls(directory: DurableDirectory, names: list[str], done: Erased) -> None:
    """A roll call without its record is half of a pair that never was filed; it names people, but not by id."""
    there = set(names)
    for name in names:
        if name.endswith(".csv") and f"{name.removesuffix('.csv')}.json" not in there and done.names:
            text = (directory.read(name, RECORD_BYTES) or b"").decode(errors="replace")
            if names_in(text) & done.names:
                done.removed += directory.remove_if_there(name)


def _remember(directory: DurableDirectory, student_id: str, now: float) -> None:
    others = [each for each in _remembered(directory, now) if each[0] != digest_of(student_id)]
    kept = [*others, (digest_of(student_id), now + REMEMBERED_S)]
    lines = [json.dumps({"student": digest, "until": until}) + "\n" for digest, until in kept]
    directory.write(ERASED, "".join(lines).encode())


def _remembered(directory: DurableDirectory, now: float) -> Iterator[tuple[str, float]]:
    """Who was erased, by digest, and until when (epoch seconds) that counts; a damaged line is passed over."""
    for line in (directory.read(ERASED, ERASED_BYTES) or b"").splitlines():
        try:
            told = json.loads(line)
            digest, until = str(told["student"]), float(told["until"])
        except (ValueError, TypeError, KeyError):
            continue
        if until > now:
            yield digest, until
