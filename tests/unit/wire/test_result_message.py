"""The result message: its values, its bytes, and what a reader refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import NewerSchemaError, WireError
from wire.result_csv import write_csv
from wire.result_json import read_result, write_result
from wire.result_message import OUTCOMES, Location, ModelUsed, Result, StudentSeen
from wire.s3_event import Upload

GOLDEN = Path(__file__).parents[2] / "contract" / "golden"

UPLOAD = Upload("clips", "cse546/cam 1.mp4", "v1", "d41d8", "0055AED6DCD9", 1024)
ADA = StudentSeen("7", "Ada Lovelace", "mathematics", "senior", 0.9712, 0.0812, 5, 0.2)
RECOGNISED = Result(
    upload=UPLOAD,
    outcome="recognised",
    reason="",
    csv=write_csv([ADA]),
    csv_location=Location("results", "cse546/cam 1.mp4.csv"),
    record_location=Location("results", "cse546/cam 1.mp4.json"),
    picture_location=Location("results", "cse546/cam 1.mp4.jpg"),
    students=(ADA,),
    unknown_faces=2,
    model=ModelUsed("dlib-hog", "dlib-resnet-v1", "0123456789ab", 0.9259),
    timing_ms={"detect": 93.1, "total": 512.0},
    cost={"gb_seconds": 1.024, "usd": 0.00001365},
)
NO_FACE = replace(RECOGNISED, outcome="no_face", students=(), unknown_faces=0, picture_location=None, model=None)
BOB = StudentSeen("8", "Bob", "art", "junior", 0.9312, 0.0212, 3, 0.8)
UNCERTAIN = replace(RECOGNISED, uncertain=(BOB,))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = texts.filter(bool)


@st.composite
def results(draw: st.DrawFn) -> Result:
    ids = draw(st.lists(names, unique=True, max_size=3))
    seen = tuple(
        StudentSeen(i, draw(texts), draw(texts), draw(texts), draw(st.floats(-1, 1)), draw(st.floats(0, 2)), 3, 1.5)
        for i in ids
    )
    unknown = draw(st.integers(0, 40))
    perhaps = (replace(BOB, student_id="perhaps"),) if unknown and "perhaps" not in ids and draw(st.booleans()) else ()
    outcome: Any = "recognised" if seen else "unknown" if unknown else draw(st.sampled_from(["no_face", "rejected"]))
    location = Location(draw(texts), draw(texts))
    return Result(
        upload=Upload(draw(names), draw(names), draw(names), draw(texts), draw(texts), draw(st.integers(0, 2**40))),
        outcome=outcome,
        reason=draw(texts),
        csv=draw(texts),
        csv_location=location,
        record_location=location,
        picture_location=draw(st.none() | st.just(location)),
        students=seen,
        unknown_faces=unknown,
        timing_ms={"total": draw(st.floats(0, 1e6))},
        uncertain=perhaps,
    )


@given(results())
def test_every_result_comes_back_as_it_was(result: Result) -> None:
    assert read_result(write_result(result)) == result


@pytest.mark.fault(35)
@given(results())
def test_the_body_holds_only_characters_that_sqs_takes(result: Result) -> None:
    assert all(" " <= character <= "~" for character in write_result(result))


@pytest.mark.parametrize("name, result", [("recognised", RECOGNISED), ("no_face", NO_FACE), ("uncertain", UNCERTAIN)])  # noqa: PT006
def test_schema_1_is_pinned_in_bytes(name: str, result: Result) -> None:
    golden = (GOLDEN / f"result-1-{name}.json").read_text(encoding="utf-8").strip()
    assert write_result(result) == golden
    assert read_result(golden) == result


def test_fields_nobody_knows_yet_are_ignored() -> None:
    body = json.loads(write_result(RECOGNISED)) | {"weather": "fair"}
    body["students"][0]["shoe_size"] = 38
    assert read_result(json.dumps(body)) == RECOGNISED


@pytest.mark.parametrize("schema", [0, -1, "1", None, True, 1.0])
def test_a_schema_that_never_was_is_refused(schema: object) -> None:
    body = json.loads(write_result(RECOGNISED)) | {"schema": schema}
    with pytest.raises(WireError, match="schema") as caught:
        read_result(json.dumps(body))
    assert caught.type is WireError


def test_a_newer_schema_is_refused_as_what_it_is() -> None:
    with pytest.raises(NewerSchemaError, match="install the newer poller"):
        read_result(json.dumps(json.loads(write_result(RECOGNISED)) | {"schema": 2}))


@pytest.mark.parametrize(
    ("number", "why"),
    [("NaN", "finite"), ("-Infinity", "finite"), ("1" + "0" * 400, "threshold"), ('"5"', "threshold"), ("true", "thr")],
)
def test_a_measurement_that_is_no_finite_number_is_refused(number: str, why: str) -> None:
    text = write_result(RECOGNISED).replace('"threshold": 0.9259', f'"threshold": {number}')
    with pytest.raises(WireError, match=why):
        read_result(text)


@pytest.mark.parametrize("extra", ['"outcome": "no_face"', '"weather": {"sun": 1, "sun": 2}', '"weather": NaN'])
def test_what_two_readers_might_read_differently_is_refused_even_where_nobody_looks(extra: str) -> None:
    with pytest.raises(WireError, match="not JSON"):
        read_result(write_result(RECOGNISED).replace("{", f"{{{extra}, ", 1))


@pytest.mark.parametrize("field", ["outcome", "schema"])
def test_a_refusal_quotes_no_value(field: str) -> None:
    body = json.loads(write_result(RECOGNISED)) | {field: "Ada Lovelace"}
    with pytest.raises(WireError) as caught:
        read_result(json.dumps(body))
    assert "Ada" not in str(caught.value)


def test_half_a_character_is_refused_wherever_it_stands() -> None:
    with pytest.raises(WireError):
        read_result(write_result(RECOGNISED).replace("Ada Lovelace", "Ada \\ud83c"))


@pytest.mark.parametrize("field", ["upload", "outcome", "reason", "csv", "record", "students", "unknown_faces"])
def test_a_message_without_a_field_is_refused_by_its_name(field: str) -> None:
    body = json.loads(write_result(RECOGNISED))
    del body[field]
    with pytest.raises(WireError, match=field):
        read_result(json.dumps(body))


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"schema": 1}', '"result"'])
def test_what_is_no_result_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        read_result(text)


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "superb"},
        {"outcome": "unknown"},
        {"students": ()},
        {"unknown_faces": -1},
        {"students": (ADA, ADA)},
        {"outcome": "no_face"},
        {"uncertain": (ADA,)},
        {"uncertain": (BOB,), "unknown_faces": 0},
        {"uncertain": (BOB, BOB)},
    ],
)
def test_an_impossible_result_cannot_be_made(change: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        replace(RECOGNISED, **change)


def test_unknown_without_a_face_cannot_be_made() -> None:
    with pytest.raises(WireError, match="unknown faces"):
        replace(NO_FACE, outcome="unknown")


@pytest.mark.parametrize(
    "change",
    [
        {"similarity": 1.1},
        {"similarity": float("nan")},
        {"margin": -0.1},
        {"first_seen_s": -1.0},
        {"frames": 0},
        {"student_id": ""},
    ],
)
def test_an_impossible_sighting_cannot_be_made(change: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        replace(ADA, **change)


def test_the_five_outcomes_are_those_of_the_contract() -> None:
    assert OUTCOMES == ("recognised", "unknown", "no_face", "rejected", "superseded")


@given(results())
def test_without_a_student_the_result_is_a_result_still_and_names_the_others(result: Result) -> None:
    for student in result.students + result.uncertain:
        less = result.without(student.student_id)
        assert not less.names(student.student_id)
        assert read_result(write_result(less)) == less
        others = {one.student_id for one in result.students + result.uncertain} - {student.student_id}
        assert {one.student_id for one in less.students + less.uncertain} == others


def test_without_whom_it_does_not_name_a_result_stays_itself() -> None:
    assert RECOGNISED.without("8") is RECOGNISED
    assert UNCERTAIN.without("7").outcome == "unknown"
    assert UNCERTAIN.without("7").csv == write_csv([])
    assert UNCERTAIN.without("8").csv == UNCERTAIN.csv
