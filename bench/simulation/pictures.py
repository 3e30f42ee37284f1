"""Two pictures of docs/scale.md: how long a clip takes against how many there are, and where each limit bites.

Draws and decides nothing. The surprising rule: lines are named where they end, so there is no legend to match.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.simulation.limits import Limit
from recognition.calibration.plot import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#b3412e", "#1f6f8b", "#5a7d2a", "#7a4fa3")
INK, PALE = "#333333", "#d9d9d9"
TIMES = {1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3_600: "1 h", 36_000: "10 h", 360_000: "100 h"}

Curves = Mapping[str, Sequence[tuple[int, float, float]]]
"""By set-up: clips a day, p50 and p95 in seconds."""


def save_latency(file: Path, curves: Curves) -> None:
    """p50 and p95 from upload to file against clips a day, as PNG."""
    figure = new_figure(width=8.0)
    axes = figure.subplots()
    for points, colour in zip(curves.values(), COLOURS, strict=False):
        clips = [each[0] for each in points]
        axes.plot(clips, [each[1] for each in points], color=colour, lw=2.2)
        axes.plot(clips, [each[2] for each in points], color=colour, lw=1.4, ls=(0, (4, 2)))
    _name_the_ends(axes, curves)
    axes.set(xscale="log", yscale="log", xlabel="clips a day", ylabel="from upload to file")
    axes.set_xlim(100, 1_000_000)
    axes.yaxis.set_major_locator(FixedLocator(list(TIMES)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: TIMES.get(round(value), "")))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(1, 400_000)
    _plain(axes)
    axes.grid(axis="y", color=PALE, lw=0.8)
    axes.set_title("Half of the clips (solid) and 95 % of them (dashed) are filed within", loc="left", fontsize=11)
    figure.savefig(file, format="png", dpi=110)


def save_limits(file: Path, limits: Sequence[Limit]) -> None:
    """The clips a day at which each limit bites, as PNG."""
    found = [(limit.name, limit.clips_a_day) for limit in limits if limit.clips_a_day]
    figure = new_figure(width=8.0)
    axes = figure.subplots()
    for place, (name, clips) in enumerate(reversed(found)):
        axes.plot([1e4, clips], [place, place], color=COLOURS[1], lw=2)
        axes.plot([clips], [place], "o", color=COLOURS[1], ms=8)
        axes.text(1.15e4, place + 0.2, name, color=INK, fontsize=10, va="bottom")
        axes.text(clips * 1.15, place, _short(clips), color=INK, fontsize=10, va="center")
    axes.set(xscale="log", xlabel="clips a day, four fifths of them in the ten minutes after each of eight lessons")
    axes.set_xlim(1e4, 3e7)
    axes.set_ylim(-0.5, len(found) - 0.3)
    axes.set_yticks([])
    _plain(axes)
    axes.spines["left"].set_visible(False)
    axes.set_title("From how many clips a day each limit bites", loc="left", fontsize=11)
    figure.savefig(file, format="png", dpi=110)


def _name_the_ends(axes: Axes, curves: Curves) -> None:
    """The set-ups' names at their p95's right ends, moved apart where they would meet."""
    ends = sorted(
        (points[-1][2], setup, colour) for (setup, points), colour in zip(curves.items(), COLOURS, strict=False)
    )
    least = 0.0
    for seconds, setup, colour in ends:
        height = max(seconds, least)
        axes.text(1.08e6, height, setup, color=colour, fontsize=10, va="center")
        least = height * 1.9


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.tick_params(colors=INK)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _short(clips: int) -> str:
    return f"{clips / 1e6:.1f} million" if clips >= 1e6 else f"{round(clips, -3):,}"
