"""A decision in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recognition.decision import FaceDecision
from recognition.explain import explained, reasons_against
from recognition.finished import FinishedVersion
from recognition.rollcall import clip_seen
from recognition.standing import Standing
from tests.decided import ROWS, correction, decision, face, finished, standing, student


def words(version: FinishedVersion, of: Standing | None = None) -> str:
    here = of or standing("a", "b")
    return "\n".join(explained(clip_seen(version, here, "results"), here))


def test_it_says_what_decided_and_what_was_looked_at() -> None:
    text = words(finished(face(1, "a")))
    for said in (
        "cse546/2026-11-23T0900/cam1.mp4: recognised, worked on at 2026-11-18",
        "version v01",
        "gallery gallery1, model dlib-resnet-v1, detector hog",
        "named from similarity 0.930 on, uncertain from 0.920 on",
        "2 frames looked at, at 0.0, 0.5 s",
        "s3://results/cse546/2026-11-23T0900/cam1.mp4.jpg",
    ):
        assert said in text


def test_it_says_who_each_face_is_how_sure_and_who_came_next() -> None:
    text = words(
        finished(
            face(1, "a", runner_up="b"),
            face(2, "b", "uncertain", similarity=0.925, margin=2.0),
            face(3, similarity=0.91),
        )
    )
    assert "face 1, from 1.0 s on, in 4 frames: Ada (a)\n    similarity 0.950, 0.030 ahead of Bob (b), 4 of 4" in text
    assert "perhaps Bob (b)\n    similarity 0.925, 4 of 4 frames agree\n    not named: 0.925 is less than 0.930" in text
    assert "face 3, from 3.0 s on, in 4 frames: unknown\n    the nearest student reaches 0.910" in text


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (face(1, similarity=None, margin=None, votes=0), "nobody was enrolled to be compared with"),
        (face(1, similarity=None, margin=None), "what it was compared with was erased"),
        (face(1, similarity=0.91), "the nearest student reaches 0.910, less than 0.920"),
        (face(1, similarity=0.95), "may not be named, was seen more surely elsewhere"),
        (face(1, "a", "uncertain", similarity=0.925), "0.925 is less than 0.930"),
        (face(1, "a", "uncertain", margin=0.001), "the runner-up is within 0.005"),
        (face(1, "a", "uncertain", votes=2), "only 2 of 4 frames agree"),
        (face(1, "a", "uncertain", quality=0.2), "no clear look: the best has 0.20 of 1, 0.5 is asked for"),
        (face(1, "a", "uncertain"), "who is not of the section must be more similar"),
    ],
)
def test_it_says_why_nobody_was_named(found: FaceDecision, reason: str) -> None:
    (said,) = reasons_against(found, decision(found))
    assert reason in said


def test_every_reason_that_holds_is_given() -> None:
    doubtful = face(1, "a", "uncertain", similarity=0.921, margin=0.001, votes=1, quality=0.1)
    assert len(reasons_against(doubtful, decision(doubtful))) == 4


def test_it_tells_the_threshold_for_who_is_not_of_the_section_and_faces_left_out() -> None:
    version = replace(finished(outcome="unknown"), decision=decision(face(1), threshold_beyond=0.96, left_out=7))
    text = words(version)
    assert "0.960 for who is not of the section" in text
    assert "or is not of the section" in text
    assert "7 unknown faces are not listed" in text


def test_who_may_not_be_named_any_longer_is_spoken_of_and_the_picture_is_not_shown() -> None:
    rows = {**ROWS, "a": student("a", "Ada", consent=None)}
    version = finished(face(1, "a", runner_up="b"), face(2, "b", runner_up="a"))
    text = words(version, standing("b", rows=rows))
    assert "Ada" not in text
    assert "(a)" not in text
    assert "a student who may not be named" in text
    assert "s3://" not in text


def test_it_tells_what_people_said_also_of_faces_that_are_gone() -> None:
    ada = face(1, "a")
    text = words(finished(ada, corrections=[correction(ada, "is", "b"), correction(face(4), "is unknown")]))
    assert "Ada (a)" in text, "the decision stays as it was"
    assert "    Prof. Noether said on 2026-11-18" in text
    assert "of the face at 1.0 s: is Bob (b)" in text
    assert "no longer found: Prof. Noether said" in text


@pytest.mark.parametrize(
    ("version", "says"),
    [
        (finished(outcome="rejected"), "nothing was looked at"),
        (replace(finished(outcome="superseded"), fault="a record cannot be read"), "a record cannot be read"),
        (finished(outcome="no_face"), "no picture"),
    ],
)
def test_it_says_why_there_are_no_faces(version: FinishedVersion, says: str) -> None:
    assert words(version).splitlines()[-1].startswith(says)
