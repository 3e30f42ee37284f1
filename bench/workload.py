"""The course's hundred requests through the whole pipeline, against the loop of the original system.

Real ticks, the real function with two workers, the eight real clips; the loop invokes the same function in the same
run. The surprising rule: the poller runs twice, allowed as many invocations as the function takes and allowed far
more, because being throttled must cost nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

import localcloud
from bench.command import data_option, json_option, require, write_figures
from bench.original_loop import Loop
from bench.ticks import ROOT, environment, last_on_disk, records, tick_until
from bench.waiting import all_through, await_messages, empty, invoker, take_bodies, waiting
from localcloud.errors import LocalCloudError
from wire.result_json import read_result

WORKERS = 2
SHIPPED = 8
LAYOUT = {
    "videos": "test_N.mp4, the clips",
    "mapping": "clip:major,year, what is expected",
    "encoding": "the legacy gallery",
    "student_data.json": "the rows of the student table",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One way through the workload: seconds to the last file, and each key's CSV; `files` counts them all."""

    seconds: float
    csvs: Mapping[str, str]
    files: int


def expected_rows(data: Path, requests: int) -> list[str]:
    """Major and year expected for request n: that of clip number n modulo the number of clips."""
    lines = (line.partition(":") for line in (data / "mapping").read_text().split())
    known = {name: row for name, _, row in lines}
    clips = sorted(path.name for path in (data / "videos").glob("*.mp4"))
    return [known[clips[number % len(clips)]] for number in range(requests)]


def right(run: Run, expected: list[str]) -> int:
    """How many requests have exactly the row that is expected."""
    return sum(_row(run.csvs, number) == row for number, row in enumerate(expected))


def _row(csvs: Mapping[str, str], number: int) -> str:
    """Major and year in request `number`'s CSV; nothing unless it has exactly one row."""
    text = next((csv for key, csv in csvs.items() if key.endswith(f"/test_{number}.mp4")), "")
    rows = text.replace("freshmen", "freshman").splitlines()[1:]
    return rows[0].split(",", 1)[1] if len(rows) == 1 else ""


def figures(runs: Mapping[str, Run], expected: list[str], dead_letters: int) -> dict[str, object]:
    """The figures of the JSON file; the worst run counts for what is right and lost."""
    seconds = {name: round(run.seconds, 1) for name, run in runs.items()}
    original, matched, shipped = (runs[name].seconds for name in ("original", f"ours, {WORKERS}", f"ours, {SHIPPED}"))
    return {
        "requests": len(expected),
        "workers": WORKERS,
        "right": min(right(run, expected) for run in runs.values()),
        "lost": max(len(expected) - len(run.csvs) for run in runs.values()),
        "twice": max(run.files - len(run.csvs) for run in runs.values()),
        "dead_letters": dead_letters,
        "speedup": round(original / shipped, 2),
        "speedup_matched": round(original / matched, 2),
        "cost_of_asking_for_8": round(shipped / matched, 3),
        "seconds": seconds,
    }


def table(found: Mapping[str, object]) -> Table:
    """A row for each figure."""
    rows = Table("figure", "measured")
    for name, value in found.items():
        rows.add_row(name, json.dumps(value))
    return rows


@dataclass(frozen=True, slots=True)
class Bench:
    """A local cloud with the course's gallery published."""

    cloud: localcloud.Cloud
    data: Path
    folder: Path
    say: Callable[[str], None]

    def measure(self, requests: int) -> dict[str, Run]:
        """All three runs, after the function's processes have been started and have seen every clip."""
        self._command(sys.executable, "-m", "recognition", "import-legacy", self.data / "encoding",
                      self.data / "student_data.json", "--consent-by", "the benchmark")  # fmt: skip
        self._command(sys.executable, "-m", "recognition", "publish")
        empty(self.cloud)  # S3's test event
        self.say("starting the function's processes")
        invoke = invoker(self.cloud, WORKERS)
        self._upload("warm", 8)
        all_through(invoke, take_bodies(self.cloud, 8), WORKERS)
        empty(self.cloud)
        runs = {f"ours, {at_once}": self._ours(at_once, requests) for at_once in (WORKERS, SHIPPED)}
        return {**runs, "original": self._original(invoke, requests)}

    def _ours(self, at_once: int, requests: int) -> Run:
        """Ticks back to back, as shipped but for `at_once`."""
        name = f"ours-{at_once}"
        self._upload(name, requests)
        self.say(f"{requests} requests by the poller, {at_once} invocations at once")
        results = self.folder / name
        ticks = tick_until(requests, results, environment(self.cloud, results, {"POLLER_CONCURRENCY": str(at_once)}))
        filed = [read_result(file.read_text()) for file in records(results)]
        csvs = {result.upload.key: result.csv for result in filed}
        return Run(last_on_disk(results) - ticks[0].began, csvs, len(filed))

    def _original(self, invoke: Callable[[str], bytes], requests: int) -> Run:
        self._upload("original", requests)
        say = f"{requests} requests by the original loop"
        self.say(say)
        results, began = self.folder / "original", time.time()
        csvs = Loop.on(self.cloud, invoke).run(requests, results, lambda count: self.say(f"{say}: {count}"))
        written = list(results.glob("*.csv"))
        return Run(max(file.stat().st_mtime for file in written) - began, csvs, len(written))

    def _upload(self, prefix: str, requests: int) -> None:
        self.say(f"{prefix}: uploading {requests} clips")
        script = ROOT / "scripts" / "upload_workload.sh"
        self._command(script, self.data / "videos", "--requests", str(requests), "--prefix", f"{prefix}/")
        await_messages(self.cloud, requests)

    def _command(self, *command: str | Path) -> None:
        """Run a command as the operator. Raises `click.ClickException` with its last words."""
        told = {**os.environ, **self.cloud.operator, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise click.ClickException(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")


@click.command()
@data_option("course")
@json_option
@click.option("--requests", type=click.IntRange(8), default=100, show_default=True, help="How long the workload is.")
def main(data: Path, json: Path | None, requests: int) -> None:
    """Send the workload through a local cloud three times: twice by the poller, once by the original loop; six minutes.

    Ticks run back to back, where cron would start one each minute. Without the data it is skipped.
    """
    try:
        require(data, LAYOUT)
    except click.UsageError as error:
        click.echo(f"skipped: {error.message}", err=True)
        return
    with Console(stderr=True).status("bringing up a local cloud") as status, tempfile.TemporaryDirectory() as folder:
        try:
            with localcloud.running(concurrency=WORKERS) as cloud:
                runs = Bench(cloud, data, Path(folder), status.update).measure(requests)
                dead_letters = waiting(cloud, "DEAD_LETTER_QUEUE_URL")
        except LocalCloudError as error:
            raise click.ClickException(str(error)) from error
    found = figures(runs, expected_rows(data, requests), dead_letters)
    Console().print(table(found))
    write_figures(json, found)


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh workload")
