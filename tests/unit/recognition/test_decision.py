"""The record of a decision: what it says, what it must not say, and that it comes back as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.decision import MAX_TEXT, Decision, FaceDecision, decision_of, read_decision, write_decision
from recognition.errors import RecognitionError
from recognition.faces import Frame
from recognition.identify import Finding
from recognition.search import search_in
from recognition.track import link
from recognition.vote import decide
from tests.people import alike, direction, gallery_of, sighting

GALLERY = replace(gallery_of("ada", "bob", "cyd"), sections={"cse546": ("ada", "bob")})
SEARCH = search_in(GALLERY, "cse546", beyond=True)


def finding() -> Finding:
    """Ada for sure, somebody who resembles Bob, a stranger."""
    frames = tuple(Frame(n / 2, np.zeros((4, 4, 3), np.uint8)) for n in range(2))
    faces = [direction(0), alike(1, SEARCH.first.threshold - 0.002), direction(9)]
    sightings = [sighting(n, face, left=300 * i) for n in range(2) for i, face in enumerate(faces)]
    return SEARCH.beyond(Finding(frames, tuple(decide(link(sightings), SEARCH.first))))


def test_a_decision_says_what_was_searched_and_how_sure_each_face_was() -> None:
    decision = decision_of(finding(), SEARCH)
    assert decision.gallery_version == GALLERY.version
    assert SEARCH.others is not None
    assert (decision.threshold, decision.threshold_beyond) == (SEARCH.first.threshold, SEARCH.others.threshold)
    assert decision.frames_s == (0.0, 0.5)
    ada, bob, _ = decision.faces
    assert (ada.face, ada.answer, ada.student_id, ada.runner_up) == (1, "identified", "ada", "bob")
    assert (bob.face, bob.answer, bob.student_id, bob.similarity) == (2, "uncertain", "bob", 0.9232)
    assert (ada.votes, ada.frames, ada.box) == (2, 2, (0, 100, 99, 199))


def test_an_unknown_face_carries_no_students_id() -> None:
    stranger = decision_of(finding(), SEARCH).faces[2]
    assert (stranger.answer, stranger.student_id, stranger.runner_up) == ("unknown", None, None)
    assert stranger.similarity is not None


@given(
    st.builds(
        Decision,
        *[st.text(max_size=9)] * 3,
        *[st.floats(0, 1)] * 2,
        st.lists(st.floats(0, 1e4)).map(tuple),
        st.lists(
            st.builds(
                FaceDecision,
                st.integers(1, 99),
                st.sampled_from(["identified", "uncertain", "unknown"]),
                st.floats(0, 9),
                st.tuples(*[st.integers(-9, 9999)] * 4),
                st.integers(1, 9),
                st.integers(0, 9),
                st.floats(0, 1),
            ),
            max_size=5,
        ).map(tuple),
    )
)
def test_a_decision_comes_back_as_it_was(decision: Decision) -> None:
    assert read_decision(write_decision(decision)) == decision


def test_a_crowd_keeps_its_named_faces_and_counts_those_left_out() -> None:
    decision = decision_of(finding(), SEARCH)
    crowd = replace(decision, faces=decision.faces[:2] + decision.faces[2:] * 1000)
    text = write_decision(crowd)
    assert len(text) <= MAX_TEXT
    assert read_decision(text).faces == decision.faces[:2]
    assert read_decision(text).left_out == 1000


def test_a_crowd_of_named_faces_is_counted_at_least() -> None:
    decision = decision_of(finding(), SEARCH)
    text = write_decision(replace(decision, faces=decision.faces[:1] * 1000))
    assert len(text) <= MAX_TEXT
    assert (read_decision(text).faces, read_decision(text).left_out) == ((), 1000)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"faces": [{}]}', "null", '{"faces": 3}'])
def test_a_record_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(RecognitionError, match="cannot be read"):
        read_decision(text)
