"""Made clips and their marks: the truth that is shown, the pixels that show it, what an answer is worth."""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from click import UsageError
from PIL import Image

from bench.footage import ROLL_CALL, film
from bench.marks import Answer, Marks, marked, subject
from bench.paths import Tally
from bench.photographs import Photographs
from bench.portraits import cut_out, single_faces
from bench.rollcall import usable
from bench.room import empty_room
from bench.scene import FACE_PX, HEIGHT, WIDTH, Person, Scene, Shown, arranged, scenes
from recognition.decode import open_clip
from recognition.detect import Look
from recognition.faces import Box
from recognition.identify import Identifier

PROBES = {f"student-{n}": [Path(f"probe/{n}/{k}.jpg") for k in range(2)] for n in range(9)}
STRANGERS = [Path(f"strangers/{n}.jpg") for n in range(20)]


def made(count: int = 6, seed: int = 3) -> list[Scene]:
    return scenes(PROBES, STRANGERS, count, np.random.default_rng(seed))


def shown(student_id: str | None, x: float, until_s: float = math.inf, photograph: Path = Path("a.jpg")) -> Shown:
    return Shown(Person(student_id, photograph), 100, x, 400.0, 0.0, 0.0, 0.0, until_s)


ADA, BOB, STRANGER = shown("ada", 300.0), shown("bob", 700.0), shown(None, 1100.0, until_s=1.0)
SCENE = Scene(4.0, (ADA, BOB, STRANGER))


def answer(student_id: str | None, *places: tuple[float, Shown]) -> Answer:
    return Answer(student_id, tuple((time_s, who.face(time_s)) for time_s, who in places))


def test_equal_seeds_make_equal_scenes_and_others_make_others() -> None:
    assert made() == made()
    assert made() != made(seed=4)


def test_half_of_the_people_are_enrolled_and_nobody_is_twice_in_a_scene() -> None:
    casts = [[each.person for each in scene.cast] for scene in made(20)]
    enrolled = sum(person.student_id is not None for cast in casts for person in cast)
    assert enrolled / sum(map(len, casts)) == pytest.approx(0.5, abs=0.05)
    for cast in casts:
        assert len({person.student_id or person.photograph for person in cast}) == len(cast)


def test_no_two_people_ever_cover_one_another_and_all_stay_in_the_picture() -> None:
    for scene in made():
        assert all(one.clear_of(other) for one, other in combinations(scene.cast, 2))
        for each in scene.cast:
            left, top, right, bottom = each.realm
            assert min(left, top) >= 0
            assert right <= WIDTH
            assert bottom <= HEIGHT


def test_faces_have_the_sizes_asked_for_and_move_by_a_few_pixels_a_frame() -> None:
    for each in (person for scene in made() for person in scene.cast):
        boxes = [each.face(number / ROLL_CALL.rate) for number in range(60)]
        assert {box.bottom - box.top + 1 for box in boxes} == {each.face_px}
        assert FACE_PX[0] <= each.face_px <= FACE_PX[1]
        assert 1 <= max(abs(one.left - other.left) for one, other in pairwise(boxes)) <= 6


def test_some_turn_up_later_some_leave_and_everybody_is_seen_for_a_while() -> None:
    everybody = [(scene.seconds, each) for scene in made(20) for each in scene.cast]
    assert any(each.from_s > 0 for _, each in everybody)
    assert any(each.until_s < seconds for seconds, each in everybody)
    for seconds, each in everybody:
        assert sum(each.visible(seconds * n / 100) for n in range(100)) >= 39


def test_whoever_finds_no_room_is_left_out() -> None:
    crowd = [Person(None, photograph) for photograph in STRANGERS * 20]
    assert 10 < len(arranged(crowd, 4.0, np.random.default_rng(1)).cast) < len(crowd)


def test_an_answer_is_about_the_face_that_most_of_its_boxes_cover() -> None:
    assert subject(SCENE, answer(None, (0.0, ADA), (1.0, BOB), (2.0, BOB))) is BOB
    assert subject(SCENE, Answer(None, ((0.0, Box(0, 0, 90, 90)),))) is None


def test_a_face_that_has_left_is_covered_by_nothing() -> None:
    assert subject(SCENE, answer(None, (0.5, STRANGER))) is STRANGER
    assert subject(SCENE, answer(None, (2.0, STRANGER))) is None


def test_right_wrong_and_missing_names_are_told_apart() -> None:
    answers = [answer("ada", (0.0, ADA)), answer("ada", (0.0, STRANGER)), Answer(None, ((0.0, Box(0, 0, 90, 90)),))]
    marks = marked(SCENE, answers)
    figures = marks.figures()
    assert (figures["recall"], figures["precision"]) == (0.5, 0.5)
    assert figures["faces_found"] == pytest.approx(2 / 3, abs=1e-4)
    assert (figures["enrolled_named"], figures["wrong_names"]) == (1, 1)
    assert (figures["unknown_counted"], figures["answers_without_a_face"]) == (1, 1)


def test_a_name_on_a_bookshelf_is_wrong() -> None:
    assert marked(SCENE, [Answer("ada", ((0.0, Box(0, 0, 90, 90)),))]).figures()["precision"] == 0.0


def test_marks_of_several_clips_add_up_by_size() -> None:
    twice = marked(SCENE, [answer("ada", (0.0, ADA))]) + marked(SCENE, [])
    sizes = twice.figures()["per_size"]
    assert isinstance(sizes, list)
    own = next(row for row in sizes if row["from_px"] <= 100 <= row["to_px"])
    assert (own["faces"], own["enrolled"], own["recall"]) == (6, 4, 0.25)
    assert sum(row["faces"] for row in sizes) == 6


def test_shares_of_nothing_are_said_to_be_nothing() -> None:
    assert (Marks().figures()["recall"], Marks().figures()["precision"]) == (None, None)


def test_an_empty_room_shows_the_closest_look_no_face(identifier: Identifier) -> None:
    rooms = (np.asarray(empty_room(np.random.default_rng(seed))) for seed in range(2))
    assert [identifier.detector.detect(room, Look(1080, 1)) for room in rooms] == [[], []]


def test_a_person_is_cut_out_with_the_face_in_the_middle_and_soft_edges(samples: Path, identifier: Identifier) -> None:
    photograph = samples / "photographs" / "grace_hopper" / "1.jpg"
    faces = single_faces([photograph], identifier.detector)
    person = cut_out(photograph, faces[photograph], 120)
    opaque = np.asarray(person.getchannel("A"))
    assert opaque[person.height // 2, person.width // 2] == 255
    assert opaque[0, 0] == opaque[0, -1] == 0
    assert len(np.unique(opaque)) > 20
    found = identifier.detector.detect(np.asarray(person.convert("RGB")), Look(1080, 1))
    middle = Box(person.width // 2 - 60, person.height // 2 - 60, person.width // 2 + 59, person.height // 2 + 59)
    assert max(face.box.overlap(middle) for face in found) > 0.6


def test_a_photograph_with_nobody_in_it_is_not_used(tmp_path: Path, identifier: Identifier) -> None:
    wall = tmp_path / "wall.png"
    Image.new("RGB", (200, 200), (90, 120, 90)).save(wall)
    assert single_faces([wall], identifier.detector) == {}
    with pytest.raises(UsageError, match="exactly one face"):
        usable(Photographs({"ada": []}, {"ada": [wall]}, [wall]), {})


def test_the_film_shows_each_person_where_the_scene_says(samples: Path, identifier: Identifier) -> None:
    photograph = samples / "photographs" / "eileen_collins" / "1.jpg"
    scene = Scene(0.4, (shown("ada", 600.0, until_s=0.2, photograph=photograph),))
    faces = single_faces([photograph], identifier.detector)
    with open_clip(film(scene, faces, np.random.default_rng(1))) as clip:
        first, last = clip.frames([0.0, 5 / ROLL_CALL.rate])
    assert first.rgb.shape == (HEIGHT, WIDTH, 3)
    boxes = [face.box for face in identifier.detector.detect(first.rgb, Look(1080, 0))]
    assert [subject(scene, Answer(None, ((first.time_s, box),))) for box in boxes] == [scene.cast[0]]
    assert identifier.detector.detect(last.rgb, Look(1080, 0)) == []


def test_equal_seeds_make_equal_bytes() -> None:
    nobody = Scene(0.2, ())
    one, same, other = (film(nobody, {}, np.random.default_rng(seed)).getvalue() for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_only_the_work_inside_is_counted() -> None:
    tally = Tally()
    sum(range(300_000))
    assert tally.cpu_s == 0.0
    with tally.timed():
        sum(range(300_000))
    assert tally.cpu_s > 0.0
