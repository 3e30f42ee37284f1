"""Photographs and whose they are said to be, to what is wrong with each. Pure.

The surprising rule: who is compared with whom is decided last. A photograph without exactly one face, or one given
twice, tells nothing about anybody and must not spoil what the others are compared with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from recognition.enrolment.faults import NEVER_ENROLLED, Fault
from recognition.enrolment.resemblance import strange
from recognition.enrolment.taken import Judged, Known, Taken
from recognition.faces import unit
from recognition.photograph import Seen

SAME_PICTURE = 40
"""Bits in which the fingerprints of one picture may differ, of 256. Measured on LFW: a picture stored again, smaller or
brighter differs in 25 at most, cropped by 2 % in 25 as a rule; two pictures of one person in 57 or more."""

SMALLEST_PX = 50
"""The least height of a face. Reduced to 50 pixels a face keeps 0.996 of its likeness to itself (LFW), to 40 0.990."""

SAME_FACE = 0.9995
"""The cosine from which on a photograph is one that is enrolled already: a gallery keeps no fingerprints."""

Found: TypeAlias = Iterator[tuple[int, Fault]]
"""Faults with the number of the photograph that they belong to."""


def judge(taken: Sequence[Taken], known: Known | None = None, accepted: frozenset[Path] = frozenset()) -> list[Judged]:
    """What is wrong with each photograph, in the order given; `accepted` are those whose doubts a person overruled."""
    known = known or Known()
    faults = [list(_of_the_picture(each.seen)) for each in taken]
    for found in (_in_two_folders(taken), _duplicates(taken, known)):
        _add(found, faults)
    usable = [row for row, own in enumerate(faults) if not any(fault.kind in NEVER_ENROLLED for fault in own)]
    _add(strange(taken, usable, known), faults)
    return [Judged(each, tuple(own), each.photograph in accepted) for each, own in zip(taken, faults, strict=True)]


def _add(found: Iterable[tuple[int, Fault]], faults: Sequence[list[Fault]]) -> None:
    for row, fault in found:
        faults[row].append(fault)


def _of_the_picture(seen: Seen) -> Iterator[Fault]:
    if seen.unreadable:
        yield Fault("unreadable", seen.unreadable)
    elif not seen.boxes:
        yield Fault("no face", "no face was found")
    elif seen.quality is None:
        yield Fault("several faces", f"{len(seen.boxes)} faces were found; exactly one is needed")
    else:
        if seen.quality.size_px < SMALLEST_PX:
            yield Fault("too small", f"the face is too small ({seen.quality.size_px} of {SMALLEST_PX} pixels)")
        for word in seen.quality.faults():
            if word != "too small":
                yield Fault(word, f"the face is {word}")


def _in_two_folders(taken: Sequence[Taken]) -> Found:
    folders: dict[str, dict[str, None]] = defaultdict(dict)
    for each in taken:
        if not each.seen.unreadable:
            folders[each.digest][each.student_id] = None
    for row, each in enumerate(taken):
        if others := [other for other in folders[each.digest] if other != each.student_id]:
            yield row, Fault("in two folders", f"the very same photograph is given for {', '.join(others)} too")


def _duplicates(taken: Sequence[Taken], known: Known) -> Found:
    before, earlier = known.embeddings, defaultdict[str, list[Taken]](list)
    for row, each in enumerate(taken):
        if each.seen.embedding is None:
            continue
        if same := next((other for other in earlier[each.student_id] if _is_same_picture(each, other)), None):
            yield row, Fault("duplicate", f"the same picture as {same.photograph.name}")
        elif any(unit(face) @ unit(each.seen.embedding) >= SAME_FACE for face in before.get(each.student_id, ())):
            yield row, Fault("duplicate", "enrolled already")
        earlier[each.student_id].append(each)


def _is_same_picture(one: Taken, other: Taken) -> bool:
    differing = bin(one.seen.fingerprint ^ other.seen.fingerprint).count("1")
    return one.digest == other.digest or differing <= SAME_PICTURE
