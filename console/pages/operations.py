"""How the system is: queues, the poller's last ticks, a fortnight of clips, and who changed what here."""

from __future__ import annotations

import time
from pathlib import Path

from flask import Blueprint, current_app, render_template

from console.access import needs
from console.charts import Bar, bars
from console.everybody import Lately
from console.fortnight import Fortnight, fortnight, since
from console.stage import the_settings, the_stage
from poller.durable import DurableDirectory
from poller.logs import WAITS
from poller.state import State, gather
from recognition.latest import Figures

QUEUES = {
    "REQUEST_QUEUE_URL": "clips waiting",
    "OUTPUT_QUEUE_URL": "results waiting",
    "DEAD_LETTER_QUEUE_URL": "dead letters, clips",
    "OUTPUT_DEAD_LETTER_QUEUE_URL": "dead letters, results",
}
TICKS = 15
CHANGES = 15
MOST_CLIPS = 20_000  # of a fortnight; beyond that the charts leave out the oldest, and the page says so

pages = Blueprint("operations", __name__)


@pages.get("/operations")
@needs("operator")
def overview() -> str:
    """The page."""
    now = time.time()
    figures = _figures().get()
    days = fortnight(figures, now)
    return render_template(
        "operations.html",
        queues=_queues(),
        days=days,
        cut_off=len(figures) == MOST_CLIPS,
        charts=_charts(days),
        changes=current_app.extensions["changes"].last(CHANGES),
        **_poller(the_settings().results, now),
    )


@pages.get("/operations/now")
@needs("operator")
def now_only() -> str:
    """Queues and poller alone, for the page to renew itself."""
    results = the_settings().results
    return render_template("operations_now.html", queues=_queues(), **_poller(results, time.time()))


def _figures() -> Lately[list[Figures]]:
    """The fortnight's clips, read once a minute: ten thousand of them take a while."""
    latest = the_stage().latest
    read = Lately(lambda: latest.figures(since(time.time()), MOST_CLIPS))
    found = current_app.extensions.setdefault("figures", read)
    assert isinstance(found, Lately)
    return found


def _queues() -> list[tuple[str, int, int]]:
    """What each queue holds, and how many of it are in somebody's hands."""
    depths = [(title, the_stage().queue(name).depth()) for name, title in QUEUES.items()]
    return [(title, depth.visible + depth.delayed, depth.in_flight) for title, depth in depths]


def _poller(results: Path | None, now: float) -> dict[str, object]:
    """What RESULTS_DIR tells of the poller; `state` is None where it is not on this machine or cannot be read."""
    state, why = _state(results, now)
    return {
        "state": state,
        "why": why,
        "ticks": list(reversed(state.ticks)) if state else [],
        "waits": WAITS,
        "now": now,
    }


def _state(results: Path | None, now: float) -> tuple[State | None, str]:
    if results is None:
        return None, "The poller runs on another machine; there, python -m poller.status says how it is."
    if not results.is_dir():  # opening it would make it
        return None, "RESULTS_DIR is no folder: is it the poller's?"
    try:
        with DurableDirectory(results) as directory:
            return gather(directory, now, TICKS), ""
    except OSError as error:
        return None, f"RESULTS_DIR cannot be read ({type(error).__name__}): the console must run as the poller's user."


def _charts(found: Fortnight) -> dict[str, object]:
    outcomes = [Bar(day.label, {kind.replace("_", "-"): n for kind, n in day.outcomes.items()}) for day in found.days]
    durations = [Bar(day.label, {"half-within": day.median_s or 0}) for day in found.days]
    cost = [Bar(day.label, {"cost": (day.usd or 0) * 100}) for day in found.days]
    return {
        "outcomes": bars("Clips a day by outcome", outcomes),
        "durations": bars("Seconds of work on the middle clip of each day", durations, "{:.1f} s"),
        "cost": bars("US cents a day for the function", cost, "{:.2f} ¢") if found.usd is not None else None,
    }
