"""What a rehearsal comes to: tables or data, what could not be told, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from recognition.errors import SetupError
from recognition.one_line import one_line

if TYPE_CHECKING:
    from recognition.rehearsal import Change, Rehearsal, Turn

CHANGED = 3
INSTEAD = "Their clips would tell more: `python -m recognition rehearse --clips DIR --threshold X`."


def tell(rehearsal: Rehearsal, as_json: bool) -> None:
    """Print it, and leave with `CHANGED` if something would change. Raises `SetupError` where nothing can be told."""
    lacking = [*rehearsal.lacking.words(), *([INSTEAD] if rehearsal.lacking.in_records else [])]
    if not rehearsal.clips:
        raise SetupError("\n".join(["nothing can be rehearsed:", *lacking]))
    if as_json:
        click.echo(json.dumps(asdict(rehearsal), indent=2, ensure_ascii=False))
    else:
        _show(rehearsal)
    for line in lacking:
        click.echo(line, err=True)
    if rehearsal.would_change:
        raise click.exceptions.Exit(CHANGED)


def _show(rehearsal: Rehearsal) -> None:
    console = Console(width=None if Console().is_terminal else 160)
    if rehearsal.changes:
        console.print(_changes(rehearsal.changes))
    if rehearsal.roll_calls:
        console.print(_roll_calls(rehearsal.roll_calls))
    click.echo(
        f"{rehearsal.clips} clip(s), {rehearsal.faces} face(s): {len(rehearsal.changes)} answer(s) and "
        f"{len(rehearsal.roll_calls)} line(s) of roll calls would change"
    )


def _changes(changes: Sequence[Change]) -> Table:
    rows = [(each.clip, each.where, each.student_id or "(not recorded)", each.before, each.after) for each in changes]
    return _table(("clip", "face", "student", "now", "then"), rows)


def _roll_calls(turns: Sequence[Turn]) -> Table:
    rows = [(each.section, each.session, each.student_id, each.name, each.before, each.after) for each in turns]
    return _table(("section", "session", "student", "name", "roll call now", "then"), rows)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    drawn = Table(*(Column(title, overflow="fold") for title in titles))  # half a key finds no clip
    for row in rows:
        drawn.add_row(*(Text(one_line(cell)) for cell in row))
    return drawn
