"""What one clip adds to the metrics, and the port that takes it. Pure; `aws.metrics` has the adapter.

Numbers and an outcome, nothing else: keys, buckets, ids and names have no field, so that they cannot slip in. The
surprising rule: only `STEPS` are told of, whatever else was timed, because each is one more metric to pay for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from recognition.identify import Finding
from wire.result_message import Outcome, Result

STEPS = ("decode", "detect", "embed", "store", "total")
"""Opening the clip, ranged reads and decoding; finding faces; embedding them; writing the results; and everything."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one clip was worth: how many faces, how similar each was to its nearest student (-1 to 1), milliseconds."""

    outcome: Outcome
    faces: int
    similarities: tuple[float, ...]
    step_ms: Mapping[str, float]


class Metrics(Protocol):
    """Where the figures of a clip go."""

    def count(self, clip: Measured) -> None:
        """Take the figures of one clip. May raise: whoever calls it has finished the clip already."""
        ...


class NoMetrics:
    """Off Lambda, where nobody collects them."""

    def count(self, clip: Measured) -> None:
        """Forget them."""


def measured(result: Result, finding: Finding | None, timing_ms: Mapping[str, float]) -> Measured:
    """The figures of a finished clip. Without its `finding` nothing is known of how similar its faces were."""
    verdicts = finding.verdicts if finding else ()
    return Measured(
        outcome=result.outcome,
        faces=len(result.students) + result.unknown_faces,
        similarities=tuple(round(float(each.match.similarity), 4) for each in verdicts if each.match),
        step_ms={step: timing_ms[step] for step in STEPS if step in timing_ms},
    )
