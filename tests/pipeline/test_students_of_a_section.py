"""Everything that a school does about its students, on the deployed stage, each step with the rights of whose it is.

With the LFW students beside the checkout where they are, with the sample faces where not.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from recognition.faces import Rgb
from tests.conftest import SHARED_DATA
from tests.encoded import Kind, encode
from tests.stage import ROOT

pytestmark = pytest.mark.pipeline
LFW = SHARED_DATA / "lfw"
CHANGED, ENDLESS = 3, 3  # exit codes; the local AWS keeps no lifecycle rules
SECTION, SESSION = "bio101", "2026-11-24T0900"
KEYS = f"{SECTION}/{SESSION}/"
ADA, BOB, CYD = "bio/1", "bio/2", "bio/3"  # ids that no folder can have; no other test has them
NAMES = {ADA: "Ada Ferrante", BOB: "Bob Okonjo", CYD: "Cyd Marchetti"}
LIST = f"""student_id;name;sections;granted_by;until;folder
{ADA};{NAMES[ADA]};{SECTION};parents;2099-07-31;ada
{BOB};{NAMES[BOB]};{SECTION};parents;2099-07-31;bob
{CYD};{NAMES[CYD]};{SECTION};parents;2099-07-31;cyd
"""


@dataclass(frozen=True)
class Person:
    """Photographs to enrol, and a clip of the same person."""

    photographs: Sequence[Path]
    clip: bytes


@pytest.fixture(scope="module")
def people(samples: Path) -> tuple[Person, Person]:
    """Two people: of LFW if it is there."""
    if not LFW.is_dir():
        clips = {"eileen_collins": "collins.mp4", "grace_hopper": "hopper.mp4"}
        ada, bob = (
            Person(sorted((samples / "photographs" / who).glob("*.jpg")), (samples / "clips" / clip).read_bytes())
            for who, clip in clips.items()
        )
        return ada, bob
    ada, bob = (
        Person(sorted((LFW / "enrol" / who).iterdir()), moving(sorted((LFW / "probe" / who).iterdir())))
        for who in ("Al_Gore", "Alvaro_Uribe")
    )
    return ada, bob


def moving(photographs: Sequence[Path]) -> bytes:
    """A clip of two seconds that shows the photographs one after the other."""
    frames: list[Rgb] = []
    for path in photographs:
        with Image.open(path) as picture:
            frames += [np.asarray(picture.convert("RGB").resize((500, 500)))] * 5
    return encode(Kind(), frames)


class School:
    """The stage with its people, who each have a role of their own."""

    def __init__(self, pipeline: Any, people: tuple[Person, Person]) -> None:
        self.stage, self.people = pipeline, people
        self.privacy, self.instructor = pipeline.cloud.privacy, pipeline.cloud.instructor

    def says(self, whose: dict[str, str], *arguments: str | Path, code: int = 0) -> str:
        """What `python -m recognition` says to one of them; `code` is how it must end."""
        ran = subprocess.run(
            [sys.executable, "-m", "recognition", *arguments],
            env={**os.environ, **whose, "PYTHONPATH": str(ROOT)},
            cwd=self.stage.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == code, f"{arguments}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def enrol(self) -> None:
        photographs = self.stage.folder / "photographs"
        for name, person in zip(("ada", "bob"), self.people, strict=True):
            (photographs / name).mkdir(parents=True)
            for path in person.photographs:
                (photographs / name / path.name).write_bytes(path.read_bytes())
        (self.stage.folder / "list.csv").write_text(LIST, encoding="utf-8")
        enrol = ROOT / "scripts" / "enrol.sh"
        self.stage.run(enrol, photographs, "--students-csv", "list.csv", "--drop", environment=self.privacy)

    def record(self, **clips: bytes) -> None:
        """Upload clips of the session and wait for all their results."""
        folder = self.stage.folder / "clips"
        folder.mkdir(exist_ok=True)
        for name, clip in clips.items():
            (folder / f"{name}.mp4").write_bytes(clip)
        upload = ROOT / "scripts" / "upload_workload.sh"
        self.stage.run(upload, folder, "--prefix", KEYS, environment=self.instructor)
        self.stage.tick_until(len(list(folder.iterdir())))

    def roll_call(self) -> dict[str, str]:
        self.says(self.instructor, "rollcall", SECTION, SESSION, "--csv", "r.csv", "--html", "r.html", "--png", "r.png")
        text = (self.stage.folder / "r.csv").read_text(encoding="utf-8")
        return {row["student_id"]: row["status"] for row in csv.DictReader(text.splitlines())}


def test_students_are_enrolled_seen_corrected_withdrawn_and_forgotten(
    pipeline: Any, people: tuple[Person, Person]
) -> None:
    school = School(pipeline, people)
    ada, bob = people

    school.enrol()
    school.record(cam1=ada.clip, cam2=bob.clip)
    assert school.roll_call() == {ADA: "present", BOB: "present", CYD: "not enrolled"}
    assert f"{NAMES[ADA]} ({ADA})" in school.says(school.instructor, "explain", f"{KEYS}cam1.mp4", "--picture", "p.jpg")

    by = ("--by", "the instructor")
    school.says(school.instructor, "correct", f"{KEYS}cam2.mp4", "--face", "1", "--unknown", *by)
    assert school.roll_call()[BOB] == "absent"
    assert ADA in school.says(school.instructor, "rehearse", SECTION, "--threshold", "0.9999", code=CHANGED)
    school.says(school.instructor, "correct", f"{KEYS}cam2.mp4", "--face", "1", "--student", BOB, *by)
    assert school.roll_call()[BOB] == "present"

    school.says(school.privacy, "consent", "withdraw", ADA)
    school.record(cam3=ada.clip)
    (unnamed,) = [result for result in pipeline.files() if result.upload.key == f"{KEYS}cam3.mp4"]
    assert (unnamed.outcome, unnamed.students, unnamed.unknown_faces) == ("unknown", (), 1)
    assert school.roll_call()[ADA] == "without consent"

    school.says(school.privacy, "forget", BOB, "--receipt", "receipt.json")
    pipeline.tick()
    assert json.loads((pipeline.folder / "receipt.json").read_text())["complete"]
    assert not [path for path in pipeline.results.iterdir() if NAMES[BOB].encode() in path.read_bytes()]
    assert school.roll_call() == {ADA: "without consent", CYD: "not enrolled"}

    kept = json.loads(school.says(school.privacy, "retention", "--json", code=ENDLESS))
    assert {each["place"]: each["count"] for each in kept}["student table"] >= 2
    assert [each["overdue"] for each in kept] == [0] * len(kept)
    assert f"{ADA}  {NAMES[ADA]}" in school.says(school.privacy, "consent", "report", "--section", SECTION)
