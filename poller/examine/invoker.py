"""Who invokes the function: the poller, the request queue by an event source mapping, nobody, or both.

Knows the examined AWS, no client. The surprising rule: we may not ask AWS for mappings (a right that cannot be had for
less than the whole account), so the queue tells of them. AWS allows a mapping only on a queue that hides messages for
as long as the function may run, and asks for six times that; a poller says with each receive for how long.
"""

from __future__ import annotations

from poller.errors import AwsError
from poller.examine.cloud import Instruments
from poller.examine.finding import Finding, State
from poller.ports import MeasuredQueue
from poller.replies import HINT_RIGHTS

MAPPING_TIMEOUTS = 6
TOLD = "POLLER_TRIGGER must be the stage's: python scripts/stack_env.py prints it"


def function(name: str, instruments: Instruments, told: str) -> Finding:
    """Whether it is there, and ours to invoke if the trigger we were `told` is the poller; it is not invoked."""
    try:
        instruments.dry_run(name)
    except AwsError as error:
        refused = error.hint == HINT_RIGHTS
        if refused and told == "queue":
            return Finding("function", State.OK, "not ours to invoke: the queue does")
        advice = f"the role must be the stage's poller role, FUNCTION_NAME the stage's function, {TOLD}"
        found = f"cannot be invoked: {error.code}"
        return Finding("function", State.ERROR, found, advice if refused else error.hint or "check FUNCTION_NAME")
    if told == "queue":
        found = "there, and we may invoke it, though the queue is to do that"
        return Finding("function", State.WARNING, found, f"use the stage's poller role; {TOLD}")
    return Finding("function", State.OK, "there, and we may invoke it (it was not)")


def trigger(told: str, requests: MeasuredQueue, function_timeout_s: int, lease_s: int) -> Finding:
    """Whether the request queue looks like the trigger we were `told`: else nobody invokes the function, or two do."""
    try:
        hides_s = requests.hides_s()
    except AwsError:
        return Finding("trigger", State.SKIPPED, f"{told}; needs the request queue")
    found = f"{told}; the request queue hides messages for {hides_s} s"
    if told == "queue" and hides_s < function_timeout_s:
        return Finding("trigger", State.ERROR, f"{found}, too short for a mapping: nobody invokes the function", TOLD)
    if told == "poller" and hides_s > lease_s and hides_s >= MAPPING_TIMEOUTS * function_timeout_s:
        return Finding("trigger", State.WARNING, f"{found}, as for a mapping: that invokes the function as well", TOLD)
    return Finding("trigger", State.OK, found)
