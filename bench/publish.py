"""Seconds that publishing ten thousand students takes over loopback, and that the function takes to read them.

The baseline does the same the customary way, in the same run: boto3's batch writer for the same rows, one put and one
get of the same file. The surprising rule: every run has an empty table; publishing the same again is a figure of its
own, because rows that are there already are looked at and stay.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import boto3
import click
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.bucket import client, emulated
from bench.command import json_option, write_figures
from bench.spent import cpu_s
from bench.stage_store import TEMPLATES, Store, Stores, made_up
from localcloud.credentials import REGION, ROOT_KEY
from localcloud.errors import LocalCloudError
from recognition.gallery import Gallery
from recognition.gallery_file import write_gallery
from recognition.publish import publish
from recognition.roster import Student, to_row

PLAIN = "plain.npz"


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds by the clock, and of this process's CPU and the emulator's."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Run:
    """Ours: into an empty table, the same again, read by a function that has read none.

    The customary way: the same rows and file written, the file read.
    """

    published: Timed
    again: Timed
    read: Timed
    plain_published: Timed
    plain_read: Timed


def measured(stores: Stores, gallery: Gallery, rows: Sequence[Student]) -> Run:
    """One run, in two empty stores."""
    store, plain = stores.empty(), stores.empty()
    file = write_gallery(replace(gallery, enrolled=None))
    return Run(
        published=_timed(lambda: _publish(gallery, rows, store)),
        again=_timed(lambda: _publish(gallery, rows, store)),
        read=_timed(lambda: store.galleries().current()),
        plain_published=_timed(lambda: _plainly(rows, file, plain)),
        plain_read=_timed(lambda: _plainly_read(plain)),
    )


def middle(runs: Sequence[Run]) -> Run:
    """The median of each time over the runs."""
    return Run(*(_middle([getattr(run, each.name) for run in runs]) for each in fields(Run)))


def figures(run: Run, students: int, runs: int) -> dict[str, object]:
    """The figures of the JSON file."""
    times = {
        f"{each.name}_{kind}": round(getattr(getattr(run, each.name), kind), 3)
        for each in fields(Run)
        for kind in ("wall_s", "cpu_s")
    }
    return {
        "students": students,
        "templates_each": TEMPLATES,
        "runs": runs,
        **times,
        "publish_against_plain": round(run.published.wall_s / run.plain_published.wall_s, 2),
        "publish_cpu_against_plain": round(run.published.cpu_s / run.plain_published.cpu_s, 2),
        "read_against_plain": round(run.read.wall_s / run.plain_read.wall_s, 2),
    }


def table(found: Mapping[str, object]) -> Table:
    """A row for each step, ours and the customary way."""
    drawn = Table("", "s", "CPU s, with the emulator's", "wanted, s")
    steps = {
        "published": ("publish into an empty table", "5"),
        "again": ("the same again", ""),
        "plain_published": ("batch writer and one put", ""),
        "read": ("the function reads it", "1"),
        "plain_read": ("one get and numpy.load", ""),
    }
    for name, (title, wanted) in steps.items():
        drawn.add_row(title, f"{found[f'{name}_wall_s']:.2f}", f"{found[f'{name}_cpu_s']:.2f}", wanted)
    return drawn


def _publish(gallery: Gallery, rows: Sequence[Student], store: Store) -> None:
    now = datetime.now(timezone.utc)
    publish(gallery, rows, now, roster=store.roster, galleries=store.galleries(), erased=store.erased)


def _plainly(rows: Sequence[Student], file: bytes, store: Store) -> None:
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=store.dynamodb.meta.endpoint_url,
        region_name=REGION,
        aws_access_key_id=ROOT_KEY,
        aws_secret_access_key=ROOT_KEY,
    )
    with resource.Table(store.name).batch_writer() as batch:
        for row in rows:
            batch.put_item(Item=to_row(row))
    store.s3.put_object(Bucket=store.name, Key=PLAIN, Body=file)


def _plainly_read(store: Store) -> object:
    body = store.s3.get_object(Bucket=store.name, Key=PLAIN)["Body"].read()
    with np.load(io.BytesIO(body)) as stored:
        return [stored[name] for name in stored.files]


def _timed(work: Callable[[], Any]) -> Timed:
    began, cpu = time.perf_counter(), cpu_s()
    work()
    return Timed(time.perf_counter() - began, cpu_s() - cpu)


def _middle(times: Sequence[Timed]) -> Timed:
    return Timed(median(each.wall_s for each in times), median(each.cpu_s for each in times))


@click.command()
@json_option
@click.option("--students", type=click.IntRange(min=1), default=10_000, show_default=True, help="How many to publish.")
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True, help="The medians count.")
def main(json: Path | None, students: int, runs: int) -> None:
    """Publish made-up students with three templates each to an emulator on loopback, and read them back."""
    gallery, rows = made_up(students)
    try:
        with emulated() as port:
            stores = Stores(client("s3", port), client("dynamodb", port), count(1))
            measured(stores, *made_up(10))  # opens the connections and compiles the modules
            shown = track(range(runs), "publishing", console=Console(stderr=True))
            found = figures(middle([measured(stores, gallery, rows) for _ in shown]), students, runs)
    except LocalCloudError as error:
        raise click.ClickException(str(error)) from error
    said = "ours / the customary way: publishing {publish_against_plain}, reading {read_against_plain}"
    Console().print(table(found), said.format(**found))
    write_figures(json, found)


if __name__ == "__main__":
    main(prog_name="scripts/bench.sh publish")
