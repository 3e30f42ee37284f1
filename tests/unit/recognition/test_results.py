"""From a finding to the result and its picture."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from rich.console import Console

from recognition.annotate import NAMED, UNCERTAIN, UNKNOWN, _marks, annotated_picture, label_place
from recognition.consent import with_consent
from recognition.decision import decision_of
from recognition.faces import Box, Frame
from recognition.file_roster import FileRoster
from recognition.identify import Finding
from recognition.offline import Look, table
from recognition.results import (
    Spent,
    output_key,
    record_of,
    refused_if_too_long,
    result_of,
    result_without_faces,
)
from recognition.roster import Consent, Student
from recognition.search import search_in
from recognition.stopwatch import Stopwatch
from recognition.track import link
from recognition.vote import decide
from tests.people import alike, direction, gallery_of, sighting
from wire.result_csv import write_csv
from wire.result_json import read_result, write_result
from wire.result_message import Result, StudentSeen
from wire.s3_event import Upload

GALLERY = gallery_of("7", "8")
SEARCH = search_in(GALLERY, "", beyond=False)
STUDENTS = {"7": Student("7", "Ada", "maths", "senior"), "8": Student("8", "Bob", "art", "junior")}
UPLOAD = Upload("clips", "a/cam.mp4", "v1", "e", "01", 10)
SPENT = Spent({"total": 500.0}, 0.5, 2048)


def finding_of(*people: int, frames: int = 2) -> Finding:
    pictures = tuple(Frame(float(n), np.full((360, 1600, 3), 90, np.uint8)) for n in range(frames))
    sightings = [sighting(n, direction(p), left=40 + 300 * p) for n in range(frames) for p in people]
    return Finding(pictures, tuple(decide(link(sightings), GALLERY)))


def test_students_and_unknown_faces_make_a_recognised_result() -> None:
    result = result_of(UPLOAD, finding_of(1, 0, 4), SEARCH, STUDENTS, "results", SPENT)
    assert result.outcome == "recognised"
    assert {student.name: student.frames for student in result.students} == {"Ada": 2, "Bob": 2}
    assert result.unknown_faces == 1
    assert sorted(result.csv.split("\r\n")) == ["", "Ada,maths,senior", "Bob,art,junior", "name,major,year"]
    assert result.csv_location.key == "a/cam.mp4.csv"
    assert result.picture_location is not None
    assert result.model is not None
    assert result.model.threshold == GALLERY.threshold
    assert result.cost == {"gb_seconds": 1.0, "usd": 1.333e-05}


def test_strangers_alone_make_an_unknown_result() -> None:
    result = result_of(UPLOAD, finding_of(4, 5), SEARCH, {}, "results", SPENT)
    assert (result.outcome, result.unknown_faces, result.csv) == ("unknown", 2, "name,major,year\r\n")
    assert result.reason


def uncertain_finding() -> Finding:
    """Bob for sure, and beside him somebody who is perhaps Ada."""
    perhaps_ada = alike(0, GALLERY.uncertain_from + 1e-6)
    pictures = (Frame(0.0, np.full((360, 1600, 3), 90, np.uint8)),)
    seen = [sighting(0, perhaps_ada, left=40), sighting(0, direction(1), left=900)]
    return Finding(pictures, tuple(decide(link(seen), GALLERY)))


def test_who_is_uncertain_is_told_but_is_neither_in_the_roll_call_nor_a_student_seen() -> None:
    result = result_of(UPLOAD, uncertain_finding(), SEARCH, STUDENTS, "results", SPENT)
    assert [student.name for student in result.students] == ["Bob"]
    assert [student.name for student in result.uncertain] == ["Ada"]
    assert result.unknown_faces == 1
    assert "Ada" not in result.csv
    decisions = json.loads(record_of(result, uncertain_finding()))["decisions"]
    assert [(each["answer"], each["named"], each["perhaps"]) for each in decisions] == [
        ("uncertain", None, "7"),
        ("identified", "8", None),
    ]


def test_nobody_but_an_uncertain_face_makes_an_unknown_result_that_says_so() -> None:
    finding = uncertain_finding().without(frozenset({"8"}))
    result = result_of(UPLOAD, finding, SEARCH, STUDENTS, "results", SPENT)
    assert (result.outcome, result.unknown_faces) == ("unknown", 2)
    assert "closely enough" in result.reason


@pytest.mark.parametrize("rows", [[], [STUDENTS["7"]]])
def test_without_valid_consent_nobody_is_even_perhaps_somebody(rows: list[Student]) -> None:
    finding, named = with_consent(uncertain_finding(), FileRoster(rows), datetime(2026, 11, 1, tzinfo=timezone.utc))
    assert named == {}
    assert {verdict.answer for verdict in finding.verdicts} == {"unknown"}


def test_with_consent_an_uncertain_student_stays_uncertain() -> None:
    ada = replace(STUDENTS["7"], consent=Consent("parents", "2026-01-01"))
    finding, named = with_consent(uncertain_finding(), FileRoster([ada]), datetime(2026, 11, 1, tzinfo=timezone.utc))
    assert named == {"7": ada}
    assert [verdict.candidate_id for verdict in finding.verdicts] == ["7", None]


def test_an_empty_room_makes_a_no_face_result_without_a_picture() -> None:
    result = result_of(UPLOAD, finding_of(), SEARCH, {}, "results", SPENT)
    assert (result.outcome, result.picture_location) == ("no_face", None)
    assert "2 frames" in result.reason


@pytest.mark.parametrize("outcome", ["rejected", "superseded"])
def test_an_upload_nobody_looked_at_keeps_its_reason(outcome: str) -> None:
    result = result_without_faces(UPLOAD, outcome, "because", "results", SPENT)  # type: ignore[arg-type]
    assert (result.outcome, result.reason, result.csv) == (outcome, "because", "name,major,year\r\n")


def long_result(students: int, name: str) -> Result:
    seen = tuple(StudentSeen(f"{n:0200}", name, name, name, 0.9, 0.5, 3, 0.0) for n in range(students))
    plain = result_of(UPLOAD, finding_of(0), SEARCH, STUDENTS, "results", SPENT)
    return replace(plain, students=seen, csv=write_csv(seen))


@pytest.mark.fault(35)
def test_a_roll_call_longer_than_a_message_may_be_is_rejected_with_its_size_and_never_shortened() -> None:
    longest = long_result(80, "\U0001f393" * 200)
    refused = refused_if_too_long(longest, SPENT)
    assert len(write_result(longest)) > 1 << 20
    assert (refused.outcome, refused.students, refused.csv) == ("rejected", (), "name,major,year\r\n")
    assert f"{len(write_result(longest)):,} bytes" in refused.reason
    assert len(write_result(refused)) < 10_000


@pytest.mark.fault(35)
def test_a_thousand_students_fit_into_a_message() -> None:
    full = long_result(1000, "Ada Lovelace")
    assert refused_if_too_long(full, SPENT) is full


def test_the_record_is_the_message_with_every_decision() -> None:
    finding = finding_of(0, 4)
    result = result_of(UPLOAD, finding, SEARCH, STUDENTS, "results", SPENT)
    record = record_of(result, finding)
    assert read_result(record) == result
    decisions = json.loads(record)["decisions"]
    assert sorted(str(decision["named"]) for decision in decisions) == ["7", "None"]
    assert all(len(decision["sightings"]) == 2 for decision in decisions)
    assert json.loads(record)["frames_looked_at_s"] == [0.0, 1.0]


def test_the_record_of_an_unread_clip_has_no_decisions() -> None:
    result = result_without_faces(UPLOAD, "rejected", "because", "results", SPENT)
    assert json.loads(record_of(result, None))["decisions"] == []


@pytest.mark.parametrize("key", ["a" * 1024, "é" * 512, "🎓" * 256])
def test_a_result_of_the_longest_key_still_fits_into_s3(key: str) -> None:
    upload = Upload("clips", key, "v1", "", "", 1)
    keys = {output_key(upload, suffix) for suffix in (".csv", ".json", ".jpg")}
    assert len(keys) == 3
    assert all(len(each.encode()) <= 1024 for each in keys)
    assert output_key(Upload("clips", key[:-1] + "b", "v1", "", "", 1), ".csv") not in keys


def test_a_named_face_gets_colour_and_label_an_unknown_one_grey() -> None:
    jpeg = annotated_picture(finding_of(0, 4), {"7": "Ada"})
    assert jpeg is not None
    picture = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)
    assert picture.shape == (288, 1280, 3)
    assert _shows(picture[:, :300], NAMED)
    assert not _shows(picture[:, 600:], NAMED)
    assert _shows(picture[:, 600:], UNKNOWN)


def test_the_table_shows_who_is_uncertain_with_a_question_mark() -> None:
    result = result_of(UPLOAD, uncertain_finding(), SEARCH, STUDENTS, "results", SPENT)
    drawn = Console(width=200, file=io.StringIO(), record=True)
    drawn.print(table([Look(Path("cam.mp4"), result, None)]))
    rows = [line for line in drawn.export_text().splitlines() if "a/cam.mp4" in line]
    assert [("Bob " in row, "Ada? " in row) for row in rows] == [(True, False), (False, True)]


def test_an_uncertain_face_gets_a_colour_of_its_own_and_a_question_mark() -> None:
    jpeg = annotated_picture(uncertain_finding(), {"7": "Ada", "8": "Bob"})
    assert jpeg is not None
    picture = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)
    assert _shows(picture[:, :500], UNCERTAIN)
    assert not _shows(picture[:, :500], NAMED)
    assert _shows(picture[:, 700:], NAMED)


def _shows(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((np.abs(picture - np.array(colour)).max(axis=2) < 24).sum() > 50)


@pytest.mark.parametrize(
    ("taken", "place"),
    [
        ([], (100, 200)),
        ([Box(90, 190, 300, 240)], (100, 80)),
        ([Box(90, 190, 300, 240), Box(90, 60, 300, 99)], (200, 100)),
        ([Box(90, 190, 300, 240), Box(90, 60, 300, 99), Box(201, 100, 300, 140)], (40, 100)),
    ],
    ids=["below", "above", "to the right", "to the left"],
)
def test_a_label_covers_neither_another_face_nor_another_label(taken: list[Box], place: tuple[int, int]) -> None:
    face = Box(100, 100, 199, 199)
    found = label_place(face, (60, 20), (400, 300), [face, *taken])
    assert (found.left, found.top) == place
    assert not any(found.shared_area(box) for box in taken)


@given(st.integers(-50, 1300), st.integers(-50, 720))
def test_a_label_never_leaves_the_picture(left: int, top: int) -> None:
    place = label_place(Box(left, top, left + 80, top + 80), (200, 24), (1280, 720), [])
    assert place.left >= 0
    assert place.top >= 0
    assert place.right < 1280
    assert place.bottom < 720


def test_an_empty_room_has_no_picture() -> None:
    assert annotated_picture(finding_of(), {}) is None


def test_a_label_too_long_for_the_picture_is_shortened_to_fit() -> None:
    pictures = (Frame(0.0, np.zeros((220, 300, 3), np.uint8)),)
    verdicts = decide(link([sighting(0, direction(0), left=150)]), GALLERY)
    jpeg = annotated_picture(Finding(pictures, tuple(verdicts)), {"7": "A very long name that will never fit"})
    assert jpeg is not None
    picture = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)
    columns = np.flatnonzero((np.abs(picture - np.array(NAMED)).max(axis=2) < 24).sum(axis=0) > 8)
    assert columns.size
    assert columns.min() > 0, "a label pushed against both edges runs over one of them"


def test_every_face_is_labelled_with_the_number_that_the_decision_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda _, place, label, **how: written.append(label))
    finding = finding_of(0, 4, 1)
    annotated_picture(finding, {"7": "Ada", "8": "Bob"})
    decided = {face.face: face.student_id for face in decision_of(finding, SEARCH).faces}
    numbers = {label.split()[0]: label for label in written}
    assert set(numbers) == {"1", "2", "3"}
    names = {int(number): "".join(label.split()[1:2]) for number, label in numbers.items()}
    assert names == {number: {"7": "Ada", "8": "Bob"}.get(student or "", "") for number, student in decided.items()}


def test_an_unknown_faces_label_is_its_number_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda _, place, label, **how: written.append(label))
    annotated_picture(finding_of(4, 5), {})
    assert written == ["1", "2"]


def test_a_shortened_label_keeps_its_doubt_and_its_similarity() -> None:
    verdict = next(each for each in uncertain_finding().verdicts if each.candidate_id)
    (mark,) = _marks(2, verdict, 0, 1.0, {"7": "Maria Fernanda Gonzalez Hernandez de la Cruz"})
    assert mark.name == "Maria Fernanda Gonzalez Hernandez de la Cruz"
    assert mark.tail.startswith("?  0.9")


def test_the_stopwatch_adds_up_each_step_and_the_total() -> None:
    ticks = iter([0.0, 1.0, 1.5, 2.0, 2.25, 3.0])
    watch = Stopwatch(lambda: next(ticks))
    for _ in range(2):
        with watch("detect"):
            pass
    assert watch.timing_ms() == {"detect": 750.0, "total": 3000.0}


def test_a_name_that_turns_the_writing_round_does_not_turn_its_label() -> None:
    finding = finding_of(0)
    (mark,) = _marks(1, finding.verdicts[0], 0, 1.0, {"7": "Ada\u202egnorw\n"})
    assert mark.name == "Ada gnorw "
