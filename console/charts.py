"""Charts as SVG, drawn here so that pages need no script: a bar a day, stacked. Pure.

Colours are classes of the style sheet, so that a chart is dark where the page is. What a chart says it also says in
words: each bar has a title, and the page has a table beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT, LOW, LEFT = 640, 200, 24, 56
GAP = 0.25  # of a bar's share of the width


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its label, and how much of each kind; the kinds are classes of the style sheet."""

    label: str
    parts: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())


def bars(title: str, days: Sequence[Bar], form: str = "{:,.0f}") -> Markup:
    """The chart; `form` is how a number is written. Days without anything are there, without a bar."""
    top = max((day.total for day in days), default=0) or 1
    share = (WIDTH - LEFT) / max(len(days), 1)
    drawn = [_bar(day, LEFT + n * share, share, top, form) for n, day in enumerate(days)]
    every = max(1, -(-len(days) // 7))
    labels = [
        _text(LEFT + (n + 0.5) * share, HEIGHT - 7, day.label, "middle") for n, day in enumerate(days) if n % every == 0
    ]
    scale = [
        _line(0),
        _text(LEFT - 8, _y(0, 1) + 4, "0", "end"),
        _line(1),
        _text(LEFT - 8, 18, form.format(top), "end"),
    ]
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, title, Markup("").join([*scale, *drawn, *labels])
    )


def _bar(day: Bar, left: float, share: float, top: float, form: str) -> Markup:
    told = "; ".join(f"{kind.replace('-', ' ')} {form.format(amount)}" for kind, amount in day.parts.items() if amount)
    pieces, below = [], 0.0
    for kind, amount in day.parts.items():
        high = _y(below + amount, top)
        pieces.append(
            Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                kind, left + share * GAP / 2, high, share * (1 - GAP), _y(below, top) - high
            )
        )
        below += amount
    return Markup("<g><title>{}: {}</title>{}</g>").format(day.label, told or "nothing", Markup("").join(pieces))


def _y(amount: float, top: float) -> float:
    room = HEIGHT - LOW - 14
    return 14 + room * (1 - amount / top)


def _line(amount: float) -> Markup:
    y = _y(amount, 1)
    return Markup('<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(LEFT, WIDTH, y, y)


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, escape(words))
