"""The quality of a look at a face: on the demo's real faces, made worse step by step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import skimage.data
from PIL import Image, ImageEnhance, ImageFilter

from recognition.detect import LOOKS
from recognition.faces import Box, Landmarks, Rgb
from recognition.identify import Identifier
from recognition.quality import FAULTY, Quality, quality_of

ASTRONAUT: Rgb = np.ascontiguousarray(skimage.data.astronaut())
GOOD = Quality(size_px=90, sharpness=0.08, turn=0.05, contrast=45.0, glare=0.0)
Worse = Callable[[Image.Image, float], Image.Image]


def blurred(picture: Image.Image, radius: float) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(radius))


def brightened(picture: Image.Image, factor: float) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(factor)


@pytest.fixture(scope="module")
def face(identifier: Identifier) -> tuple[Box, Landmarks]:
    (found,) = identifier.detector.detect(ASTRONAUT, LOOKS[0])
    return found.box, identifier.embedder.landmarks(ASTRONAUT, found.box)


def test_a_good_photograph_is_as_good_as_any_and_without_fault(face: tuple[Box, Landmarks]) -> None:
    quality = quality_of(ASTRONAUT, *face)
    assert quality.score > 0.9
    assert quality.faults() == ()


@pytest.mark.parametrize(
    ("worse", "steps", "fault"),
    [
        pytest.param(blurred, (1, 2, 4, 8), "blurred", id="blurred"),
        pytest.param(brightened, (0.3, 0.1, 0.04, 0.01), "too dark", id="darkened"),
        pytest.param(brightened, (1.5, 2.5, 4, 8), "too bright", id="brightened"),
    ],
)
def test_what_makes_a_face_worse_lowers_its_quality_until_it_is_a_fault(
    face: tuple[Box, Landmarks], worse: Worse, steps: tuple[float, ...], fault: str
) -> None:
    looks = [np.ascontiguousarray(worse(Image.fromarray(ASTRONAUT), step)) for step in steps]
    qualities = [quality_of(look, *face) for look in (ASTRONAUT, *looks)]
    scores = [quality.score for quality in qualities]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.2
    assert fault in qualities[-1].faults()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"size_px": 18}, "too small"),
        ({"sharpness": 0.01}, "blurred"),
        ({"turn": 0.65}, "turned away"),
        ({"contrast": 4.0}, "too dark"),
        ({"glare": 0.5}, "too bright"),
    ],
)
def test_each_fault_is_told_in_its_own_words(change: dict[str, float], fault: str) -> None:
    quality = Quality(**{name: getattr(GOOD, name) for name in GOOD.__slots__} | change)
    assert quality.faults() == (fault,)
    assert quality.score < FAULTY
    assert GOOD.score == 1.0


@pytest.mark.parametrize("box", [Box(-200, -200, -100, -100), Box(500, 500, 700, 700), Box(-50, -50, 600, 600)])
def test_a_box_beyond_the_border_has_a_quality_too(box: Box) -> None:
    landmarks = np.array([[5, 5], [5, 5], [5, 5], [5, 5], [5, 5]])
    assert 0.0 <= quality_of(ASTRONAUT, box, landmarks).score <= 1.0


def test_the_size_of_the_picture_around_a_face_does_not_matter(face: tuple[Box, Landmarks]) -> None:
    box, landmarks = face
    room = np.zeros((1080, 1920, 3), np.uint8)
    room[200:712, 300:812] = ASTRONAUT
    moved = Box(box.left + 300, box.top + 200, box.right + 300, box.bottom + 200)
    assert quality_of(room, moved, landmarks + (300, 200)) == quality_of(ASTRONAUT, box, landmarks)  # noqa: RUF005
