"""What a clip's entry costs to write, counted from the calls themselves: the simulation reckons with it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from bench.simulation.limits import SHARED_WRITES
from bench.simulation.scenario import Scenario
from recognition.aws.jobs import BY_SECTION, BY_TIME, LISTED, DynamoJobs
from recognition.decision import write_decision
from recognition.jobs import Entry
from recognition.sections import Session
from tests.decided import SESSION, decision, face
from wire.s3_event import Upload

Item = dict[str, Any]
UPLOAD = Upload("smart-classroom-input-012345678901-us-east-1", f"cse546/{SESSION}/cam1.mp4", "v" * 32, "", "0" * 16, 0)
INDEXES: dict[str, tuple[tuple[str, str], tuple[str, ...] | None]] = {
    BY_SECTION: (("section", "ordering"), None),
    BY_TIME: (("listed_under", "at"), LISTED),
}


def size(item: Item) -> int:
    """Bytes as DynamoDB counts them: names, UTF-8 texts, numbers by two digits a byte and one more."""
    return sum(
        len(name) + (len(text.encode()) if kind == "S" else len(text) // 2 + 2)
        for name, value in item.items()
        for kind, text in value.items()
    )


def units(item: Item) -> int:
    return math.ceil(size(item) / 1024)


def entry(item: Item, index: str) -> Item:
    """What the index holds of the item: nothing while it lacks a key of the index."""
    keys, projected = INDEXES[index]
    if not set(keys) <= item.keys():
        return {}
    return {name: item[name] for name in item if projected is None or name in ("job_id", *keys, *projected)}


def index_units(before: Item, after: Item, index: str) -> int:
    """An entry under another key is deleted and put; one that stays the same costs nothing."""
    old, new = entry(before, index), entry(after, index)
    if old == new:
        return 0
    if old and new and all(old[key] == new[key] for key in INDEXES[index][0]):
        return max(units(old), units(new))
    return sum(units(each) for each in (old, new) if each)


def test_a_class_of_ten_costs_as_many_writes_as_the_simulation_says(stage: Any) -> None:
    jobs = DynamoJobs(stage.dynamodb, "jobs")
    faces = [
        face(n, f"12234{n:02}", runner_up="1234567", similarity=0.9512, margin=0.0312, box=(1200, 344, 1266, 410 + n))
        for n in range(10)
    ]
    text = write_decision(decision(*faces, frames_s=tuple(1.5033 * n for n in range(20))))
    items: list[Item] = [{}]

    def note() -> None:
        items.append(stage.dynamodb.get_item(TableName="jobs", Key={"job_id": {"S": UPLOAD.job_id}})["Item"])

    jobs.begin(UPLOAD, 1_795_000_000.0, 1_795_000_120.0)
    note()
    jobs.keep(UPLOAD, "x" * 3_000, Entry(Session("cse546", SESSION), 1_795_000_002.123, text, 2_100.0))
    note()
    jobs.finish(UPLOAD, "recognised", 1_795_000_002.321)
    note()
    steps = list(pairwise(items))
    of_table = sum(max(units(before or after), units(after)) for before, after in steps)
    of_indexes = sum(index_units(*step, name) for step in steps for name in INDEXES)
    assert (of_table, of_indexes) == (Scenario(1).writes_a_clip, Scenario(1).index_writes_a_clip)
    under_way = [(entry(item, BY_TIME) if item.get("listed_under") == {"S": "working"} else {}) for item in items]
    assert sum(old != new for old, new in pairwise(under_way)) == SHARED_WRITES
