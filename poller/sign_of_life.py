"""The sign of life: a metric that each finished tick sends, so that an alarm can tell when ticks stop finishing.

Knows no boto3: `aws` hands in the call. The surprising rule: nothing about it is ever trouble. A sign that cannot be
sent is a warning in the log, costs two seconds at most, and is not sent again: the alarm waits for twenty minutes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from poller.errors import AwsError
from poller.logs import log
from poller.ports import Clock, SignOfLife
from poller.requests import spawn

NAMESPACE = "SmartClassroom"
METRIC = "FinishedTicks"
WAIT_S = 2.0  # with course.LEAVE_S before it, still within stopping.MARGIN_S


@dataclass(frozen=True, slots=True)
class CloudWatchSign:
    """See `ports.SignOfLife`. `call` makes one request; AWS's clock dates the sign, since ours may be off."""

    call: Callable[..., object]
    function_name: str

    def send(self) -> None:
        """Count one finished tick of whoever invokes this function."""
        name = self.function_name.rpartition("function:")[2].split(":")[0]  # an ARN's, without an alias
        dimensions = [{"Name": "FunctionName", "Value": name}]
        sign = {"MetricName": METRIC, "Dimensions": dimensions, "Value": 1.0, "Unit": "Count"}
        self.call("put_metric_data", Namespace=NAMESPACE, MetricData=[sign])


def give(sign: SignOfLife, clock: Clock) -> None:
    """Send the sign, but wait no longer than two seconds for that. Never raises."""
    done = threading.Event()

    def send() -> None:
        try:
            sign.send()
        except AwsError as error:
            log(logging.WARNING, "sign_of_life_failed", code=error.code, operation=error.operation, hint=error.hint)
        except Exception as error:
            log(logging.WARNING, "sign_of_life_failed", error=type(error).__name__)
        done.set()

    try:
        spawn(send)
    except RuntimeError:
        log(logging.WARNING, "sign_of_life_failed", hint="check ulimit -u and this machine's memory")
        return
    if not clock.wait(done, WAIT_S):
        log(logging.WARNING, "sign_of_life_failed", hint="no answer in time: check the network")
