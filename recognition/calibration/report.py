"""A calibration as tables for the terminal. Words and numbers only; decides nothing and reads nothing.

The surprising rule: what the students are called is text, never markup, whatever brackets it holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from recognition.calibration.advice import Doubt, LookAlikes
from recognition.calibration.estimate import FEWEST_PEOPLE, Calibration, Estimate
from recognition.gallery import Gallery

ROUGH = "the intervals are rough ones: in trials a nominal 90 % held in 50 to 87 % of the cases"


def summary(gallery: Gallery, found: Calibration) -> Table:
    """The threshold now, the estimate, and what the estimate promises."""
    table = Table("", "", show_header=False, title="Calibration", title_justify="left")
    table.add_row("threshold now", f"{gallery.threshold:.4f}, {gallery.threshold_from} for FPIR {gallery.fpir:.1%}")
    table.add_row(f"estimate for FPIR {found.fpir:.1%}", f"{found.threshold:.4f}")
    table.add_row("expected TPIR", _rate(found.expected_tpir) if found.expected_tpir else "unknown")
    table.add_row("expected FPIR", _rate(found.expected_fpir))
    table.add_row("their own scores say", _span(found.own_scores_say))
    table.add_row("how sure", how_sure(found))
    table.add_row("", ROUGH)
    return table


def pairs_table(pairs: Sequence[LookAlikes], uncertain_from: float) -> Table:
    """The look-alike pairs, a row each."""
    title = f"Look-alikes: similarity {uncertain_from:.4f} or more"
    table = Table("student", "looks like", "similarity", title=title, title_justify="left")
    for pair in pairs:
        table.add_row(Text(pair.student_id), Text(pair.other), f"{pair.similarity:.4f}")
    return table


def doubts_table(doubts: Sequence[Doubt]) -> Table:
    """What is wrong with photographs, a row each."""
    table = Table("student", "what to look at", title="Photographs to replace or to add", title_justify="left")
    for doubt in doubts:
        table.add_row(Text(doubt.student_id), Text(doubt.says))
    return table


def how_sure(found: Calibration) -> str:
    """What the estimate rests on, in words."""
    if found.kept_fitted:
        return f"{found.people} people are fewer than {FEWEST_PEOPLE}: the formula stays, their scores say too little"
    return f"{found.people} people; their own scores weigh {found.trust:.0%}, the formula {1 - found.trust:.0%}"


def _rate(rate: Estimate) -> str:
    return f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"


def _span(similarity: Estimate) -> str:
    return f"{similarity.value:.4f} ({similarity.low:.4f} to {similarity.high:.4f})"
