"""What became of every uploaded version: the balance sheet of a soak. Pure: files and messages are handed in.

The surprising rule: `lost` is not what no machine has, but what is nowhere, neither in a file nor in a dead-letter
queue.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from poller.naming import content_digest
from wire.errors import WireError
from wire.result_json import read_result
from wire.result_message import Result
from wire.s3_event import Upload, read_notification


@dataclass(frozen=True, slots=True)
class Balance:
    """`results` by outcome; `both`: in a file and in a dead-letter queue; `copies`: the same file on two machines.

    Sound when nothing is lost, unknown, differing, doubled or both, and no unreadable message is missing.
    """

    uploaded: int
    results: Mapping[str, int]
    dead: int
    both: int
    lost: tuple[str, ...]
    unknown: int
    doubled: int
    differing: int
    copies: int
    unreadable: int
    unreadable_dead: int

    @property
    def is_sound(self) -> bool:
        """Whether every promise was kept."""
        broken = self.lost or self.unknown or self.doubled or self.differing or self.both
        return not broken and self.unreadable_dead >= self.unreadable

    def as_json(self) -> dict[str, object]:
        """For the record of a run."""
        return {**asdict(self), "lost": len(self.lost), "sound": self.is_sound}


def balance(
    versions: Mapping[str, str], machines: Sequence[Iterable[Result]], dead_bodies: Iterable[str], unreadable: int
) -> Balance:
    """The balance of `versions` (job id to key), the machines' files and what lies in the dead-letter queue."""
    found: dict[str, list[tuple[int, Result]]] = defaultdict(list)
    for machine, files in enumerate(machines):
        for result in files:
            found[result.upload.job_id].append((machine, result))
    dead, unreadable_dead = _dead(dead_bodies)
    known = {job: results for job, results in found.items() if job in versions}
    return Balance(
        uploaded=len(versions),
        results=dict(Counter(results[0][1].outcome for results in known.values())),
        dead=len(dead & versions.keys()),
        both=len(dead & known.keys()),
        lost=tuple(sorted(key for job, key in versions.items() if job not in found and job not in dead)),
        unknown=len(found) - len(known),
        doubled=sum(len(results) > len({machine for machine, _ in results}) for results in known.values()),
        differing=sum(len({content_digest(result) for _, result in results}) > 1 for results in known.values()),
        copies=sum(len({machine for machine, _ in results}) > 1 for results in known.values()),
        unreadable=unreadable,
        unreadable_dead=unreadable_dead,
    )


def _dead(bodies: Iterable[str]) -> tuple[set[str], int]:
    """The job ids in a dead-letter queue's messages, and how many of these nobody can read."""
    jobs: set[str] = set()
    unreadable = 0
    for body in bodies:
        uploads = _uploads(body)
        jobs |= {upload.job_id for upload in uploads}
        unreadable += not uploads
    return jobs, unreadable


def _uploads(body: str) -> tuple[Upload, ...]:
    """Whose work a dead letter is: a request's or a result's."""
    with contextlib.suppress(WireError):
        return (read_result(body).upload,)
    with contextlib.suppress(WireError):
        return tuple(read_notification(body).uploads)
    return ()
