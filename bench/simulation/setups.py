"""The set-ups that are compared, by name.

The surprising rule: where the function's concurrency is raised, so is the poller's, to no more than its share of it.
"""

from __future__ import annotations

from bench.simulation.scenario import Clip, Function, Mapping, Poller, Scenario, shipped
from poller.settings import READ_MARGIN_S

LONGEST_S = shipped("bound_s") - shipped("function_timeout_s") - READ_MARGIN_S  # what POLLER_RECEIVE_S may be
SHIPPED, LONGER, OPENED, FOUR, QUEUE = "1 VM, as shipped", "1 VM, long ticks", "1 VM", "4 VMs", "queue trigger"
SETUPS: dict[str, tuple[Poller, Function, Mapping]] = {
    SHIPPED: (Poller(), Function(), Mapping()),
    LONGER: (Poller(receive_s=LONGEST_S), Function(), Mapping()),
    OPENED: (Poller(receive_s=LONGEST_S, concurrency=100), Function(concurrency=100), Mapping()),
    FOUR: (Poller(vms=4, receive_s=LONGEST_S, concurrency=100), Function(concurrency=400), Mapping()),
    QUEUE: (Poller(vms=4), Function(concurrency=400), Mapping(maximum=400)),
}


def scenario(setup: str, clips: int, seed: int, speed: float = 1.0) -> Scenario:
    """A school day of `clips` with a set-up; `speed` multiplies the function's core seconds."""
    poller, function, mapping = SETUPS[setup]
    plain = Clip()
    clip = Clip(conversion=plain.conversion * speed)
    return Scenario(clips, seed, clip=clip, function=function, poller=poller, mapping=mapping)
