"""What became of the demo's clips: counts the results on disk, fetches their pictures, prints the table.

    python scripts/demo_report.py count CLIPS RESULTS        "4 of 6"; exit code 0 when every clip has its result
    python scripts/demo_report.py table CLIPS RESULTS        the table and the closing line; exit code 1 if one is lost

Believes only the files that the poller wrote. The surprising rule: a clip counts as lost until a readable record of it
lies on the disk, whatever any queue or log says.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from upload_plan import choose_files, plan

from wire.errors import WireError
from wire.result_json import read_result
from wire.result_message import Location, Result

COLOURS = {"recognised": "green", "unknown": "yellow", "no_face": "cyan", "rejected": "red", "superseded": "magenta"}


@dataclass(frozen=True, slots=True)
class Report:
    """The clips' keys in order and the record files found for them; `spare` counts records beyond one a clip."""

    keys: tuple[str, ...]
    found: Mapping[str, tuple[Path, Result]]
    spare: int

    @property
    def lost(self) -> int:
        """How many clips have no result."""
        return len(self.keys) - len(self.found)

    @property
    def closing_line(self) -> str:
        """The demo's last line."""
        return f"demo: {len(self.keys)} clips, {len(self.found)} results, {self.lost} lost"


def report_on(keys: Sequence[str], records: Iterable[tuple[Path, Result]]) -> Report:
    """Match `records` to the clips with `keys`; the first record of a clip stands for it."""
    found: dict[str, tuple[Path, Result]] = {}
    spare = 0
    for path, result in records:
        if result.upload.key in found or result.upload.key not in keys:
            spare += 1
        else:
            found[result.upload.key] = (path, result)
    return Report(tuple(keys), found, spare)


def read_records(results: Path) -> Iterable[tuple[Path, Result]]:
    """Every record in the folder of results; a file that is none is named on stderr and passed over."""
    for path in sorted(results.glob("[!.]*.json")):
        try:
            yield path, read_result(path.read_bytes())
        except WireError as error:
            print(f"demo: {path}: {error}", file=sys.stderr)


def table_of(report: Report) -> Table:
    """A row for each clip, lost ones too; a line within the row for each student."""
    table = Table("clip", "outcome", "students", "similarity", "seconds", title="Roll call")
    for key in report.keys:
        if key not in report.found:
            table.add_row(escape(key), "[bold red]lost", "", "", "")
            continue
        result = report.found[key][1]
        table.add_row(
            escape(key),
            f"[{COLOURS[result.outcome]}]{result.outcome}",
            "\n".join(escape(student.name) for student in result.students) or _aside(result),
            "\n".join(f"{student.similarity:.3f}" for student in result.students),
            f"{result.timing_ms.get('total', 0) / 1000:.2f}",
        )
    return table


def _aside(result: Result) -> str:
    if result.uncertain:
        return "\n".join(f"[yellow]{escape(student.name)}?" for student in result.uncertain)
    return f"[dim]{result.unknown_faces} unknown face(s)" if result.unknown_faces else f"[dim]{escape(result.reason)}"


def fetch_pictures(report: Report) -> int:
    """Copy each result's picture from the output bucket to its record's side; returns how many."""
    import boto3

    s3 = boto3.client("s3")
    wanted = [(path, result.picture_location) for path, result in report.found.values()]
    pictures: list[tuple[Path, Location]] = [(path.with_suffix(".jpg"), place) for path, place in wanted if place]
    for file, place in pictures:
        s3.download_file(place.bucket, place.key, str(file))
    return len(pictures)


def main(arguments: Sequence[str]) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="demo_report.py", description="What became of the demo's clips.")
    parser.add_argument("what", choices=("count", "table"))
    parser.add_argument("clips", type=Path)
    parser.add_argument("results", type=Path)
    asked = parser.parse_args(arguments)
    keys = [sending.key for sending in plan(asked.clips, choose_files(asked.clips).files)]
    report = report_on(keys, read_records(asked.results))
    if asked.what == "count":
        print(f"{len(report.found)} of {len(report.keys)}")
        return int(report.lost > 0)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table_of(report))
    if report.spare:
        console.print(f"[red]{report.spare} record(s) beyond one a clip")
    print(f"{fetch_pictures(report)} pictures and {len(report.found)} roll calls are in {asked.results}")
    print(report.closing_line)
    return int(report.lost > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
