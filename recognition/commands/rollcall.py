"""`rollcall`: who of a section was there, in one session or in all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from recognition.commands.records import Records, file_option, stage_records
from recognition.files import require_place, write_private
from recognition.one_line import one_line

if TYPE_CHECKING:
    from recognition.rollcall import RollCall
    from recognition.rollcall_matrix import Matrix


@click.command()
@click.argument("section")
@click.argument("session", required=False)
@file_option("--csv", "Write it as CSV.")
@file_option("--html", "Write it as a page that needs nothing else.")
@file_option("--png", "Write it as a picture.")
@click.option("--pictures", is_flag=True, help="With --html and a SESSION: the page shows each clip's picture.")
def rollcall(
    section: str, session: str | None, csv: Path | None, html: Path | None, png: Path | None, pictures: bool
) -> None:
    """Who of SECTION was there: in SESSION with the evidence, without it in all sessions side by side."""
    from recognition.rollcall import roll_calls
    from recognition.rollcall_csv import matrix_csv, session_csv
    from recognition.rollcall_matrix import matrix_of
    from recognition.rollcall_page import matrix_page, session_page
    from recognition.rollcall_picture import rollcall_picture
    from recognition.rollcall_wording import remarks

    if pictures and not (html and session):
        raise click.UsageError("--pictures goes with --html and a SESSION")
    for path in filter(None, (csv, html, png)):
        require_place(path)
    records = stage_records()
    versions = records.of_section(section, session)
    standing = records.standing(section, versions)
    calls = roll_calls(versions, standing, records.output_bucket)
    if session is not None:
        calls = [replace(call, clips=records.with_pictures(call.clips)) for call in calls]
    matrix, told = matrix_of(section, calls), [remark for call in calls for remark in remarks(call)]
    shown = _pictures(records, calls[0]) if pictures else {}
    now = datetime.now(timezone.utc)
    if csv:
        write_private(csv, (matrix_csv(matrix) if session is None else session_csv(calls[0])).encode())
    if html:
        page = matrix_page(matrix, now, told) if session is None else session_page(calls[0], now, shown)
        write_private(html, page.encode())
    if png:
        write_private(png, rollcall_picture(matrix, f"Roll call {section}"))
    Console(width=None if Console().is_terminal else 160).print(_table(matrix))
    for remark in dict.fromkeys(told):
        click.echo(one_line(remark), err=True)


def _pictures(records: Records, call: RollCall) -> dict[str, bytes]:
    found = {clip.version.upload.key: records.picture(clip.version, clip.picture) for clip in call.clips}
    return {key: picture for key, picture in found.items() if picture is not None}


def _table(matrix: Matrix) -> Table:
    """Many sessions get a letter each."""
    from recognition.rollcall_wording import LETTERS, MOST_WORDS, session_title

    short = len(matrix.sessions) > MOST_WORDS
    table = Table("student", "name", *(escape(one_line(session_title(session))) for session in matrix.sessions))
    for row in matrix.rows:
        name = one_line(row.name) if row.on_roster else f"{one_line(row.name)} (not on the roster)"
        words = (LETTERS[status] if short and status else status for status in row.statuses)
        table.add_row(escape(one_line(row.student_id)), escape(name), *words)
    return table
