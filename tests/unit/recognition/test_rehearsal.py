"""What a changed setting would change: replayed records, and clips looked through twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.rehearsal import Change, compared, replayed
from recognition.track import link
from recognition.vote import decide
from tests.decided import SESSION, decision, face, finished
from tests.people import alike, direction, gallery_of, sighting
from tests.unit.recognition.command_line import Run

CLIP = f"cse546/{SESSION}/cam1.mp4"
faces = st.lists(
    st.builds(
        face,
        st.integers(1, 9),
        st.sampled_from(["a", "b", None]),
        st.sampled_from(["identified", "uncertain", "unknown"]),
        similarity=st.floats(0.8, 1) | st.none(),
        margin=st.floats(0, 0.1) | st.none(),
        votes=st.integers(0, 4),
        quality=st.floats(0, 1),
    ),
    max_size=6,
)


@given(faces)
def test_at_the_recorded_threshold_nothing_changes_whatever_was_decided(decided: list[Any]) -> None:
    rehearsal = replayed([finished(*decided)], 0.93)
    assert rehearsal.changes == ()
    assert rehearsal.faces == len(decided)


@pytest.mark.parametrize(
    ("threshold", "after"),
    [(0.951, "uncertain"), (0.97, "unknown"), (0.95, "identified"), (0.90, "identified")],
)
def test_a_higher_threshold_makes_doubtful_and_then_unknown(threshold: float, after: str) -> None:
    (only, *_) = [*replayed([finished(face(1, "a"))], threshold).changes, None]
    assert (only.after if only else "identified") == after
    assert only is None or (only.clip, only.student_id) == (CLIP, "a")


def test_a_lower_threshold_names_the_doubtful_and_says_that_a_record_does_not_know_strangers() -> None:
    version = finished(face(1, "b", "uncertain", similarity=0.925), face(2, similarity=0.915))
    named, stranger = replayed([version], 0.91).changes
    assert (named.after, named.student_id) == ("identified", "b")
    assert (stranger.before, stranger.after, stranger.student_id) == ("unknown", "identified", None)


def test_what_else_spoke_against_a_face_still_does() -> None:
    close = face(1, "b", "uncertain", similarity=0.95, margin=0.001)
    blurred = face(2, "a", "uncertain", similarity=0.95, quality=0.2)
    assert replayed([finished(close, blurred)], 0.90).changes == ()


def test_a_face_of_which_the_record_does_not_tell_enough_is_counted() -> None:
    without_consent = face(1, similarity=0.99)
    rehearsal = replayed([finished(without_consent)], 0.5)
    assert (rehearsal.changes, rehearsal.untold) == ((), 1)


def test_who_is_not_of_the_section_has_a_threshold_that_moves_along() -> None:
    version = finished(face(1, "c", similarity=0.925))
    beyond = decision(*version.decision.faces, threshold_beyond=0.92)  # type: ignore[union-attr]
    rehearsal = replayed([finished_with(beyond)], 0.94)
    assert [(change.before, change.after) for change in rehearsal.changes] == [("identified", "uncertain")]


def finished_with(decided: Any) -> Any:
    from dataclasses import replace

    return replace(finished(), decision=decided)


def test_two_findings_of_a_clip_are_compared_by_student() -> None:
    gallery = gallery_of("a", "b")
    before = decide(link([sighting(0, direction(0), left=0), sighting(0, direction(1), left=300)]), gallery)
    doubtful = alike(1, gallery.threshold - 0.002)
    after = decide(link([sighting(0, doubtful, left=300), sighting(0, direction(9), left=0)]), gallery)
    assert compared("cam.mp4", before, after) == (
        Change("cam.mp4", "", "identified", "unknown", "a"),
        Change("cam.mp4", "", "identified", "uncertain", "b"),
    )
    assert compared("cam.mp4", before, before) == ()


def test_clips_are_looked_through_twice(run: Run, samples: Path) -> None:
    assert run("enrol", samples / "photographs").code == 0
    clips = [samples / "clips" / name for name in ("collins.mp4", "truncated.mp4")]
    same = run("rehearse", "clips", *clips, "--with-threshold", "0.95")
    assert (same.code, "left out: truncated.mp4" in same.err) == (0, True)
    strict = run("rehearse", "clips", *clips, "--with-threshold", "1.0")
    assert strict.code == 1
    assert "eileen_collins" in strict.out
    assert "say what to change" in run("rehearse", "clips", *clips).message
