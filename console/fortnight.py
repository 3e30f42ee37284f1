"""What the last fourteen days came to: outcomes, durations and cost by day, refusals by reason. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from statistics import median, quantiles

from recognition.latest import Figures
from wire.result_message import OUTCOMES

DAYS = 14


@dataclass(frozen=True, slots=True)
class Day:
    """One day (UTC): clips by outcome, seconds of work of the middle clip and of the slowest twentieth's first, US
    dollars. None where nothing is known of it."""

    label: str
    outcomes: dict[str, int]
    median_s: float | None
    p95_s: float | None
    usd: float | None


@dataclass(frozen=True, slots=True)
class Fortnight:
    """The days in order, the last one today; why clips were refused, most often first."""

    days: tuple[Day, ...]
    reasons: tuple[tuple[str, int], ...]

    @property
    def clips(self) -> int:
        return sum(sum(day.outcomes.values()) for day in self.days)

    @property
    def usd(self) -> float | None:
        known = [day.usd for day in self.days if day.usd is not None]
        return sum(known) if known else None


def since(now: float) -> float:
    """Epoch seconds of the first day's beginning."""
    today = datetime.fromtimestamp(now, timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=DAYS - 1)).timestamp()


def fortnight(figures: Sequence[Figures], now: float) -> Fortnight:
    """The days up to `now` (epoch seconds), empty ones included."""
    by_day: defaultdict[str, list[Figures]] = defaultdict(list)
    for each in figures:
        by_day[_day(each.at)].append(each)
    labels = [_day(since(now) + n * 86_400) for n in range(DAYS)]
    reasons = Counter(each.reason for each in figures if each.outcome == "rejected" and each.reason)
    return Fortnight(tuple(_summed(label, by_day[label]) for label in labels), tuple(reasons.most_common(10)))


def _summed(label: str, figures: Sequence[Figures]) -> Day:
    counted = Counter(each.outcome for each in figures)
    took = sorted(each.took_ms / 1000 for each in figures if each.took_ms is not None)
    usd = [each.usd for each in figures if each.usd is not None]
    return Day(
        label=label,
        outcomes={outcome: counted[outcome] for outcome in OUTCOMES},
        median_s=median(took) if took else None,
        p95_s=quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else (took[0] if took else None),
        usd=sum(usd) if usd else None,
    )


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, timezone.utc):%m-%d}"
