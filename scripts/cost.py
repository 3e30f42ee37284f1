#!/usr/bin/env python3
"""Prints what clips cost on AWS, as the tables of docs/cost.md: `scripts/cost.py [--memory MB] [--plot FILE]`.

Lays out what `cost_model` computes. The surprising rule: a test compares these tables with docs/cost.md, so that the
page cannot say what the arithmetic does not; run it after a change and put its output there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from cost_model import (
    ARM64,
    CLASS,
    MEMORIES_MB,
    PRICES,
    SHORT,
    X86_64,
    Setup,
    of_a_month,
    of_a_thousand,
    of_metrics,
    of_running,
    seconds,
    usd,
)

CLIPS = (SHORT, CLASS)
MONTHS = (1_000, 10_000, 100_000)  # clips


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def by_memory(setup: Setup) -> str:
    """Seconds a clip and dollars per 1,000 clips for Lambda's running time alone, by memory and architecture."""
    head = ["memory, MB", *(f"{clip.name}: s | {ARM64}, $ | {X86_64}, $" for clip in CLIPS)]
    return markdown(" | ".join(head).split(" | "), ([f"{mb:,}", *_cells(setup, mb)] for mb in MEMORIES_MB))


def _cells(setup: Setup, memory_mb: int) -> Iterable[str]:
    for clip in CLIPS:
        lasting_s = seconds(clip, replace(setup, memory_mb=memory_mb))
        yield f"{lasting_s:.2f}"
        for architecture in (ARM64, X86_64):
            made = replace(setup, memory_mb=memory_mb, architecture=architecture)
            yield f"{1000 * of_running(lasting_s, made):.4f}"


def by_service(setup: Setup) -> str:
    """Dollars per 1,000 clips by what they are paid for."""
    costs = [of_a_thousand(clip, setup) for clip in CLIPS]
    rows = [[service, *(f"{each[service]:.4f}" for each in costs)] for service in costs[0]]
    totals = ["**everything**", *(f"**{sum(each.values()):.4f}**" for each in costs)]
    return markdown(["$ per 1,000 clips", *(clip.name for clip in CLIPS)], [*rows, totals])


def standing(setup: Setup) -> str:
    """Dollars a month that no clip causes."""
    costs = of_a_month(setup)
    rows = [[what, f"{dollars:.2f}"] for what, dollars in costs.items()]
    more = [
        [f"the function's {setup.metrics} metrics, if clips come every hour", f"{of_metrics(setup):.2f}"],
        ["a dashboard, where the stage has one", f"{usd('dashboard_month'):.2f}"],
    ]
    return markdown(["a month", "$"], [*rows, ["**idle**", f"**{sum(costs.values()):.2f}**"], *more])


def months(setup: Setup) -> str:
    """Dollars for a whole month by the number of clips, the metrics at their most, without a dashboard."""
    fixed = sum(of_a_month(setup).values()) + of_metrics(setup)
    rows = (
        [f"{clips:,}", *(f"{fixed + clips / 1000 * sum(of_a_thousand(clip, setup).values()):.2f}" for clip in CLIPS)]
        for clips in MONTHS
    )
    return markdown(["clips a month", *(f"{clip.name}, $" for clip in CLIPS)], rows)


def prices() -> str:
    """The price table with its sources."""
    rows = (
        [price.of, f"{price.usd:.10f}".rstrip("0").rstrip("."), f"aws.amazon.com/{price.page}/pricing", price.read]
        for price in PRICES.values()
    )
    return markdown(["of", "$", "page", "copy of"], rows)


def tables(setup: Setup) -> dict[str, str]:
    """Every table of the page, by its heading."""
    return {
        "By memory and architecture": by_memory(setup),
        "By service": by_service(setup),
        "What no clip causes": standing(setup),
        "A month": months(setup),
        "Prices": prices(),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables, and draw the picture if asked to."""
    parser = argparse.ArgumentParser(prog="scripts/cost.py", description="What clips cost on AWS, as Markdown tables.")
    shipped = Setup()
    parser.add_argument("--memory", type=int, default=shipped.memory_mb, metavar="MB", help="the function's memory")
    parser.add_argument("--architecture", choices=(ARM64, X86_64), default=shipped.architecture)
    parser.add_argument("--slower", type=float, default=shipped.slower, help="times the measured core's time")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw dollars over memory, as PNG")
    told = parser.parse_args(arguments)
    if not 128 <= told.memory <= 10_240:
        parser.error("--memory: Lambda takes 128 to 10240 MB")
    if told.slower <= 0:
        parser.error("--slower must be more than 0")
    if told.plot and not find_spec("matplotlib"):
        parser.error("--plot needs matplotlib: scripts/setup.sh installs it into .venv, whose python runs this script")
    setup = Setup(told.memory, told.architecture, told.slower)
    print("\n".join(f"## {heading}\n\n{table}" for heading, table in tables(setup).items()), end="")
    if told.plot:
        from cost_picture import save_picture  # matplotlib is a development dependency: the tables need none

        save_picture(told.plot, CLIPS, setup)
    return 0


if __name__ == "__main__":
    sys.exit(main())
