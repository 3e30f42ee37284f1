"""Milliseconds that the console's pages take its server, with ten thousand clips of fifty sections in the store.

Each page is asked for by itself, through the whole app, against DynamoDB, S3 and SQS on loopback; rendering is in it,
the browser is not. The baseline is one row read from the same table in the same run. The surprising rule: what a page
shows is looked at, so that a page that has gone empty is not taken for a fast one.
"""

from __future__ import annotations

import gc
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import click
from flask.testing import FlaskClient
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.bucket import emulated
from bench.command import json_option, write_figures
from bench.console_store import Filled, fill
from localcloud.credentials import operator_environment
from localcloud.errors import LocalCloudError

WANTED_MS = 150
WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its address, and a text that it must show."""

    name: str
    address: str
    shows: str


@dataclass(frozen=True, slots=True)
class Asked:
    """How long a page took, in milliseconds, of so many times."""

    name: str
    p50_ms: float
    p95_ms: float


def pages_of(filled: Filled) -> list[Page]:
    """The pages that are measured."""
    return [
        Page("clips", "/clips", "recognised"),
        Page("clips of a section", f"/clips?section={filled.section}", filled.section),
        Page("clips refused", "/clips?outcome=rejected", "rejected"),
        Page("a clip", f"/clips/{filled.job_id}", "The decision in words"),
        Page("a section's roll calls", f"/roll-call/section?section={filled.section}", "Student"),
        Page(
            "a session's roll call", f"/roll-call/session?section={filled.section}&session={filled.session}", "present"
        ),
        Page("students", "/students", "valid"),
        Page("operations", "/operations", "The last fourteen days"),
    ]


def asked(client: FlaskClient, page: Page, times: int) -> Asked:
    """Ask for the page so many times, after some that do not count. Raises `click.ClickException` if it is another."""

    def ask() -> None:
        answer = client.get(page.address)
        if answer.status_code != 200 or page.shows not in answer.text:
            raise click.ClickException(f"{page.name} ({page.address}) is not what it should be: {answer.status}")

    return Asked(page.name, *_timed(ask, times))


def figures(baseline: Asked, pages: Sequence[Asked], clips: int) -> dict[str, object]:
    """The figures of the JSON file; `against` are p95 in reads of one row."""
    return {
        "clips": clips,
        "read_p95_ms": round(baseline.p95_ms, 1),
        "pages": {
            page.name: {
                "p50_ms": round(page.p50_ms, 1),
                "p95_ms": round(page.p95_ms, 1),
                "against": round(page.p95_ms / baseline.p95_ms, 1),
            }
            for page in pages
        },
        "worst_p95_ms": round(max(page.p95_ms for page in pages), 1),
    }


def _timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    for _ in range(WARM_UP):
        work()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(took, n=20, method="inclusive")
    return cuts[9], cuts[18]


def _console(folder: Path, environment: Mapping[str, str]) -> FlaskClient:
    from console.app import create_app
    from console.settings import read_settings

    return create_app(read_settings({**environment, "CONSOLE_FOLDER": str(folder / "console")})).test_client()


def _drawn(found: Mapping[str, object], pages: Sequence[Asked]) -> Table:
    drawn = Table("page", "half within, ms", "95 % within, ms", "reads of one row")
    baseline = float(str(found["read_p95_ms"]))
    for page in pages:
        drawn.add_row(page.name, f"{page.p50_ms:.0f}", f"{page.p95_ms:.0f}", f"{page.p95_ms / baseline:.0f}")
    return drawn


@click.command()
@click.option("--clips", type=click.IntRange(200), default=10_000, show_default=True)
@click.option(
    "--times", type=click.IntRange(20), default=40, show_default=True, help="How often each page is asked for."
)
@json_option
def main(clips: int, times: int, json: Path | None) -> None:
    """Measure the console's pages."""
    try:
        with emulated() as port, tempfile.TemporaryDirectory(prefix="bench-console-") as folder:
            os.environ.update(operator_environment(port))
            filled = fill(clips)
            os.environ.update(filled.environment)
            client = _console(Path(folder), os.environ)
            gc.freeze()  # as `python -m console serve` does; it takes what the filling has left, too
            baseline = Asked("one row", *_timed(filled.read_a_row, times))
            pages = [
                asked(client, page, times) for page in track(pages_of(filled), "asking", console=Console(stderr=True))
            ]
    except LocalCloudError as error:
        raise click.ClickException(str(error)) from error
    found = figures(baseline, pages, clips)
    Console().print(_drawn(found, pages))
    Console().print(f"{clips:,} clips; worst p95 {found['worst_p95_ms']} ms, wanted {WANTED_MS}")
    write_figures(json, found)


if __name__ == "__main__":
    main()
