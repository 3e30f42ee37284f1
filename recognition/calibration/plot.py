"""Two pictures of a calibration: who scores what, and what every threshold would cost. Draws and decides nothing.

matplotlib belongs to the development dependencies, not to the function's. The surprising rule: both axes of the DET
curve are logarithmic, because the rates that matter are small; a rate of 0 is drawn on the axis' edge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recognition.calibration.estimate import Calibration, det_curve
from recognition.calibration.searches import Numbers, Searches
from recognition.errors import SetupError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST = 1e-3  # what is rarer cannot be told with a few hundred photographs
PER_CENT = (0.001, 0.01, 0.1, 1.0)


def save_plot(file: Path, found: Calibration, genuine: Searches, impostors: Searches) -> None:
    """The two score distributions with the thresholds, and the DET curve, as PNG. Raises `SetupError`."""
    figure = new_figure(width=11.0)
    scores, det = figure.subplots(1, 2)
    _draw_scores(scores, found, genuine, impostors)
    _draw_own_det(det, found, genuine, impostors)
    figure.savefig(file, format="png", dpi=110)


def pictures(found: Calibration, genuine: Searches, impostors: Searches) -> tuple[bytes, bytes]:
    """The same as two PNGs: the distributions, the DET curve. Raises `SetupError`."""
    return _png(_draw_scores, found, genuine, impostors), _png(_draw_own_det, found, genuine, impostors)


def _png(draw: Callable[[Axes, Calibration, Searches, Searches], None], *what: Any) -> bytes:
    figure, file = new_figure(width=6.4), BytesIO()
    draw(figure.subplots(), *what)
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()


def _draw_own_det(axes: Axes, found: Calibration, genuine: Searches, impostors: Searches) -> None:
    curves = {"this gallery": det_curve(genuine, impostors)} if len(genuine.similarity) else {}
    point = (found.expected_fpir.value, 1 - found.expected_tpir.value) if found.expected_tpir else None
    draw_det(axes, curves, {} if point is None else {f"threshold {found.threshold:.4f}": point})


def require_matplotlib() -> None:
    """Raise `SetupError` now rather than after the work if nothing can be drawn, saying what to install."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise SetupError(
            "a plot needs matplotlib: python -m pip install matplotlib, or run scripts/setup.sh"
        ) from error


def new_figure(width: float) -> Figure:
    """An empty figure, `width` inches wide. Raises `SetupError` without matplotlib."""
    require_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, 5.0), layout="constrained")


def draw_det(
    axes: Axes, curves: Mapping[str, tuple[Numbers, Numbers]], points: Mapping[str, tuple[float, float]]
) -> None:
    """DET curves (FPIR and FNIR of each threshold, shares) and single points by name."""
    for name, (fpir, fnir) in curves.items():
        axes.plot(np.maximum(fpir, LEAST), np.maximum(fnir, LEAST), drawstyle="steps-post", lw=1.6, label=name)
    for name, rates in points.items():
        x, y = (max(rate, LEAST) for rate in rates)
        axes.plot([x], [y], "o", ms=8, mec="black", label=name, clip_on=False, zorder=3)
    labels = [f"{100 * share:g} %" for share in PER_CENT]
    axes.set(xscale="log", yscale="log", xlim=(LEAST, 1.0), ylim=(LEAST, 1.0))
    axes.set_xticks(PER_CENT, labels)
    axes.set_yticks(PER_CENT, labels)
    axes.set(xlabel="strangers named (FPIR)", ylabel="students not named rightly (FNIR = 1 - TPIR)")
    axes.set_title("What each threshold costs (DET curve)", fontsize=10)
    axes.grid(which="major", alpha=0.4)
    if curves or points:
        axes.legend(fontsize=8, loc="lower left")


def _draw_scores(axes: Axes, found: Calibration, genuine: Searches, impostors: Searches) -> None:
    everything = np.concatenate([genuine.similarity, impostors.similarity])
    bins = np.linspace(float(everything.min()), float(everything.max()) + 1e-6, 45).tolist()
    for name, searches, colour in (
        ("not enrolled: nearest student", impostors, "tab:red"),
        ("the student's own photographs", genuine, "tab:blue"),
    ):
        if count := len(searches.similarity):
            weights = np.full(count, 1 / count)
            axes.hist(searches.similarity, bins, weights=weights, alpha=0.55, color=colour, label=f"{name} ({count})")
    axes.axvline(found.threshold, color="black", lw=1.4, label=f"identified from {found.threshold:.4f}")
    axes.axvline(
        found.uncertain_from, color="black", lw=1.2, ls="--", label=f"uncertain from {found.uncertain_from:.4f}"
    )
    axes.set(xlabel="cosine similarity to the nearest template", ylabel="share of searches")
    axes.set_title("Who scores what", fontsize=10)
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
