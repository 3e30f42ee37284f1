"""From clips of a section, through every real part, to its roll call."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from localcloud.deployment import client
from recognition.aws.latest import DynamoLatest
from recognition.gallery_file import read_gallery
from tests.stage import ROOT

pytestmark = pytest.mark.pipeline
SECTION, SESSION = "cse546", "2026-11-23T0900"
KEYS = f"{SECTION}/{SESSION}/"


@pytest.fixture
def section(pipeline: Any) -> Any:
    """The stage with both sample students on the section's roster."""
    file = pipeline.folder / "students.json"
    rows = json.loads(file.read_text())
    file.write_text(json.dumps([row | {"sections": [SECTION]} for row in rows]))
    pipeline.recognition("publish")
    return pipeline


def record(section: Any, clip: Path, name: str) -> None:
    """Upload `clip` as a camera of the session would."""
    clips = section.folder / "clips"
    clips.mkdir(exist_ok=True)
    shutil.copy(clip, clips / name)
    section.run(ROOT / "scripts" / "upload_workload.sh", clips, "--prefix", KEYS)
    shutil.rmtree(clips)


def statuses(section: Any) -> dict[str, str]:
    section.recognition("rollcall", SECTION, SESSION, "--csv", "r.csv", "--html", "r.html", "--png", "r.png")
    text = (section.folder / "r.csv").read_text(encoding="utf-8")
    return {row["student_id"]: row["status"] for row in csv.DictReader(text.splitlines())}


def test_the_clips_of_a_section_become_its_roll_call_which_a_person_may_correct(section: Any, samples: Path) -> None:
    record(section, samples / "clips" / "collins.mp4", "cam1.mp4")
    record(section, samples / "clips" / "stranger.mp4", "cam2.mp4")
    section.tick_until(2)
    assert statuses(section) == {"eileen_collins": "present", "grace_hopper": "absent"}
    assert "Eileen Collins" in (section.folder / "r.html").read_text(encoding="utf-8")

    record(section, samples / "clips" / "hopper.mp4", "cam2.mp4")
    section.tick_until(3)
    assert statuses(section) == {"eileen_collins": "present", "grace_hopper": "present"}

    explained = section.recognition("explain", f"{KEYS}cam2.mp4", "--picture", "p.jpg")
    assert "Grace Hopper (grace_hopper)\n    similarity 0.9" in explained
    assert (section.folder / "p.jpg").read_bytes().startswith(b"\xff\xd8")
    section.recognition("correct", f"{KEYS}cam2.mp4", "--face", "1", "--unknown", "--by", "the tests")
    assert statuses(section) == {"eileen_collins": "present", "grace_hopper": "absent"}


def test_the_newest_clips_are_listed_in_pages_with_how_long_they_took(section: Any, samples: Path) -> None:
    for name in ("new1.mp4", "new2.mp4", "new3.mp4"):
        record(section, samples / "clips" / "stranger.mp4", name)
        section.tick_until(int(name[3]))
    operator = section.cloud.operator
    newest = DynamoLatest(client("dynamodb", operator), operator["JOB_TABLE"])
    first = newest.latest(2)
    (third,) = newest.latest(1, first.after).versions
    assert [each.upload.key for each in (*first.versions, third)] == [f"{KEYS}new{number}.mp4" for number in (3, 2, 1)]
    assert newest.in_section(SECTION, SESSION, 1, newest.in_section(SECTION, SESSION, 1).after).versions == (
        first.versions[1],
    )
    assert all(each.took_ms and each.took_ms > 0 for each in first.versions)
    assert [each.key for each in newest.at_work() if each.key.startswith(f"{KEYS}new")] == []
    assert SECTION in newest.sections()


def test_a_face_that_a_person_named_is_cut_out_and_can_be_enrolled_by_hand(section: Any, samples: Path) -> None:
    record(section, samples / "clips" / "hopper.mp4", "cam3.mp4")
    section.tick_until(1)
    section.recognition("correct", f"{KEYS}cam3.mp4", "--face", "1", "--student", "grace_hopper", "--by", "the tests")
    printed = section.recognition("corrections", "propose", SECTION, SESSION, "--cut", "cut")
    assert f"Grace Hopper (grace_hopper): {KEYS}cam3.mp4" in printed
    photographs = section.folder / "photographs"
    shutil.copytree(samples / "photographs", photographs)
    (cut,) = (section.folder / "cut").iterdir()
    shutil.copy(cut, photographs / "grace_hopper")
    section.recognition("enrol", photographs, "--gallery", "more.npz", "--students", "more.json")
    gallery = read_gallery((section.folder / "more.npz").read_bytes())
    assert (gallery.student_ids, gallery.photographs) == (("eileen_collins", "grace_hopper"), (3, 4))
