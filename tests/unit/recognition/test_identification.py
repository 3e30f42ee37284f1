"""The rule that names people: nearest template, fitted threshold, tracks, votes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.faces import Box, unit
from recognition.gallery import make_gallery
from recognition.match import NO_RUNNER_UP, nearest, nearest_each
from recognition.threshold import fitted_threshold
from recognition.track import Track, link
from recognition.vote import CLEAR_LOOK, decide, judge
from tests.people import alike, direction, gallery_of, sighting


def test_the_nearest_template_wins_not_the_first_one_close_enough() -> None:
    gallery = make_gallery({"first": [alike(0, 0.95)], "nearer": [alike(0, 0.99)]})
    match = nearest(direction(0), gallery)
    assert match is not None
    assert match.student_id == "nearer"
    assert match.margin == pytest.approx(0.04)


def test_an_empty_gallery_matches_nobody() -> None:
    assert nearest(direction(0), make_gallery({})) is None


def test_the_only_student_has_no_runner_up() -> None:
    match = nearest(direction(0), gallery_of("ada"))
    assert match is not None
    assert match.margin == NO_RUNNER_UP


def test_several_probes_get_the_matches_they_would_get_alone() -> None:
    rng = np.random.default_rng(3)
    people = unit(rng.normal(size=(40, 128)))
    gallery = make_gallery({str(n): [person] for n, person in enumerate(people)})
    probes = unit(people[:6] + rng.normal(0, 0.05, size=(6, 128)))
    together = nearest_each(probes, gallery)
    assert [match.student_id for match in together] == ["0", "1", "2", "3", "4", "5"]
    for match, probe in zip(together, probes, strict=True):
        alone = nearest(probe, gallery)
        assert alone is not None
        assert (match.similarity, match.margin) == pytest.approx((alone.similarity, alone.margin), abs=1e-12)


def test_the_margin_is_the_lead_over_the_second_nearest_whatever_the_order() -> None:
    gallery = make_gallery({"third": [alike(0, 0.5)], "second": [alike(0, 0.9)], "nearest": [alike(0, 0.98)]})
    (match,) = nearest_each(direction(0)[np.newaxis], gallery)
    assert (match.student_id, match.similarity, match.margin) == ("nearest", pytest.approx(0.98), pytest.approx(0.08))


def test_two_students_who_look_the_same_leave_no_margin() -> None:
    match = nearest(direction(0), make_gallery({"twin": [direction(0)], "other twin": [direction(0)]}))
    assert match is not None
    assert match.margin == 0.0


def test_several_probes_match_nobody_in_an_empty_gallery() -> None:
    assert nearest_each(np.stack([direction(0), direction(1)]), make_gallery({})) == []


def test_the_template_is_the_mean_of_the_photographs() -> None:
    gallery = make_gallery({"ada": [direction(0), direction(1)]})
    assert gallery.templates[0] == pytest.approx(unit(direction(0) + direction(1)))


@pytest.mark.parametrize(("students", "photographs", "measured"), [(50, 3, 0.945), (150, 3, 0.950), (50, 1, 0.934)])
def test_the_threshold_is_near_what_was_measured_for_such_rosters(
    students: int, photographs: int, measured: float
) -> None:
    assert fitted_threshold([photographs] * students) == pytest.approx(measured, abs=0.003)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=60))
def test_more_students_or_more_photographs_never_lower_the_threshold(photographs: list[int]) -> None:
    threshold = fitted_threshold(photographs)
    assert 0.9 < threshold < 1.0
    assert fitted_threshold([*photographs, max(photographs)]) >= threshold - 1e-4
    assert fitted_threshold([count + 1 for count in photographs]) >= threshold


def test_nobody_can_be_named_from_an_empty_roster() -> None:
    assert fitted_threshold([]) == 1.0


def test_a_student_without_photographs_has_no_threshold() -> None:
    with pytest.raises(ValueError, match="at least one photograph"):
        fitted_threshold([3, 0])


def test_the_threshold_itself_still_names() -> None:
    gallery = gallery_of("ada", "bob")
    at, below = (judge(Track((sighting(0, alike(0, gallery.threshold + step)),)), gallery) for step in (1e-9, -1e-4))
    assert at.student_id == "ada"
    assert below.student_id is None
    assert below.match is not None


def test_the_mean_of_the_frames_decides_not_the_best_frame() -> None:
    gallery = gallery_of("ada", "bob")
    track = Track((sighting(0, direction(0)), sighting(1, alike(0, 0.5)), sighting(2, alike(0, 0.5))))
    assert judge(track, gallery).student_id is None


def test_most_frames_must_agree_on_the_student() -> None:
    gallery = make_gallery({"ada": [direction(0)], "bob": [alike(0, 0.9, towards=1)]})
    near_bob = unit(direction(0) + 1.2 * alike(0, 0.9, towards=1))
    votes_split = Track((sighting(0, alike(0, 0.999)), sighting(1, near_bob)))
    verdict = judge(votes_split, gallery)
    assert verdict.match is not None
    assert verdict.match.similarity >= gallery.threshold
    assert verdict.votes == 1
    assert verdict.student_id is None


def test_below_the_threshold_a_face_is_uncertain_and_further_below_unknown() -> None:
    gallery = gallery_of("ada", "bob")
    steps = {gallery.threshold: "identified", gallery.threshold - 1e-4: "uncertain"}
    steps |= {gallery.uncertain_from: "uncertain", gallery.uncertain_from - 1e-4: "unknown"}
    for similarity, answer in steps.items():
        verdict = judge(Track((sighting(0, alike(0, similarity + 1e-9)),)), gallery)
        assert verdict.answer == answer
        assert verdict.candidate_id == ("ada" if answer == "uncertain" else None)


def test_between_two_look_alikes_nobody_is_named() -> None:
    gallery = make_gallery({"ada": [alike(0, 0.98, towards=1)], "her twin": [alike(0, 0.979, towards=2)]})
    verdict = judge(Track((sighting(0, direction(0)),)), gallery)
    assert verdict.match is not None
    assert verdict.match.similarity > gallery.threshold
    assert (verdict.answer, verdict.candidate_id) == ("uncertain", "ada")


@pytest.mark.parametrize(("quality", "answer"), [(CLEAR_LOOK, "identified"), (CLEAR_LOOK - 0.01, "uncertain")])
def test_nobody_is_named_from_poor_looks_alone(quality: float, answer: str) -> None:
    looks = tuple(replace(sighting(n, direction(0)), quality=quality / (n + 1)) for n in range(3))
    assert judge(Track(looks), gallery_of("ada", "bob")).answer == answer


def test_a_poor_look_counts_less_than_a_clear_one() -> None:
    clear, poor = sighting(0, direction(0)), replace(sighting(1, direction(1)), quality=0.1)
    assert Track((clear, poor)).probe == pytest.approx(unit(direction(0) + 0.1 * direction(1)))
    useless = replace(poor, quality=0.0)
    assert Track((useless,)).probe == pytest.approx(direction(1))


def test_frames_that_disagree_leave_it_uncertain() -> None:
    gallery = make_gallery({"ada": [direction(0)], "bob": [alike(0, 0.9, towards=1)]})
    near_bob = unit(direction(0) + 1.2 * alike(0, 0.9, towards=1))
    verdict = judge(Track((sighting(0, direction(0)), sighting(1, near_bob))), gallery)
    assert verdict.answer == "uncertain"


def test_one_person_in_five_frames_is_one_track() -> None:
    tracks = link([sighting(n, alike(0, 0.99), left=100 + 40 * n) for n in range(5)])
    assert [len(track.sightings) for track in tracks] == [5]


def test_two_faces_in_one_frame_are_two_people_however_alike() -> None:
    twins = [sighting(n, alike(0, 0.995), left=left) for n in range(3) for left in (100, 600)]
    assert sorted(len(track.sightings) for track in link(twins)) == [3, 3]


def test_strangers_in_the_same_place_are_not_linked() -> None:
    assert len(link([sighting(0, direction(0)), sighting(1, direction(1))])) == 2


def test_a_turned_head_in_the_same_place_stays_one_person() -> None:
    assert len(link([sighting(0, direction(0)), sighting(1, alike(0, 0.9))])) == 1
    assert len(link([sighting(0, direction(0)), sighting(1, alike(0, 0.9), left=900)])) == 2


def test_a_person_who_leaves_and_returns_is_one_track() -> None:
    tracks = link([sighting(0, direction(0)), sighting(4, alike(0, 0.97), left=900)])
    assert len(tracks) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=20))
def test_linking_neither_loses_nor_doubles_a_sighting(seen: list[tuple[int, int]]) -> None:
    sightings = [sighting(frame, direction(person), left=200 * n) for n, (frame, person) in enumerate(seen)]
    linked = [each for track in link(sightings) for each in track.sightings]
    assert sorted(map(id, linked)) == sorted(map(id, sightings))


def test_everybody_enrolled_is_named_and_the_stranger_counts_once() -> None:
    gallery = gallery_of("ada", "bob")
    frames = [sighting(n, direction(p), left=300 * p) for n in range(3) for p in (0, 1, 5)]
    verdicts = decide(link(frames), gallery)
    assert [verdict.student_id for verdict in verdicts].count(None) == 1
    assert {verdict.student_id for verdict in verdicts} == {"ada", "bob", None}


def test_two_faces_in_one_frame_cannot_be_the_same_student() -> None:
    gallery = gallery_of("ada")
    pair = [sighting(0, direction(0)), sighting(0, alike(0, 0.96), left=600)]
    verdicts = decide(link(pair), gallery)
    assert sorted(str(verdict.student_id) for verdict in verdicts) == ["None", "ada"]
    named = next(verdict for verdict in verdicts if verdict.student_id)
    assert named.match is not None
    assert named.match.similarity == pytest.approx(1.0)


def test_two_tracks_of_one_student_that_never_meet_are_one_person() -> None:
    gallery = gallery_of("ada")
    left, right = alike(0, 0.96, towards=1), alike(0, 0.96, towards=2)
    verdicts = decide([Track((sighting(0, left),)), Track((sighting(3, right, left=900),))], gallery)
    assert [verdict.student_id for verdict in verdicts] == ["ada"]
    assert verdicts[0].track.frames == {0, 3}


def test_an_uncertain_sight_of_somebody_identified_elsewhere_is_not_another_person() -> None:
    gallery = gallery_of("ada")
    turned = alike(0, gallery.uncertain_from + 0.001, towards=1)
    tracks = [Track((sighting(0, direction(0)),)), Track((sighting(3, turned, left=900),))]
    (verdict,) = decide(tracks, gallery)
    assert (verdict.student_id, verdict.track.frames) == ("ada", {0, 3})


def test_an_uncertain_face_unlike_the_identified_student_is_somebody_else() -> None:
    gallery = gallery_of("ada")
    seen = alike(0, gallery.threshold + 0.01, towards=1)
    lookalike = alike(0, gallery.uncertain_from + 0.001, towards=2)
    assert float(seen @ lookalike) < 0.88
    tracks = [Track(tuple(sighting(n, seen) for n in range(3))), Track((sighting(4, lookalike, left=900),))]
    assert [verdict.answer for verdict in decide(tracks, gallery)] == ["identified", "unknown"]


def test_a_sight_that_would_spoil_the_identification_is_left_an_unknown_face() -> None:
    gallery = gallery_of("ada")
    barely = alike(0, gallery.threshold + 0.0001, towards=1)
    doubtful = Track(tuple(sighting(n, alike(0, gallery.uncertain_from, towards=1), left=900) for n in (3, 4, 5)))
    answers = [verdict.answer for verdict in decide([Track((sighting(0, barely),)), doubtful], gallery)]
    assert answers == ["identified", "unknown"]


def test_who_stands_beside_the_identified_student_is_not_perhaps_the_same() -> None:
    gallery = gallery_of("ada")
    pair = [sighting(0, direction(0)), sighting(0, alike(0, gallery.uncertain_from + 0.001), left=600)]
    assert sorted(verdict.answer for verdict in decide(link(pair), gallery)) == ["identified", "unknown"]


def test_verdicts_come_in_order_of_first_appearance() -> None:
    gallery = gallery_of("ada", "bob")
    verdicts = decide(link([sighting(0, alike(1, 0.96)), sighting(1, direction(0), left=900)]), gallery)
    assert [verdict.student_id for verdict in verdicts] == ["bob", "ada"]


def test_those_who_appear_together_come_from_left_to_right() -> None:
    gallery = gallery_of("ada", "bob")
    verdicts = decide(link([sighting(0, direction(0), left=900), sighting(0, alike(1, 0.96), left=10)]), gallery)
    assert [verdict.student_id for verdict in verdicts] == ["bob", "ada"]


def test_a_track_cannot_hold_two_sightings_of_one_frame() -> None:
    with pytest.raises(ValueError, match="no two in one frame"):
        Track((sighting(0, direction(0)), sighting(0, direction(0))))


@pytest.mark.parametrize("vector", [np.zeros(128), np.full(128, np.nan)])
def test_a_vector_without_direction_is_refused(vector: np.ndarray) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        unit(vector)


def test_boxes_overlap_by_their_shared_share() -> None:
    box = Box(0, 0, 9, 9)
    assert box.overlap(box) == 1.0
    assert box.overlap(Box(5, 0, 14, 9)) == pytest.approx(1 / 3)
    assert box.overlap(Box(20, 20, 30, 30)) == 0.0
