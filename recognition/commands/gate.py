"""What every verb that enrols asks about doubtful photographs, and how it tells of them.

Knows wording and files, decides nothing. The surprising rule: `report` only judges, so it ends well however bad the
photographs are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recognition.files import require_place, write_private
from recognition.roster import Student

if TYPE_CHECKING:
    from recognition.enrolment.gate import Gate
    from recognition.enrolment.taken import Judged

GATES = {
    "refuse": "a photograph with a fault stops the run",
    "warn": "doubtful ones are enrolled with a warning, those without exactly one face are left out",
    "report": "they are only judged, nothing is enrolled",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The options: how strict, which photographs a person has looked at, where the contact sheet goes."""

    mode: str
    accepted: tuple[Path, ...]
    sheet: Path | None

    @property
    def gate(self) -> Gate:
        """What a report judges by is the strict gate."""
        return "warn" if self.mode == "warn" else "refuse"

    @property
    def left_out(self) -> str:
        """What is said of a photograph that does not pass."""
        return "would be refused:" if self.mode == "report" else "left out:"

    def accepted_of(self, photographs: Collection[Path]) -> frozenset[Path]:
        """Those of `photographs` that --accept names. Raises `click.UsageError` for one that is not among them."""
        wanted = {path.resolve(): path for path in self.accepted}
        found = {path: path.resolve() for path in photographs} if wanted else {}
        if strange := [str(path) for place, path in wanted.items() if place not in found.values()]:
            raise click.UsageError(f"--accept: not among the photographs to enrol: {', '.join(strange)}")
        return frozenset(path for path, place in found.items() if place in wanted)

    def only_reported(self, judged: Sequence[Judged]) -> bool:
        """Whether nothing is to be enrolled; what was found is told then."""
        if self.mode != "report":
            return False
        say(judged, self)
        click.echo(f"{len(judged)} photograph(s) judged, {sum(not each.is_fine for each in judged)} would be refused")
        return True


def gate_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options --gate, --accept and --sheet, which the command gets as one `asked`."""

    @wraps(command)
    def asking(*args: Any, gate: str, accept: tuple[Path, ...], sheet: Path | None, **others: Any) -> None:
        if sheet:
            require_place(sheet)
        command(*args, asked=Asked(gate, accept, sheet), **others)

    meaning = "; ".join(f"{mode}: {says}" for mode, says in GATES.items())
    file, photograph = click.Path(path_type=Path, dir_okay=False), click.Path(path_type=Path, exists=True)
    for option in (
        click.option("--sheet", type=file, help="Write a contact sheet of all photographs there, as one HTML file."),
        click.option(
            "--accept",
            type=photograph,
            multiple=True,
            help="A photograph to enrol in spite of its doubts, because a person has looked at it. May be repeated.",
        ),
        click.option("--gate", type=click.Choice(list(GATES)), default="refuse", show_default=True, help=f"{meaning}."),
    ):
        asking = option(asking)
    return asking


def show(judged: Sequence[Judged], students: Sequence[Student], asked: Asked) -> None:
    """Write the contact sheet, if one is wanted."""
    from recognition.enrolment.sheet import contact_sheet

    if asked.sheet:
        write_private(asked.sheet, contact_sheet(judged, students, asked.gate))
        click.echo(f"contact sheet: {asked.sheet}", err=True)


def say(judged: Sequence[Judged], asked: Asked) -> None:
    """A line for each photograph with a fault: enrolled all the same, or left out."""
    from recognition.enrolment.gate import lines_of, passes

    for each in judged:
        verb = "warning: enrolled all the same:" if passes(each, asked.gate) else asked.left_out
        for line in lines_of([each]):
            click.echo(f"{verb} {line.strip()}", err=True)
