"""What POLLER_CONCURRENCY above the function's own concurrency costs: a pile of clips, one VM, many seeds.

The surprising rule: the same clips are worked on at every setting, so that differences are the setting's.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean

from bench.simulation.day import simulate
from bench.simulation.scenario import Clip, Function, Poller, Scenario

PILE = 100
CHECKED = {2: (1, 2, 3, 4, 8, 16, 32), 10: (4, 8, 10, 12, 16, 32, 100)}  # the function's concurrency: the poller's
LOCAL = Clip(exact_s=2.4)  # what 100 clips in 124 s at 2 a time come to
DEPLOYED = Clip()


@dataclass(frozen=True, slots=True)
class Slots:
    """Means over the seeds: seconds until the last file, tries that were throttled, receives a message."""

    function: int
    poller: int
    seconds: float
    throttled: float
    receives: float


def piles(seeds: int) -> list[Slots]:
    """Every setting of `CHECKED`."""
    return [_pile(function, poller, seeds) for function, settings in CHECKED.items() for poller in settings]


def _pile(function: int, poller: int, seeds: int) -> Slots:
    days = [
        simulate(
            Scenario(
                PILE,
                seed,
                clip=LOCAL if function == 2 else DEPLOYED,
                function=Function(concurrency=function, start_s=0.0),
                poller=Poller(concurrency=poller),
                all_at_once=True,
            )
        )
        for seed in range(seeds)
    ]
    return Slots(
        function,
        poller,
        mean(day.ended_s for day in days),
        mean(day.used.throttled for day in days),
        mean(day.receives / PILE for day in days),
    )
