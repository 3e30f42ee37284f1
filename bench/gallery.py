"""How long a search among many students takes, how long the gallery takes to load, and how much memory it needs.

The students are made-up unit vectors, one photograph each. The surprising rule: every size is made in one process and
measured in another, fresh one, because a process's peak memory never shrinks and passes on to its children.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.command import json_option, write_figures
from recognition.faces import DIMENSIONS, unit
from recognition.gallery import make_gallery
from recognition.gallery_file import read_gallery, write_gallery
from recognition.match import nearest, nearest_each

SIZES = (50, 1_000, 100_000)
PROBES = 16
COMPARISONS = 1_000_000  # enough of them that the clock's own steps do not count

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Size:
    """What a gallery of `templates` costs. `batch_cpu_ms` is a search's share when sixteen are made at once.

    Memory is the peak above that of a process with an empty gallery: loading included, and one search.
    """

    templates: int
    search_cpu_ms: float
    batch_cpu_ms: float
    load_cpu_s: float
    file_mb: float
    rss_mb: float


def make(file: Path, templates: int) -> None:
    """Write a gallery of that many made-up students to `file`."""
    people = unit(np.random.default_rng(1).normal(size=(templates, DIMENSIONS)))
    made = make_gallery({f"student-{n:06}": [person] for n, person in enumerate(people)})
    file.write_bytes(write_gallery(replace(made, enrolled=None)))  # as it is published


def measure(file: Path, templates: int) -> Size:
    """Load the gallery in `file` and search it, in a process that has done nothing else yet."""
    probes = unit(np.random.default_rng(2).normal(size=(PROBES, DIMENSIONS)))
    nearest(probes[0], make_gallery({"warm": [probes[0]]}))
    before, started = _peak_mb(), time.process_time()
    gallery = read_gallery(file.read_bytes())
    loaded = time.process_time()
    nearest(probes[0], gallery)
    peak = _peak_mb()
    rounds = max(1, COMPARISONS // templates // PROBES)
    single = _cpu_ms(lambda: [nearest(probe, gallery) for probe in probes], rounds) / PROBES
    batch = _cpu_ms(lambda: nearest_each(probes, gallery), rounds) / PROBES
    return Size(templates, single, batch, loaded - started, file.stat().st_size / 1e6, peak - before)


def apart(work: Callable[[Path, int], Answer], file: Path, templates: int) -> Answer:
    """`work(file, templates)` in a fresh process with one thread for BLAS."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(work, file, templates).result()


def table(sizes: list[Size]) -> Table:
    """A row for each size."""
    drawn = Table("templates", "search, CPU ms", f"of {PROBES} at once", "load, CPU s", "file, MB", "memory, MB")
    for size in sizes:
        times = (f"{size.search_cpu_ms:.3f}", f"{size.batch_cpu_ms:.3f}", f"{size.load_cpu_s:.3f}")
        drawn.add_row(f"{size.templates:,}", *times, f"{size.file_mb:.1f}", f"{size.rss_mb:.1f}")
    return drawn


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6  # macOS counts bytes, Linux kibibytes


def _cpu_ms(work: Callable[[], object], rounds: int) -> float:
    work()
    started = time.process_time()
    for _ in range(rounds):
        work()
    return (time.process_time() - started) / rounds * 1000


@click.command()
@json_option
def main(json: Path | None) -> None:
    """Measure made-up galleries of 50, 1,000 and 100,000 students."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the processes that measure inherit it
    sizes = []
    with TemporaryDirectory() as folder:
        for templates in SIZES:
            file = Path(folder) / f"{templates}.npz"
            apart(make, file, templates)
            sizes.append(apart(measure, file, templates))
    Console().print(table(sizes))
    largest = sizes[-1]
    write_figures(
        json,
        {
            "sizes": [asdict(size) for size in sizes],
            f"search_{largest.templates}_ms": largest.search_cpu_ms,
            f"load_{largest.templates}_s": largest.load_cpu_s,
        },
    )


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh gallery")
