"""Detection, embedding and identification with the real models on real and drawn faces."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from recognition.detect import DETECTORS, LOOKS, Detector, Look
from recognition.enrol import Enrolment
from recognition.faces import Box, Rgb
from recognition.gallery import Gallery, make_gallery
from recognition.identify import Finding, Identifier
from recognition.stopwatch import Stopwatch

ASTRONAUT: Rgb = np.ascontiguousarray(skimage.data.astronaut())


@pytest.fixture
def gallery(enrolment: Enrolment) -> Gallery:
    return enrolment.gallery


def look_at(path: Path, gallery: Gallery, identifier: Identifier) -> Finding:
    with path.open("rb") as file:
        return identifier.identify(file, gallery, Stopwatch())


def test_our_embedding_equals_face_recognitions_for_the_same_box(identifier: Identifier) -> None:
    import face_recognition

    (face,) = identifier.detector.detect(ASTRONAUT, LOOKS[1])
    box = face.box
    places = [(box.top, box.right, box.bottom, box.left)]
    (theirs,) = face_recognition.face_encodings(ASTRONAUT, known_face_locations=places)
    assert np.abs(identifier.embedder.embed(ASTRONAUT, box) - theirs).max() < 1e-6


def test_boxes_come_back_in_full_size_pixels(identifier: Identifier) -> None:
    large = np.ascontiguousarray(Image.fromarray(ASTRONAUT).resize((1536, 1536)))
    (box,) = (face.box for face in identifier.detector.detect(ASTRONAUT, Look(512, 0)))
    expected = Box(3 * box.left, 3 * box.top, 3 * box.right, 3 * box.bottom)
    assert max(face.box.overlap(expected) for face in identifier.detector.detect(large, Look(512, 0))) > 0.9


def test_a_reduced_grey_picture_of_the_right_size_serves_and_any_other_is_passed_over(identifier: Identifier) -> None:
    large = np.ascontiguousarray(Image.fromarray(ASTRONAUT).resize((1536, 1536)))
    reduced = np.ascontiguousarray(Image.fromarray(large).convert("L").resize((480, 480)))
    (own,) = identifier.detector.detect(large, Look(480, 0))
    (given,) = identifier.detector.detect(large, Look(480, 0), reduced)
    assert own.box.overlap(given.box) > 0.9
    blank = np.zeros_like(reduced)
    assert identifier.detector.detect(large, Look(480, 0), blank) == []
    assert identifier.detector.detect(large, Look(720, 0), blank) != []


def test_a_small_face_is_found_by_looking_closer(identifier: Identifier) -> None:
    scene = np.full((1080, 1920, 3), 128, np.uint8)
    scene[400:550, 900:1050] = np.asarray(Image.fromarray(ASTRONAUT[0:300, 70:370]).resize((150, 150)))
    found = [len(identifier.detector.detect(scene, look)) for look in LOOKS]
    assert found[0] == 0
    assert found[-1] == 1


def test_the_second_opinion_finds_a_face_lying_on_its_side_where_hog_finds_none() -> None:
    detector, lying = Detector(), np.ascontiguousarray(np.rot90(ASTRONAUT))
    *by_hog, by_cnn = (detector.detect(lying, look) for look in DETECTORS["hog+cnn"])
    assert by_hog == [[], [], []]
    (face,) = by_cnn
    upright = detector.detect(ASTRONAUT, LOOKS[0])[0].box
    turned = Box(upright.top, 511 - upright.right, upright.bottom, 511 - upright.left)
    assert face.box.overlap(turned) > 0.5


@pytest.mark.parametrize(
    ("clip", "students"),
    [
        ("collins.mp4", ["eileen_collins"]),
        ("hopper.mp4", ["grace_hopper"]),
        ("both of them.mp4", ["eileen_collins", "grace_hopper"]),
        ("stranger.mp4", [None]),
        ("empty room.mp4", []),
    ],
)
def test_the_sample_clips_show_whom_they_show(
    samples: Path, gallery: Gallery, identifier: Identifier, clip: str, students: list[str | None]
) -> None:
    finding = look_at(samples / "clips" / clip, gallery, identifier)
    assert sorted(map(str, (verdict.student_id for verdict in finding.verdicts))) == sorted(map(str, students))
    assert len(finding.frames) == 5


def test_with_nobody_enrolled_every_face_is_unknown(samples: Path, identifier: Identifier) -> None:
    finding = look_at(samples / "clips" / "both of them.mp4", make_gallery({}), identifier)
    assert [verdict.student_id for verdict in finding.verdicts] == [None, None]


@pytest.mark.parametrize("module", ["handler", "recognition", "recognition.bootstrap", "recognition.pipeline"])
def test_importing_loads_no_model_library_and_no_client(module: str) -> None:
    heavy = ("dlib", "av", "boto3", "face_recognition_models")
    code = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
