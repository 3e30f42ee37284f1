"""The benchmark of publishing: every run in empty stores, both ways write the same, the medians are told."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import count

import boto3
import numpy as np
import pytest
from click.testing import CliRunner
from moto import mock_aws

from bench import publish
from bench.publish import PLAIN, Run, Timed, figures, measured, middle, table
from bench.stage_store import TEMPLATES, Store, Stores, made_up

STUDENTS = 60


@pytest.fixture
def stores() -> Iterator[Stores]:
    with mock_aws():
        yield Stores(boto3.client("s3"), boto3.client("dynamodb"), count(1))


def test_made_up_students_have_three_templates_each_and_all_consent() -> None:
    gallery, rows = made_up(STUDENTS)
    assert gallery.photographs == (TEMPLATES,) * STUDENTS
    assert [row.student_id for row in rows] == list(gallery.student_ids)
    assert {row.sections for row in rows} == {("section-0",), ("section-1",)}


def test_a_run_publishes_everybody_and_the_customary_way_writes_the_same(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "REGION", "us-east-1")
    gallery, rows = made_up(STUDENTS)
    made: list[Store] = []
    empty = Stores.empty
    monkeypatch.setattr(Stores, "empty", lambda self: made.append(empty(self)) or made[-1])
    run = measured(stores, gallery, rows)
    ours, plain = made
    published = ours.galleries().current()
    assert (published.student_ids, published.enrolled) == (gallery.student_ids, None)
    assert sorted(ours.roster.everybody(), key=lambda row: row.student_id) == rows
    assert sorted(plain.roster.everybody(), key=lambda row: row.student_id) == rows
    with np.load(io.BytesIO(stores.s3.get_object(Bucket=plain.name, Key=PLAIN)["Body"].read())) as stored:
        assert np.array_equal(stored["templates"], published.templates)
    assert min(run.published.wall_s, run.read.wall_s, run.plain_published.wall_s, run.plain_read.wall_s) > 0


def test_every_run_begins_with_an_empty_table(stores: Stores) -> None:
    _, rows = made_up(3)
    for _ in range(2):
        store = stores.empty()
        assert not list(store.roster.everybody())
        store.roster.write(rows)


def test_the_medians_of_the_runs_are_told_beside_the_customary_way() -> None:
    runs = [Run(*(Timed(wall * factor, 0.5) for factor in (1, 2, 0.1, 0.5, 0.05))) for wall in (4.0, 1.0, 2.0)]
    found = figures(middle(runs), 10_000, 3)
    assert (found["published_wall_s"], found["again_wall_s"], found["read_wall_s"]) == (2.0, 4.0, 0.2)
    assert (found["publish_against_plain"], found["read_against_plain"]) == (2.0, 2.0)
    assert table(found).row_count == 5


def test_a_count_that_is_none_is_refused() -> None:
    assert CliRunner().invoke(publish.main, ["--students", "0"]).exit_code == 2
