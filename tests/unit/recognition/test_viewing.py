"""How much of a clip is looked at, and how closely. Detector and embedder say what they are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from recognition.detect import DETECTORS, LOOKS, Look
from recognition.enough import CLOSEST_FRAMES, spread
from recognition.faces import Box, Detection, Embedding, Frame, Grey, Landmarks, Rgb, distinct
from recognition.gallery import Gallery, make_gallery
from recognition.stopwatch import Stopwatch
from recognition.viewing import Viewing
from tests.people import alike, direction, gallery_of

FIRST, SECOND, CLOSEST = LOOKS
LARGE, SMALL, BEHIND = Box(100, 100, 399, 399), Box(100, 100, 199, 199), Box(700, 100, 760, 160)
FRONTAL = np.array([[70, 30], [60, 30], [20, 30], [30, 30], [45, 60]])
NOISE = np.random.default_rng(1).integers(0, 255, (1080, 1920, 3), dtype=np.uint8)  # sharp, and of every grey
ADA, STRANGER = direction(0), direction(9)


@dataclass
class Scene:
    """`faces[look]` are the boxes that the look shows in every frame; `who[left edge]` is whose face it is."""

    faces: Mapping[Look, list[Box]]
    who: Mapping[int, Embedding] = field(default_factory=lambda: {100: ADA, 700: STRANGER})
    looked: list[tuple[int, Look]] = field(default_factory=list)
    embedded: int = 0

    def detect(self, rgb: Rgb, look: Look, reduced: Grey | None = None) -> list[Detection]:
        self.looked.append((int(rgb[0, 0, 0]), look))
        return [Detection(box, 1.0) for box in self.faces.get(look, [])]

    def landmarks(self, rgb: Rgb, box: Box) -> Landmarks:
        return np.add(FRONTAL, (box.left, box.top))

    def embed(self, rgb: Rgb, box: Box, landmarks: Landmarks | None = None) -> Embedding:
        self.embedded += 1
        return self.who[box.left]

    def frames(self, count: int = 5) -> Iterator[Frame]:
        for number in range(count):
            picture = NOISE.copy()
            picture[0, 0] = number
            yield Frame(float(number), picture)


def view(
    scene: Scene, *, single_shot: bool, gallery: Gallery | None = None, using: str = "hog", count: int = 5
) -> Viewing:
    viewing = Viewing(scene, scene, gallery or gallery_of("ada", "bob"), Stopwatch(), DETECTORS[using])
    viewing.look_through(scene.frames(count), single_shot=single_shot)
    return viewing


def answers(viewing: Viewing) -> list[str]:
    return [verdict.answer for verdict in viewing.verdicts()]


def test_one_large_face_beyond_doubt_in_a_single_shot_needs_one_frame_and_one_look() -> None:
    scene = Scene({FIRST: [LARGE]})
    assert answers(view(scene, single_shot=True)) == ["identified"]
    assert scene.looked == [(0, FIRST)]


def test_where_the_picture_may_change_every_frame_is_looked_at() -> None:
    scene = Scene({FIRST: [LARGE]})
    view(scene, single_shot=False)
    assert scene.looked == [*((n, FIRST) for n in range(5)), (2, CLOSEST)]


def test_a_class_behind_somebody_near_the_camera_is_found_in_a_longer_clip() -> None:
    scene = Scene({FIRST: [LARGE], CLOSEST: [LARGE, BEHIND]})
    viewing = view(scene, single_shot=False)
    assert answers(viewing) == ["identified", "unknown"]
    assert [n for n, look in scene.looked if look == CLOSEST] == [2, 0, 4]


@pytest.mark.parametrize(
    ("above_threshold", "frames"), [(0.004, 5), (0.006, 1)], ids=["named, barely", "named beyond doubt"]
)
def test_doubt_about_the_only_face_makes_every_frame_count(above_threshold: float, frames: int) -> None:
    gallery = gallery_of("ada", "bob")
    scene = Scene({FIRST: [LARGE]}, who={100: alike(0, gallery.threshold + above_threshold)})
    viewing = view(scene, single_shot=True, gallery=gallery)
    assert (answers(viewing), len(viewing.frames)) == (["identified"], frames)


def test_a_runner_up_close_behind_makes_every_frame_count() -> None:
    gallery = make_gallery({"ada": [direction(0)], "bob": [alike(0, 0.98, towards=1)]})
    viewing = view(Scene({FIRST: [LARGE]}), single_shot=True, gallery=gallery)
    assert (answers(viewing), len(viewing.frames)) == (["identified"], 5)


def test_an_unknown_face_may_be_a_student_seen_badly_so_every_frame_counts() -> None:
    viewing = view(Scene({FIRST: [LARGE]}, who={100: STRANGER}), single_shot=True)
    assert (answers(viewing), len(viewing.frames)) == (["unknown"], 5)


def test_a_small_face_beyond_doubt_is_checked_for_company_in_that_frame() -> None:
    scene = Scene({FIRST: [SMALL], SECOND: [SMALL]})
    assert answers(view(scene, single_shot=True)) == ["identified"]
    assert scene.looked == [(0, FIRST), (0, SECOND)]
    assert scene.embedded == 1


def test_somebody_found_further_back_makes_every_frame_count() -> None:
    scene = Scene({FIRST: [SMALL], SECOND: [SMALL, BEHIND], CLOSEST: [SMALL, BEHIND]})
    viewing = view(scene, single_shot=True)
    assert answers(viewing) == ["identified", "unknown"]
    assert len(viewing.frames) == 5
    assert {n for n, look in scene.looked if look == CLOSEST} == {0, 2, 4}


def test_two_large_faces_are_no_reason_to_stop_nor_to_look_closer() -> None:
    beside = Box(700, 100, 999, 399)
    scene = Scene({FIRST: [LARGE, beside]})
    assert answers(view(scene, single_shot=True)) == ["identified", "unknown"]
    assert scene.looked == [(n, FIRST) for n in range(5)]


@pytest.mark.parametrize("found_by", [0, 1, 2])
def test_closer_looks_at_every_frame_follow_while_nobody_is_found(found_by: int) -> None:
    scene = Scene({LOOKS[found_by]: [LARGE]})
    view(scene, single_shot=False)
    looks = [(n, look) for look in LOOKS[: found_by + 1] for n in range(5)]
    assert scene.looked == (looks if found_by == 2 else [*looks, (2, CLOSEST)])


def test_an_empty_room_gets_the_closest_look_in_every_frame_and_no_more() -> None:
    scene = Scene({})
    assert answers(view(scene, single_shot=True)) == []
    assert scene.looked == [(n, look) for look in LOOKS for n in range(5)]


def test_the_second_opinion_is_asked_only_where_nobody_was_found_and_in_some_frames() -> None:
    cnn = DETECTORS["hog+cnn"][-1]
    empty, found = Scene({cnn: [LARGE]}), Scene({CLOSEST: [LARGE]})
    assert answers(view(empty, single_shot=False, using="hog+cnn", count=7)) == ["identified"]
    assert [n for n, look in empty.looked if look == cnn] == [0, 3, 6]
    view(found, single_shot=False, using="hog+cnn")
    assert cnn not in {look for _, look in found.looked}


def test_small_faces_get_the_closest_look_in_some_frames_and_nobody_is_embedded_twice() -> None:
    scene = Scene({FIRST: [SMALL], CLOSEST: [SMALL, BEHIND]})
    assert answers(view(scene, single_shot=False)) == ["identified", "unknown"]
    assert scene.embedded == 5 + CLOSEST_FRAMES


def test_a_frame_in_which_two_looks_find_the_same_face_counts_it_once() -> None:
    moved = Box(110, 104, 205, 199)
    scene = Scene({FIRST: [SMALL], CLOSEST: [moved]}, who={100: ADA, 110: STRANGER})
    assert answers(view(scene, single_shot=False)) == ["identified"]


def test_of_two_boxes_for_one_face_the_more_confident_stays() -> None:
    weak, strong = Detection(Box(0, 0, 99, 99), 0.1), Detection(Box(10, 10, 109, 109), 0.9)
    apart = Detection(Box(300, 0, 399, 99), 0.05)
    assert distinct([weak, strong, apart], []) == [strong, apart]
    assert distinct([weak, strong, apart], [Box(5, 5, 104, 104)]) == [apart]


def test_some_frames_are_spread_from_the_first_to_the_last() -> None:
    assert spread(3, 12) == [0, 6, 11]
    assert spread(3, 5) == [0, 2, 4]
    assert spread(3, 2) == [0, 1]
    assert spread(3, 0) == []
