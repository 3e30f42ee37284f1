"""Signs of life: a metric for each tick that ended without trouble. An alarm notices when they stay away.

Knows no boto3: `aws` hands in the call. The surprising rule: a sign that gets lost is not sent again, and is no
trouble; the next tick's comes in a minute.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from poller.errors import AwsError
from poller.logs import log
from poller.ports import Signs
from poller.tally import Tally

NAMESPACE, METRIC = "SmartClassroom", "FinishedTicks"


class MetricSigns:
    """See `ports.Signs`. `call(**parameters)` puts metric data and raises `AwsError`."""

    def __init__(self, call: Callable[..., Any], function_name: str) -> None:
        self._call, self._function_name = call, function_name

    def finished_tick(self) -> None:
        """Send the metric once."""
        about = [{"Name": "FunctionName", "Value": self._function_name}]
        told = {"MetricName": METRIC, "Dimensions": about, "Value": 1.0, "Unit": "Count"}
        self._call(Namespace=NAMESPACE, MetricData=[told])


def show_life(signs: Signs, tally: Tally) -> None:
    """Tell that the tick has ended, unless it met trouble or must end at once."""
    if tally.troubled() or tally.terminated.is_set():
        return
    try:
        signs.finished_tick()
    except AwsError as error:
        log(logging.WARNING, "no_sign_of_life", code=error.code, hint=error.hint)
