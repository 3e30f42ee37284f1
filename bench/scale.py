"""How long clips take and what they cost at any number a day, in simulated time; where each limit bites.

Nothing is uploaded and nobody is paid: bench/simulation follows the poller's code, and docs/scale.md says what is
assumed. The surprising rule: the tables are printed as Markdown, because docs/scale.md quotes them as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

import click

from bench.command import folder_option, json_option, write_figures
from bench.simulation import report
from bench.simulation.costs import of_alarms, of_clips
from bench.simulation.day import Day, simulate
from bench.simulation.limits import limits
from bench.simulation.loopback import compared
from bench.simulation.pictures import save_latency, save_limits
from bench.simulation.scenario import Scenario
from bench.simulation.setups import FOUR, LONGER, OPENED, QUEUE, SETUPS, SHIPPED, scenario
from bench.simulation.slots import Slots, piles

CLIPS = (100, 10_000, 1_000_000)
CURVE = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
DRAWN = (SHIPPED, OPENED, FOUR, QUEUE)
SPEEDS = (0.5, 1.0, 2.0)
SPED = ((10_000, SHIPPED), (10_000, LONGER), (1_000_000, FOUR))
SEEDS = 20


@cache
def day_of(setup: str, clips: int, seed: int, speed: float = 1.0) -> Day:
    """A simulated day, once a process."""
    click.echo(f"simulating {clips:,} clips, {setup}, function x {speed:g}", err=True)
    return simulate(scenario(setup, clips, seed, speed))


def figures(days: Sequence[tuple[str, Day]], slots: Sequence[Slots]) -> dict[str, object]:
    """The figures of the JSON file."""
    return {
        "days": [_day_figures(setup, day) for setup, day in days],
        "limits": [{**asdict(limit), "clips_a_day": limit.clips_a_day} for limit in limits(Scenario(1))],
        "slots": [asdict(each) for each in slots],
        "alarms_dollars_a_month": of_alarms(),
    }


def _day_figures(setup: str, day: Day) -> dict[str, object]:
    return {
        "clips_a_day": day.scenario.clips,
        "set_up": setup,
        **{f"p{percent}_s": round(day.percentile(percent), 2) for percent in (50, 95, 99)},
        "dead": day.dead,
        "most_in_flight": day.most_in_flight,
        "longest_queue": day.most_visible,
        "sqs_requests": day.sqs_requests,
        "function": asdict(day.used),
        "dollars_per_1000": of_clips(day),
    }


def draw(folder: Path, seed: int) -> None:
    """Both pictures of docs/scale.md."""
    days = {setup: [day_of(setup, clips, seed) for clips in CURVE] for setup in DRAWN}
    curves = {
        setup: [(day.scenario.clips, day.percentile(50), day.percentile(95)) for day in each]
        for setup, each in days.items()
    }
    save_latency(folder / "scale-latency.png", curves)
    save_limits(folder / "scale-limits.png", limits(Scenario(1)))


@click.command()
@json_option
@folder_option("--plot", "Draw the pictures of docs/scale.md there.")
@click.option("--clips", type=click.IntRange(min=1), multiple=True, default=CLIPS, help="Clips a day; may be repeated.")
@click.option("--seed", default=1, show_default=True, help="Of everything random.")
@click.option("--validate", is_flag=True, help="Only run the real poller on a loopback port (4 min) and compare.")
def main(json: Path | None, plot: Path | None, clips: tuple[int, ...], seed: int, validate: bool) -> None:
    """Simulate school days and report latency, cost and limits."""
    if validate:
        found = compared()
        click.echo(report.table(report.COMPARED, [row for each in found for row in report.compared_rows(each)]))
        write_figures(json, {"validation": [asdict(each) for each in found]})
        return
    days = [(setup, day_of(setup, count, seed)) for count in clips for setup in SETUPS]
    slots = piles(SEEDS)
    click.echo(report.table(report.DAYS, [report.day_row(*each) for each in days]))
    click.echo(report.table(report.LIMITS, [report.limit_row(each) for each in limits(Scenario(1))]))
    click.echo(report.table(report.SLOTS, [report.slots_row(each, slots) for each in slots]))
    sped = [(setup, day_of(setup, count, seed, speed)) for count, setup in SPED if count in clips for speed in SPEEDS]
    if sped:
        click.echo(report.table(report.SPEEDS, [report.speed_row(*each) for each in sped]))
    if plot:
        draw(plot, seed)
    write_figures(json, figures(days, slots))


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh scale")
