"""`python -m tests.chaos.soak`: the program behind scripts/soak.sh."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.chaos.chaos_stage import QUEUES, ChaosStage, chaos_stage
from tests.chaos.soak.balance import Balance, balance
from tests.chaos.soak.machines import Machine
from tests.chaos.soak.operator import Operator
from tests.chaos.soak.plan import plan, unreadable
from tests.chaos.soak.weather import Weather

MACHINES = 2
HURRIED_S = 9  # longer than a dead function's lock, or a message would use up its deliveries waiting for it
LOOK_S = 1.0
QUIET_LOOKS = 3


@dataclass
class Soak:
    """One run: its parts, and how far it is."""

    operator: Operator
    machines: list[Machine]
    weathers: dict[str, Weather]
    objects: int
    seed: int
    deadline: float
    redriven: int = 0
    before_redrive: Balance | None = None
    threads: list[threading.Thread] = field(default_factory=list)

    def run(self, progress: Progress) -> Balance:
        """Upload under faults until all is quiet, clear up, redrive, wait again, and draw up the balance."""
        self._start(lambda: self.operator.upload(plan(self.objects, self.seed), self._unreadable()))
        for machine in self.machines:
            self._start(machine.run)
        try:
            self._until_quiet(progress, "under faults")
            self._clear_up()
            self._until_quiet(progress, "cleared up")
            self.before_redrive = self.balance()
            self.redriven = self.operator.redrive()
            self._until_quiet(progress, "redriven")
        finally:
            for machine in self.machines:
                machine.off.set()
            for thread in self.threads:
                thread.join()
        return self.balance()

    def _unreadable(self) -> list[str]:
        return unreadable(self.objects, self.seed)

    def _start(self, target: Any) -> None:
        self.threads.append(threading.Thread(target=target, daemon=True))
        self.threads[-1].start()

    def _clear_up(self) -> None:
        for weather in self.weathers.values():
            weather.clear_up()
        for machine in self.machines:
            machine.calm.set()

    def _until_quiet(self, progress: Progress, phase: str) -> None:
        """Wait until the queues are empty at several looks on end, or the time is over."""
        bar = progress.add_task(phase, total=self.objects)
        quiet = 0
        while quiet < QUIET_LOOKS and time.monotonic() < self.deadline:
            time.sleep(LOOK_S)
            quiet = quiet + 1 if self.operator.is_quiet() else 0
            total = max(self.objects, len(self.operator.versions))
            progress.update(bar, completed=min(len(self._files()), total), total=total)

    def _files(self) -> set[str]:
        return {path.stem for machine in self.machines for path in machine.stage.results.glob("[!.]*.json")}

    def balance(self) -> Balance:
        """The balance of this moment."""
        stage = self.operator.stage
        dead = [stage.dead_bodies(queue) for queue in QUEUES[2:]]
        bodies = [body for some in dead for body in some]
        files = [machine.stage.files() for machine in self.machines]
        return balance(self.operator.versions, files, bodies, len(self._unreadable()))


def report(soak: Soak, found: Balance, took_s: float) -> Mapping[str, object]:
    """Everything there is to say of a run."""
    happened: Counter[str] = sum((machine.happened for machine in soak.machines), Counter())
    stage = soak.operator.stage
    return {
        "objects": soak.objects,
        "seed": soak.seed,
        **found.as_json(),
        "dead_before_redrive": soak.before_redrive.dead if soak.before_redrive else 0,
        "redriven": soak.redriven,
        "invocations": stage.proxy.count("Invoke"),
        "ticks": dict(sorted(happened.items())),
        "faults": {side: sum(weather.chosen.values()) for side, weather in soak.weathers.items()},
        "seconds": round(took_s, 1),
    }


def show(figures: Mapping[str, object], console: Console) -> None:
    """The balance sheet as a table."""
    table = Table("what", "how many", title="balance sheet")
    table.columns[1].justify = "right"
    for name, value in figures.items():
        if isinstance(value, dict):
            table.add_row(name.replace("_", " "), str(sum(value.values())))
            for part, count in value.items():
                table.add_row(f"  {part}", str(count), style="dim")
        else:
            table.add_row(name.replace("_", " "), str(value))
    console.print(table)


@click.command(help="Upload many objects to a local cloud under random faults and draw up the balance.")
@click.option("--objects", default=1000, show_default=True, type=click.IntRange(1), help="how many to upload")
@click.option("--seed", default=1, show_default=True, help="what is drawn from")
@click.option(
    "--share", default=0.04, show_default=True, type=click.FloatRange(0, 0.5), help="share of calls that fail"
)
@click.option("--minutes", default=0.0, help="give up after so long  [default: 5, and 1 for every 50 objects]")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="write the figures there")
def main(objects: int, seed: int, share: float, minutes: float, json_file: Path | None) -> None:
    """Run one soak; exit status 1 when a promise was broken."""
    console = Console(stderr=True)
    began = time.monotonic()
    columns = (TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, chaos_stage(Path(folder) / "operator") as stage:
        soak = _soak(stage, Path(folder), objects, seed, share)
        soak.deadline = began + 60 * (minutes or 5 + objects / 50)
        with Progress(*columns, console=console) as progress:
            found = soak.run(progress)
        figures = report(soak, found, time.monotonic() - began)
    show(figures, Console())
    if json_file:
        json_file.write_text(json.dumps(figures, indent=1) + "\n")
    if not found.is_sound:
        console.print(f"[red]a promise was broken[/red]; lost: {', '.join(found.lost[:20]) or 'nothing'}")
        sys.exit(1)


def _soak(stage: ChaosStage, folder: Path, objects: int, seed: int, share: float) -> Soak:
    weathers = {"poller": Weather(seed, share), "function": Weather(seed + 1, share)}
    stage.proxy.choose, stage.function.choose = weathers["poller"], weathers["function"]
    stage.hurried_s = HURRIED_S
    machines = [Machine(stage.beside(folder / f"machine-{n}"), seed + 10 + n) for n in range(MACHINES)]
    return Soak(Operator(stage, seed + 2), machines, weathers, objects, seed, 0.0)


if __name__ == "__main__":
    main()
