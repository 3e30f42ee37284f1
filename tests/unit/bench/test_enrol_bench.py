"""The enrolment benchmark's own parts: planted photographs are counted, made-up students are enrolled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from bench.enrol import PHONE, phone_pictures
from bench.planted import doubts
from bench.schoolful import PHOTOGRAPHS, enrol_all, make_photographs
from recognition.enrolment.taken import Taken
from recognition.faces import Box, Embedding
from recognition.gallery_file import read_gallery
from recognition.photograph import Seen
from recognition.quality import Quality
from tests.people import alike

GOOD = Quality(size_px=100, sharpness=0.3, turn=0.0, contrast=40.0, glare=0.0)


def taken(name: str, number: int, embedding: Embedding) -> Taken:
    fingerprint = int.from_bytes(np.random.default_rng(number).bytes(32), "big")
    seen = Seen((200, 200), (Box(0, 0, 99, 99),), embedding, GOOD, fingerprint)
    return Taken(name, Path(name) / f"{number}.jpg", f"{number}", seen)


def test_people_who_differ_are_never_doubted_and_every_planted_photograph_is_caught() -> None:
    people = {f"p{n}": [taken(f"p{n}", 10 * n + k, alike(n, 0.98, 50 + k)) for k in range(4)] for n in range(12)}
    strangers = [taken("strangers", 1000 + n, alike(30 + n, 0.98, 60)) for n in range(5)]
    found = doubts(people, strangers, 3, seed=1)
    assert (found["right_doubted"], found["student_caught"], found["stranger_caught"]) == (0.0, 1.0, 1.0)
    assert found["right"] == 20 * 12 * 3
    assert found["doubted_along"] == 0.0


def test_made_up_students_are_enrolled_and_the_second_run_looks_at_none(tmp_path: Path) -> None:
    make_photographs(tmp_path / "school", 4)
    found = enrol_all(tmp_path / "school", 4)
    gallery = read_gallery((tmp_path / "school" / "gallery.npz").read_bytes())
    assert gallery.photographs == (PHOTOGRAPHS,) * 4
    assert (found.students, found.doubted) == (4, 0)


def test_a_phone_picture_is_twelve_megapixels(tmp_path: Path) -> None:
    Image.new("RGB", (250, 250)).save(tmp_path / "small.jpg")
    (made,) = phone_pictures([tmp_path / "small.jpg"], tmp_path)
    with Image.open(made) as picture:
        assert picture.size == PHONE
