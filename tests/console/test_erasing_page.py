"""Erasing at the console: what is found first, the id typed, the receipt; and what happens when it is cut off."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from flask import Flask

from console.pages import erase
from recognition.aws.erased import S3Erased
from recognition.aws.galleries import S3Galleries
from recognition.aws.roster import DynamoRoster
from recognition.enrolment.journal import Journal, journal_of
from recognition.gallery import make_gallery
from recognition.gallery_file import read_gallery, write_gallery
from recognition.roster import Student
from recognition.students_file import read_students, write_students
from tests.console.conftest import MotoStage
from tests.console.school import enrolled, link_to, worked_on
from tests.console.visiting import Visitor, notices, words
from tests.decided import face, finished, student
from tests.people import direction

NASTY = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def empty_queues_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "QUEUE_WAIT_S", 0)


@pytest.fixture
def school(app: Flask, stage: MotoStage) -> list[Student]:
    """Ada and Bob, published and in this console's files; a clip shows both."""
    students = [student("a", "Ada", sections=("cse546",)), student("b", "Bob", sections=("cse546",))]
    enrolled(stage, students)
    settings = app.extensions["settings"]
    gallery = make_gallery({"a": [direction(0)] * 3, "b": [direction(1)] * 2}, {"a": [0.9] * 3, "b": [0.5, 0.6]})
    settings.gallery.write_bytes(write_gallery(gallery))
    write_students(settings.students, students)
    worked_on(stage, finished(face(1, "a"), face(2, "b")))
    return students


def begin(visitor: Visitor, name: str = "Ada") -> str:
    """The address of the erasure of who is called so."""
    return f"{link_to(visitor, name)}/erase"


def confirm(visitor: Visitor, place: str, student_id: str = "a") -> Any:
    return visitor.send(place, {"student": student_id}, found_at=f"{place}/look")


def rows(stage: MotoStage) -> set[str]:
    return set(DynamoRoster(stage.dynamodb, "students").students(["a", "b"]))


def test_first_it_says_what_there_is_and_changes_nothing(
    app: Flask, stage: MotoStage, visitor: Visitor, school: list[Student]
) -> None:
    place = begin(visitor)
    before = app.extensions["settings"].gallery.read_bytes()
    shown = words(visitor.page(f"{place}/look"))
    for entry in ("this console's files templates 3", "this console's files row 1", "student table row with consent 1",
                  "gallery bucket templates 1", "job table job record 1", "1 clip in which the student"):  # fmt: skip
        assert entry in shown
    assert rows(stage) == {"a", "b"}
    assert app.extensions["settings"].gallery.read_bytes() == before


@pytest.mark.parametrize("typed", ["", "b", "A", "a" * 5000, NASTY])
def test_another_id_erases_nothing(stage: MotoStage, visitor: Visitor, school: list[Student], typed: str) -> None:
    answer = confirm(visitor, begin(visitor), typed)
    assert (answer.status_code, notices(answer.text)) == (422, ["That is not the student's id: nothing was erased."])
    assert rows(stage) == {"a", "b"}


def test_the_student_goes_everywhere_and_the_receipt_stays_for_a_while(
    app: Flask, stage: MotoStage, visitor: Visitor, school: list[Student]
) -> None:
    place, settings = begin(visitor), app.extensions["settings"]
    answer = confirm(visitor, place)
    assert (answer.status_code, answer.location) == (303, place.replace("erase", "receipt"))
    receipt = visitor.page(answer.location)
    assert notices(receipt)[0] == "Complete: a second look has found nothing on the stage."
    assert "this console's files templates 3" in words(receipt)
    assert "run python -m poller.erase a." in words(receipt)
    assert rows(stage) == {"b"}
    assert S3Galleries(stage.s3, "galleries").current().student_ids == ("b",)
    assert [each.student_id for each in read_students(settings.students)] == ["b"]
    rest = read_gallery(settings.gallery.read_bytes())
    assert rest.student_ids == ("b",)
    assert rest.enrolled is not None
    assert rest.enrolled.qualities.tolist() == [0.5, 0.6]
    assert "Ada" not in visitor.page("/students")
    (change,) = app.extensions["changes"].last(1)
    assert (change["what"], change["student"] == "a") == ("erased a student", False)


def test_the_receipt_can_be_taken_away_as_text_and_as_json(visitor: Visitor, school: list[Student]) -> None:
    receipt = confirm(visitor, begin(visitor)).location
    told = json.loads(visitor.get(f"{receipt}.json").data)
    assert (told["student_id"], told["complete"]) == ("a", True)
    assert {"place": "this console's files", "what": "row", "count": 1}.items() <= told["entries"][1].items()
    text = visitor.get(f"{receipt}.txt")
    assert text.headers["Content-Disposition"].startswith("attachment; filename=receipt-20")
    assert "complete: a second look has found nothing" in text.text
    assert "receipt" in visitor.page(receipt.removesuffix("/receipt"))


def test_photographs_added_while_the_stage_is_being_erased_go_too(
    app: Flask, visitor: Visitor, school: list[Student], monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery, place, forget = app.extensions["settings"].gallery, begin(visitor), erase.forget

    def slow(*told: Any, **also: Any) -> Any:
        gallery.write_bytes(write_gallery(make_gallery({"a": [direction(0)], "b": [direction(1)]})))
        return forget(*told, **also)

    monkeypatch.setattr(erase, "forget", slow)
    receipt = visitor.page(confirm(visitor, place).location)
    assert read_gallery(gallery.read_bytes()).student_ids == ("b",)
    assert "this console's files templates 1" in words(receipt)
    assert "this console's files templates 3" in words(receipt)


def test_what_was_cut_off_says_so_and_is_finished_by_doing_it_again(
    app: Flask, stage: MotoStage, visitor: Visitor, school: list[Student], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, s3 = begin(visitor), app.extensions["stage"].client("s3")

    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "for Ada"}}, "DeleteObjects")

    with monkeypatch.context() as cut:
        cut.setattr(s3, "delete_objects", refused)
        assert confirm(visitor, place).location == place
    assert "AWS says AccessDenied" in notices(visitor.page(place))[0]
    assert "is not finished" in visitor.page(link_to(visitor, "Ada"))
    receipt = confirm(visitor, place).location
    assert "Complete" in notices(visitor.page(receipt))[0]
    assert rows(stage) == {"b"}


def test_clips_under_way_make_it_incomplete_with_the_time_to_come_again(
    stage: MotoStage, visitor: Visitor, school: list[Student]
) -> None:
    item = {"job_id": {"S": "f" * 64}, "state": {"S": "working"}, "locked_until": {"N": "32503680000"}}
    stage.dynamodb.put_item(TableName="jobs", Item=item)
    page = visitor.page(confirm(visitor, begin(visitor)).location)
    assert "Not complete: clips were being worked on. Run it again after 3000-01-01" in notices(page)[0]
    assert "Run it again</a>" in page
    assert "not completely" in visitor.page(link_to(visitor, "Ada"))


def test_while_somebody_enrols_nothing_is_erased(
    app: Flask, stage: MotoStage, visitor: Visitor, school: list[Student]
) -> None:
    place = begin(visitor)
    with Journal(journal_of(app.extensions["settings"].gallery)):
        answer = confirm(visitor, place)
    assert (answer.status_code, "another enrolment is running" in answer.text) == (503, True)
    assert rows(stage) == {"a", "b"}
    assert S3Galleries(stage.s3, "galleries").current().student_ids == ("a", "b")


def test_raw_clips_go_only_if_that_is_ticked(stage: MotoStage, visitor: Visitor, school: list[Student]) -> None:
    key = "cse546/2026-11-23T0900/raw.mp4"
    version = stage.s3.put_object(Bucket="clips", Key=key, Body=b"clip")["VersionId"]
    shown = finished(face(1, "a"), face(2, "b"), clip="raw.mp4", sequencer="07")
    worked_on(stage, replace(shown, upload=replace(shown.upload, version_id=version)))
    place = begin(visitor)
    assert "Delete the 1 raw clip, too" in words(visitor.page(f"{place}/look"))
    assert "1 raw clip that show" in words(visitor.page(confirm(visitor, place).location))
    place = begin(visitor, "Bob")
    visitor.send(place, {"student": "b", "clips": "yes"}, found_at=f"{place}/look")
    assert "Contents" not in stage.s3.list_objects_v2(Bucket="clips")


@pytest.mark.parametrize("student_id", [NASTY, "=cmd", "id/with slash", "100%", "é" * 200])
def test_an_id_of_which_nothing_is_known_is_told_and_not_noted(
    stage: MotoStage, visitor: Visitor, student_id: str
) -> None:
    answer = visitor.send("/students/erase", {"student": f" {student_id} "}, found_at="/students/erase")
    assert student_id not in answer.location
    found = visitor.page(f"{answer.location}/look")
    assert "Nothing was found. Is the id right?" in found
    assert NASTY not in found
    told = visitor.page(confirm(visitor, answer.location, student_id).location)
    assert notices(told) == ["Nothing is known of a student with this id. Is it right? Nothing was changed."]
    assert NASTY not in told
    assert S3Erased(stage.s3, "galleries").of(student_id) is None, "a slip keeps nobody from being enrolled"


@pytest.mark.parametrize("student_id", ["", "   ", "x" * 201])
def test_an_id_that_cannot_be_is_refused(visitor: Visitor, student_id: str) -> None:
    answer = visitor.send("/students/erase", {"student": student_id}, found_at="/students/erase")
    assert (answer.status_code, "1 to 200 characters" in notices(answer.text)[0]) == (422, True)


def test_only_the_privacy_officer_erases(
    signed_in: Callable[..., Visitor], stage: MotoStage, school: list[Student]
) -> None:
    mia, ann = signed_in("instructor", "operator"), signed_in("privacy")
    place = begin(mia)
    receipts = (place.replace("erase", "receipt"), place.replace("erase", "receipt.txt"))
    for path in (place, f"{place}/look", "/students/erase", *receipts):
        assert mia.get(path).status_code == 403
    for path in (place, "/students/erase"):
        assert mia.send(path, {"student": "a"}, found_at="/students").status_code == 403
    assert ann.client.post(place, data={"student": "a"}).status_code == 400
    assert rows(stage) == {"a", "b"}
    for suffix in ("", ".txt"):
        page = ann.page(place.replace("erase", "receipt") + suffix, 404)
        assert "gives another receipt" in notices(page)[0]
