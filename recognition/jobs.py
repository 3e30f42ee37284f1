"""Who works on an object version, and what came of it. The values; `aws.jobs` keeps them in `job_table`.

A lock is never deleted: it expires at the invocation's deadline, so that a crash frees the version by itself. Work that
ended in an error we saw lets its own lock expire at once, so that the next delivery need not wait for the deadline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from recognition.sections import Session
from wire.result_message import Outcome
from wire.s3_event import Upload


@dataclass(frozen=True, slots=True)
class Begun:
    """The lock is ours. `kept_result`: what an earlier try had ready when it broke off before it was finished."""

    kept_result: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The version was worked on before; its result was stored and sent."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Held:
    """Another invocation works on it; its lock expires at `until`, seconds since the epoch."""

    until: float


@dataclass(frozen=True, slots=True)
class Entry:
    """What stays when a version is finished: its session, when it was worked on (seconds since the epoch), and the
    decision as `decision.write_decision` has it; empty where nothing was looked at. `took_ms`: all of the work, in
    milliseconds; `usd` what it cost, None off the cloud; `reason` the result's, in the function's own words."""

    session: Session
    at: float
    decision: str = ""
    took_ms: float | None = None
    usd: float | None = None
    reason: str = ""


State: TypeAlias = Begun | Finished | Held


class Jobs(Protocol):
    """The register of work, one entry an object version."""

    def begin(self, upload: Upload, now: float, deadline: float) -> State:
        """Lock the version until `deadline`, unless it is finished or another lock is still valid at `now`."""
        ...

    def release(self, upload: Upload, deadline: float, now: float) -> None:
        """Let the lock that ends at `deadline` end `now`, if it is still there and the version is not finished."""
        ...

    def keep(self, upload: Upload, result: str, entry: Entry) -> None:
        """Keep the entry, and until it is finished the result (its message's text): who begins again sends that."""
        ...

    def finish(self, upload: Upload, outcome: Outcome, now: float) -> None:
        """Store the outcome and forget the result's text. Whoever begins again gets `Finished`."""
        ...
