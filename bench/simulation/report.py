"""The tables of docs/scale.md, as Markdown rows: the program prints them, the page quotes them, a test compares.

Pure. The surprising rule: a duration has two digits at most, for the assumptions carry no more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.simulation.costs import of_clips
from bench.simulation.day import Day
from bench.simulation.limits import Limit
from bench.simulation.loopback import Compared
from bench.simulation.slots import Slots

DAYS = ("clips a day", "set-up", "p50", "p95", "p99", "most at once", "longest queue", "$ per 1,000", "of it Lambda")
SPEEDS = ("clips a day", "set-up", "a clip, s", "p50", "p95", "most at once", "$ per 1,000")
LIMITS = ("limit", "bites at clips/s", "clips a day", "what to change")
SLOTS = ("function", "POLLER_CONCURRENCY", "s for 100 clips", "against equal", "throttled tries")
COMPARED = ("function", "POLLER_CONCURRENCY", "", "all filed, s", "p50, s", "p95, s", "throttled tries")


def table(head: Sequence[str], rows: Sequence[str]) -> str:
    """A Markdown table."""
    return "\n".join((_row(head), _row(["---"] * len(head)), *rows))


def day_row(setup: str, day: Day) -> str:
    """What a day came to."""
    cost = of_clips(day)
    return _row(
        [
            f"{day.scenario.clips:,}",
            setup,
            *(duration(day.percentile(percent)) for percent in (50, 95, 99)),
            f"{day.used.most_running:,}",
            f"{day.most_visible:,}",
            f"{sum(cost.values()):.2f}",
            f"{cost['lambda']:.2f}",
        ]
    )


def speed_row(setup: str, day: Day) -> str:
    """The same for a faster or slower function."""
    return _row(
        [
            f"{day.scenario.clips:,}",
            setup,
            f"{day.scenario.clip.mean_s:.1f}",
            *(duration(day.percentile(percent)) for percent in (50, 95)),
            f"{day.used.most_running:,}",
            f"{sum(of_clips(day).values()):.2f}",
        ]
    )


def limit_row(limit: Limit) -> str:
    """A limit; a dash where none bites."""
    rate = "–" if limit.clips_a_second is None else f"{limit.clips_a_second:.1f}"
    a_day = "–" if limit.clips_a_day is None else f"{limit.clips_a_day:,}"
    return _row([limit.name, rate, a_day, limit.change])


def slots_row(found: Slots, all_found: Sequence[Slots]) -> str:
    """A setting, against the one equal to the function's concurrency."""
    equal = next(each for each in all_found if each.function == found.function == each.poller)
    return _row(
        [
            str(found.function),
            str(found.poller),
            f"{found.seconds:.0f}",
            f"{100 * (found.seconds / equal.seconds - 1):+.0f} %",
            f"{found.throttled:.0f}",
        ]
    )


def compared_rows(found: Compared) -> list[str]:
    """The measured run, and the simulation's median with its 5th and 95th percentile."""
    head = [str(found.function), str(found.poller)]
    seen = found.measured
    values = [f"{seen.makespan_s:.1f}", f"{seen.p50_s:.1f}", f"{seen.p95_s:.1f}", str(seen.throttled)]
    drawn = [
        [getattr(each, name) for each in found.simulated] for name in ("makespan_s", "p50_s", "p95_s", "throttled")
    ]
    spread = ["{1:.1f} ({0:.1f} to {2:.1f})".format(*np.percentile(each, [5, 50, 95])) for each in drawn]
    return [_row([*head, "measured", *values]), _row([*head, "simulated", *spread])]


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever is readable."""
    if seconds < 99.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5970 else f"{seconds / 3600:.0f} h"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
