"""The figures of a clip as lines of CloudWatch's embedded metric format on stdout, made by Powertools.

A line holds one value of a dimension, so each outcome and each step has a line of its own. The surprising rule: with
the JSON log format Lambda filters these lines as well; one without a level and a time counts as INFO, and a stage that
logs from WARN on would have no metrics. So each line carries the very level from which on the stage logs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from recognition.metrics import Measured

NAMESPACE = "SmartClassroom"  # the poller's sign of life is there as well, with the same FunctionName
UNITS = {
    "ColdStart": MetricUnit.Count,
    "Faces": MetricUnit.Count,
    "Similarity": MetricUnit.NoUnit,
    "Outcome": MetricUnit.Count,
    "StepDuration": MetricUnit.Milliseconds,
}


class EmfMetrics:
    """See `metrics.Metrics`. The first clip that a process counts is its cold start.

    `function_name` tells the stages apart; `log_level` is the stage's (one of Lambda's); `clock` gives seconds since
    the epoch.
    """

    def __init__(self, function_name: str, log_level: str, clock: Callable[[], float] = time.time) -> None:
        self._function_name, self._log_level, self._clock = function_name, log_level, clock
        self._cold = True

    def count(self, clip: Measured) -> None:
        """Print the clip's lines."""
        cold, self._cold = self._cold, False
        self._print({"ColdStart": [int(cold)], "Faces": [clip.faces], "Similarity": clip.similarities})
        self._print({"Outcome": [1]}, outcome=clip.outcome)
        for step, milliseconds in clip.step_ms.items():
            self._print({"StepDuration": [milliseconds]}, step=step)

    def _print(self, metrics: Mapping[str, Sequence[float]], **dimensions: str) -> None:
        """One line; where a metric has a hundred values or more, Powertools prints one for each hundred by itself."""
        line = self._line({"FunctionName": self._function_name, **dimensions})
        for name, values in metrics.items():
            for value in values:
                line.add_metric(name, UNITS[name], value)
        if line.metric_set:
            line.flush_metrics()

    def _line(self, dimensions: Mapping[str, str]) -> EphemeralMetrics:
        line = EphemeralMetrics(namespace=NAMESPACE)
        now = datetime.fromtimestamp(self._clock(), timezone.utc)
        line.set_timestamp(now)
        for name, value in dimensions.items():
            line.add_dimension(name, value)
        line.add_metadata("level", self._log_level)
        line.add_metadata("timestamp", now.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        return line
