"""The list of students and a student's page: who is shown as what, to whom, and what may be changed there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from flask import Flask

from console.everybody import FRESH_S, everybody_in
from console.kept import Kept
from console.pages.students import A_PAGE
from recognition.aws.erased import S3Erased
from recognition.aws.galleries import S3Galleries
from recognition.aws.roster import DynamoRoster
from recognition.erasure.erased import Erased
from recognition.gallery import make_gallery
from recognition.gallery_file import write_gallery
from recognition.roster import Consent, Student
from tests.console.conftest import MotoStage
from tests.console.school import enrolled, link_to
from tests.console.visiting import Visitor, notices, words
from tests.decided import student
from tests.people import direction

SOON = (datetime.now(timezone.utc) + timedelta(days=9)).date().isoformat()
NASTY = "<script>alert(1)</script>"


def of_all_kinds() -> list[Student]:
    return [
        student("v", "Vera", sections=("cse546", "art")),
        student("s", "Sona", Consent("office", "2026-09-01", SOON), ("cse546",)),
        student("x", "Xeni", Consent("office", "2025-09-01", "2026-07-31")),
        student("l", "Lara", Consent("office", "2999-01-01")),
        student("w", NASTY, None),
    ]


@pytest.fixture
def school(stage: MotoStage) -> list[Student]:
    enrolled(stage, of_all_kinds(), without_template=["l", "w"])
    return of_all_kinds()


def row_of(stage: MotoStage, student_id: str) -> Student | None:
    return DynamoRoster(stage.dynamodb, "students").students([student_id]).get(student_id)


def test_an_empty_school_says_how_to_begin(visitor: Visitor) -> None:
    page = visitor.page("/students")
    assert "python -m recognition consent import students.csv" in page
    assert "Enrol a student" in page


def test_everybody_is_listed_with_the_consents_state_and_the_photographs(
    visitor: Visitor, school: list[Student]
) -> None:
    page = visitor.page("/students")
    for row in (
        "Vera v cse546, art valid until 2027-07-31 3 photographs",
        f"Sona s cse546 expiring until {SOON} 3 photographs",
        "Xeni x – expired until 2026-07-31 3 photographs",
        "Lara l – to come from 2999-01-01 not enrolled",
        f"{NASTY} w – without consent not enrolled",
    ):
        assert row in words(page)
    assert NASTY not in page


def test_the_operators_file_tells_the_photographs_quality_and_who_is_not_published(
    app: Flask, visitor: Visitor, school: list[Student]
) -> None:
    faces = {"v": [direction(0)] * 2, "s": [direction(1)], "new": [direction(2)]}
    gallery = make_gallery(faces, {"v": [0.25, 0.75], "s": [0.5], "new": [1.0]})
    app.extensions["settings"].gallery.write_bytes(write_gallery(gallery))
    shown = words(visitor.page("/students"))
    assert "2 photographs quality 0.25 to 0.75" in shown
    assert "1 photograph quality 0.50" in shown
    assert "1 student in the gallery's file is not published" in shown


def test_a_damaged_gallery_file_is_told_and_hides_nobody(app: Flask, visitor: Visitor, school: list[Student]) -> None:
    app.extensions["settings"].gallery.write_bytes(b"nonsense")
    page = visitor.page("/students")
    assert "the gallery's file:" in notices(page)[0]
    assert "Vera" in page


def test_the_list_is_filtered_by_consent_and_by_section(visitor: Visitor, school: list[Student]) -> None:
    shown = words(visitor.page("/students?consent=expired"))
    assert "1 student of 5" in shown
    assert "Xeni x" in shown
    assert "Vera v" not in shown
    assert "Vera v" in words(visitor.page("/students?section=art&consent=valid"))
    assert "Nobody is like that" in visitor.page("/students?section=art&consent=without")
    assert "Nobody is like that" in visitor.page(f"/students?section={NASTY}&page=7")


def test_whom_one_looks_for_stands_in_no_address(visitor: Visitor, school: list[Student]) -> None:
    answer = visitor.send("/students/found", {"words": " xEN "}, found_at="/students")
    assert (answer.status_code, "xen" in answer.location.casefold()) == (303, False)
    for _ in range(2):  # one comes back to it
        page = visitor.page(answer.location)
        assert ("Xeni x" in words(page), "Vera v" in words(page), 'value="xEN"' in page) == (True, False, True)
    assert visitor.send("/students/found", {"words": "x" * 5000}, found_at="/students").status_code == 303
    assert visitor.send("/students/found", {"words": " "}, found_at="/students").location == "/students"
    assert "5 students" in words(visitor.page("/students?found=long-gone"))
    assert visitor.client.post("/students/found", data={"words": "xen"}).status_code == 400


def test_a_thousand_students_come_in_pages(stage: MotoStage, visitor: Visitor) -> None:
    DynamoRoster(stage.dynamodb, "students").write([student(f"{n:04}", f"N{n}") for n in range(2 * A_PAGE + 1)])
    assert f"{2 * A_PAGE + 1} students, page 1 of 3" in words(visitor.page("/students"))
    assert visitor.page("/students?page=3").count('data-label="Id"') == 1
    for page, number in (("-5", 1), ("99", 3), ("x", 1)):
        assert f"page {number} of 3" in words(visitor.page(f"/students?page={page}"))


def test_a_students_page_tells_what_is_on_record(visitor: Visitor, school: list[Student]) -> None:
    shown = words(visitor.page(link_to(visitor, "Vera")))
    for each in ("Id v", "Sections cse546 , art", "Given by office", "Until 2027-07-31", "Photographs 3"):
        assert each in shown


def test_a_withdrawal_takes_consent_and_template_at_once(
    app: Flask, stage: MotoStage, visitor: Visitor, school: list[Student]
) -> None:
    page = link_to(visitor, "Vera")
    answer = visitor.send(f"{page}/withdraw", {}, found_at=page)
    assert (answer.status_code, answer.location) == (303, page)
    shown = visitor.page(page)
    assert "out of the published gallery" in notices(shown)[0]
    assert "without consent" in words(shown)
    row = row_of(stage, "v")
    assert row is not None
    assert row.consent is None
    assert "v" not in S3Galleries(stage.s3, "galleries").current().student_ids
    (change,) = app.extensions["changes"].last(1)
    assert change["what"] == "withdrew a consent"
    assert "Vera" not in json.dumps(change)


def test_a_new_consent_is_recorded_in_place_of_the_one_before(
    stage: MotoStage, visitor: Visitor, school: list[Student]
) -> None:
    page = link_to(visitor, "Xeni")
    assert visitor.send(f"{page}/consent", {"by": "=cmd", "until": "2999-07-31"}, found_at=page).status_code == 303
    row = row_of(stage, "x")
    assert row is not None
    assert row.consent is not None
    assert (row.consent.granted_by, row.consent.expires_at) == ("=cmd", "2999-07-31")
    assert "valid until 2999-07-31" in words(visitor.page(page))


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"by": "office", "until": "31.7.2027"}, "is not a date"),
        ({"by": "office", "until": "2001-01-01"}, "ends before it begins"),
        ({"by": "", "until": "2999-01-01"}, "by whom it was granted"),
    ],
)
def test_a_consent_that_cannot_be_is_refused_with_its_reason(
    stage: MotoStage, visitor: Visitor, school: list[Student], form: dict[str, str], says: str
) -> None:
    page = link_to(visitor, "Xeni")
    visitor.send(f"{page}/consent", form, found_at=page)
    assert says in notices(visitor.page(page))[0]
    row = row_of(stage, "x")
    assert row is not None
    assert row.consent == of_all_kinds()[2].consent


def test_an_unfinished_erasure_is_told_on_the_students_page(
    stage: MotoStage, visitor: Visitor, school: list[Student]
) -> None:
    S3Erased(stage.s3, "galleries").note("v", Erased(1_795_000_000.0))
    assert "is not finished" in visitor.page(link_to(visitor, "Vera"))


def test_no_address_names_a_student(visitor: Visitor, school: list[Student]) -> None:
    page = visitor.page("/students") + visitor.page(link_to(visitor, "Vera"))
    assert 'href="/students/v"' not in page
    assert "Vera" not in "".join(each for each in page.split('"') if each.startswith("/"))


@pytest.mark.parametrize("token", ["0" * 24, "v", "é" * 24, "../../etc", "0" * 5000])
def test_a_foreign_token_is_nobodys(visitor: Visitor, school: list[Student], token: str) -> None:
    assert visitor.get(f"/students/{token}").status_code == 404


def test_instructors_look_and_change_nothing(signed_in: Callable[..., Visitor], school: list[Student]) -> None:
    mia, ole, ann = signed_in("instructor"), signed_in("operator"), signed_in("privacy")
    page = link_to(mia, "Vera")
    assert ole.get("/students").status_code == 403
    assert ole.get(page).status_code == 403
    assert "<form" not in mia.page(page).split("<main")[1]
    assert "Enrol a student" not in mia.page("/students")
    for path in ("withdraw", "consent"):
        assert mia.send(f"{page}/{path}", {"by": "me"}, found_at="/students").status_code == 403
    assert ann.send(f"{page}/withdraw", {}, found_at=page).status_code == 303


def test_a_list_is_read_anew_after_a_while_and_after_a_change() -> None:
    now, reads = [0.0], []

    def read() -> list[Student]:
        reads.append(now[0])
        return [student("b", "Bob"), student("a", "Ada")]

    everybody = everybody_in(read, lambda: now[0])
    assert [each.student_id for each in everybody.get()] == ["a", "b"]
    now[0] = FRESH_S
    everybody.get()
    assert len(reads) == 1
    now[0] = FRESH_S + 0.1
    everybody.get()
    everybody.changed()
    everybody.get()
    assert len(reads) == 3


def test_what_is_kept_goes_after_its_time_and_when_there_is_too_much() -> None:
    now = [0.0]
    kept = Kept[int](10.0, 2, lambda: now[0])
    first, second = kept.put_new(1), kept.put_new(2)
    kept.put("third", 3)
    assert [kept.get(name) for name in (first, second, "third")] == [None, 2, 3]
    now[0] = 10.1
    assert [kept.get(name) for name in (second, "third")] == [None, None]
    kept.put("fourth", 4)
    kept.drop("fourth")
    assert kept.get("fourth") is None
