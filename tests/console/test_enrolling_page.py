"""Enrolling at the console: each photograph judged with its reason, nothing lost, nobody else touched."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from re import findall
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from console import pending
from console.pages import enrol, erase
from recognition.aws.erased import S3Erased
from recognition.aws.galleries import S3Galleries
from recognition.aws.roster import DynamoRoster
from recognition.enrolment.journal import Journal, journal_of
from recognition.erasure.erased import Erased
from recognition.errors import StageChanged
from recognition.faces import Box
from recognition.gallery import make_gallery
from recognition.gallery_file import read_gallery, write_gallery
from recognition.identify import Identifier
from recognition.photograph import Seen
from recognition.quality import Quality
from recognition.roster import Student
from recognition.students_file import read_students
from tests.console.conftest import MotoStage
from tests.console.school import enrolled, link_to
from tests.console.visiting import Visitor, notices, words
from tests.decided import student
from tests.people import alike, direction

NASTY = "<script>alert(1)</script>"
FORM = {
    "student": "n1",
    "name": "Nia",
    "year": "2",
    "sections": "cse546, art",
    "by": "her father",
    "until": "2999-07-31",
}


def photograph(person: int, look: int = 0, faces: int = 1) -> tuple[io.BytesIO, str]:
    """A picture whose colour says whom `seen_by_colour` will see on it."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (person, look, faces)).save(file, "PNG")
    file.seek(0)
    return file, "IMG_0001.png"


def seen_by_colour(data: bytes, _: object) -> Seen:
    """A face of person r with look g, b faces in all; nothing of what is no picture."""
    try:
        person, look, faces = Image.open(io.BytesIO(data)).getpixel((0, 0))  # type: ignore[misc]
    except OSError:
        return Seen(unreadable="not a readable photograph (of no known kind)")
    boxes = (Box(8, 8, 56, 56),) * faces
    if faces != 1:
        return Seen((64, 64), boxes)
    quality = Quality(size_px=49 if look == 99 else 200, sharpness=0.3, turn=0.0, contrast=60.0, glare=0.0)
    own = alike(person, 0.99, towards=100 + look % 20)
    return Seen((64, 64), boxes, own, quality, fingerprint=(1 << 64) - 1 << 64 * (look % 4))


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """No models: a photograph's colour says what is seen."""
    monkeypatch.setattr(pending, "look_at", seen_by_colour)
    monkeypatch.setattr("recognition.bootstrap.identifier", lambda: None)


def send(visitor: Visitor, photographs: list[Any], form: dict[str, str] = FORM, place: str = "/students/enrol") -> Any:
    return visitor.send(place, {**form, "photographs": photographs}, found_at=place)


def confirm(visitor: Visitor, sheet: str, **form: Any) -> Any:
    return visitor.send(sheet, form, found_at=sheet)


def gallery_file(app: Flask) -> Path:
    found = app.extensions["settings"].gallery
    assert isinstance(found, Path)
    return found


def test_a_schools_first_students_are_enrolled_from_real_photographs(
    app: Flask, stage: MotoStage, visitor: Visitor, samples: Path, identifier: Identifier
) -> None:
    hopper = [(path.open("rb"), path.name) for path in sorted((samples / "photographs" / "grace_hopper").iterdir())
              if path.suffix == ".jpg"]  # fmt: skip
    broken = (io.BytesIO(b"nonsense"), "broken.jpg")
    sheet = send(visitor, [*hopper, photograph(0), broken], {**FORM, "name": "Grace"}).location
    page = visitor.page(sheet)
    assert f"{len(hopper)} of {len(hopper) + 2} photographs are good" in words(page)
    assert "no face was found. What to do: take one in which the whole face is large" in words(page)
    assert "not a readable photograph (of no known kind)" in words(page)
    pictures = findall(r'src="([^"]+\.jpg)"', page)
    assert len(pictures) == len(hopper) + 1
    assert visitor.get(pictures[0]).data.startswith(b"\xff\xd8")
    assert not gallery_file(app).exists()
    student_page = visitor.page(confirm(visitor, sheet).location)
    assert notices(student_page) == [f"{len(hopper)} of {len(hopper) + 2} photographs are enrolled.",
                                     "The gallery is published with 1 student."]  # fmt: skip
    assert S3Galleries(stage.s3, "galleries").current().sections == {"art": ("n1",), "cse546": ("n1",)}
    assert read_students(app.extensions["settings"].students) == [
        DynamoRoster(stage.dynamodb, "students").students(["n1"])["n1"]
    ]
    assert "choose them again" in notices(visitor.page(sheet, 404))[0]


def test_what_the_form_told_is_on_record(stage: MotoStage, visitor: Visitor, colours: None) -> None:
    confirm(visitor, send(visitor, [photograph(1), photograph(1, 1)]).location)
    row = DynamoRoster(stage.dynamodb, "students").students(["n1"])["n1"]
    assert (row.name, row.major, row.year, row.sections) == ("Nia", "", "2", ("cse546", "art"))
    assert row.consent is not None
    assert (row.consent.granted_by, row.consent.expires_at) == ("her father", "2999-07-31")


def test_a_doubtful_photograph_waits_for_a_person_and_a_refused_one_is_never_enrolled(
    app: Flask, visitor: Visitor, colours: None
) -> None:
    sheet = send(visitor, [photograph(1), photograph(1, 99), photograph(1, 0, faces=2)]).location
    page = visitor.page(sheet)
    assert "the face is too small (49 of 50 pixels). What to do: take a closer one" in words(page)
    assert page.count('name="accept"') == 1
    assert "1 of 3" in notices(visitor.page(confirm(visitor, sheet, accept="3").location))[0]
    again = send(visitor, [photograph(2), photograph(2, 99)], {**FORM, "student": "n2"}).location
    assert "2 of 2" in notices(visitor.page(confirm(visitor, again, accept=["2", "7", "x"]).location))[0]
    assert read_gallery(gallery_file(app).read_bytes()).photographs == (1, 2)


def test_what_was_enrolled_is_recorded_and_what_was_refused_is_not(app: Flask, visitor: Visitor, colours: None) -> None:
    assert confirm(visitor, send(visitor, [photograph(1, 0, faces=2)]).location).status_code == 422
    confirm(visitor, send(visitor, [photograph(1), photograph(1, 0, faces=2)]).location)
    told = [(each["what"], each.get("count")) for each in reversed(app.extensions["changes"].last(9))]
    assert told == [("began to enrol a student", None)] * 2 + [("enrolled a student", "1")]


def test_somebody_elses_photograph_is_told_with_whom_it_looks_like(visitor: Visitor, colours: None) -> None:
    confirm(visitor, send(visitor, [photograph(1), photograph(1, 1)]).location)
    sheet = send(visitor, [photograph(1, 2)], {**FORM, "student": "n2", "name": "Nora"}).location
    assert "looks like another student: n1" in words(visitor.page(sheet))
    refused = confirm(visitor, sheet)
    assert (refused.status_code, "nothing was changed" in notices(refused.text)[0]) == (422, True)
    assert "Nora" not in visitor.page("/students")


def test_more_photographs_join_those_on_the_sheet(app: Flask, visitor: Visitor, colours: None) -> None:
    sheet = send(visitor, [photograph(1)]).location
    added = visitor.send(f"{sheet}/photographs", {"photographs": [photograph(1, 1), photograph(1)]}, found_at=sheet)
    assert added.location == sheet
    assert "the same picture as 1 · IMG_0001.png" in words(visitor.page(sheet))
    confirm(visitor, sheet)
    assert read_gallery(gallery_file(app).read_bytes()).photographs == (2,)


def test_a_photograph_is_taken_off_the_sheet_and_the_others_are_judged_without_it(
    app: Flask, visitor: Visitor, colours: None
) -> None:
    sheet = send(visitor, [photograph(1), photograph(1), photograph(1, 99)]).location
    assert "the same picture as" in words(visitor.page(sheet))
    for _ in range(2):  # pressed twice: the next one does not go in its stead
        assert visitor.send(f"{sheet}/take-off", {"number": "1"}, found_at=sheet).location == sheet
    page = visitor.page(sheet)
    assert "the same picture as" not in words(page)
    assert findall(r'alt="(Photograph \d)"', page) == ["Photograph 2", "Photograph 3"]
    assert visitor.get(f"{sheet}/1.jpg").status_code == 404
    visitor.send(f"{sheet}/photographs", {"photographs": [photograph(1, 1)]}, found_at=sheet)
    assert findall(r'alt="(Photograph \d)"', visitor.page(sheet))[-1] == "Photograph 4"
    confirm(visitor, sheet, accept="3")
    assert read_gallery(gallery_file(app).read_bytes()).photographs == (3,)


def test_from_an_empty_sheet_nothing_is_enrolled_until_there_are_photographs_again(
    app: Flask, visitor: Visitor, colours: None
) -> None:
    sheet = send(visitor, [photograph(1)]).location
    for number in ("", "x", "-1", "9" * 300, "1"):
        visitor.send(f"{sheet}/take-off", {"number": number}, found_at=sheet)
    page = visitor.page(sheet)
    assert "Enrol and publish" not in page
    assert "0 of 0 photographs are good" in words(page)
    refused = confirm(visitor, sheet)
    assert (refused.status_code, gallery_file(app).exists()) == (422, False)
    visitor.send(f"{sheet}/photographs", {"photographs": [photograph(1, 1)]}, found_at=sheet)
    confirm(visitor, sheet)
    assert read_gallery(gallery_file(app).read_bytes()).photographs == (1,)


def test_a_student_on_record_gets_further_photographs_and_keeps_the_row(
    app: Flask, stage: MotoStage, visitor: Visitor, colours: None
) -> None:
    confirm(visitor, send(visitor, [photograph(1)]).location)
    before = DynamoRoster(stage.dynamodb, "students").students(["n1"])
    place = f"{link_to(visitor, 'Nia')}/photographs"
    assert 'name="name"' not in visitor.page(place)
    confirm(visitor, send(visitor, [photograph(1, 1)], {"name": "Another"}, place).location)
    assert DynamoRoster(stage.dynamodb, "students").students(["n1"]) == before
    assert read_gallery(gallery_file(app).read_bytes()).photographs == (2,)


def test_whoever_withdrew_needs_a_new_consent_first(stage: MotoStage, visitor: Visitor, colours: None) -> None:
    confirm(visitor, send(visitor, [photograph(1)]).location)
    DynamoRoster(stage.dynamodb, "students").withdraw_consent("n1")
    place = f"{link_to(visitor, 'Nia')}/photographs"
    refused = send(visitor, [photograph(1, 1)], {}, place)
    assert (refused.status_code, "no valid consent" in notices(refused.text)[0]) == (422, True)
    confirm(visitor, send(visitor, [photograph(1, 1)], {"by": "Nia"}, place).location)
    assert S3Galleries(stage.s3, "galleries").current().photographs == (2,)


def test_an_id_that_somebody_has_is_not_given_twice(stage: MotoStage, visitor: Visitor, colours: None) -> None:
    DynamoRoster(stage.dynamodb, "students").write([student("n1", NASTY)])
    refused = send(visitor, [photograph(1)])
    assert refused.status_code == 422
    assert "add photographs on that student's page" in notices(refused.text)[0]
    assert NASTY not in refused.text


def test_the_others_rows_stay_as_the_stage_has_them(
    app: Flask, stage: MotoStage, visitor: Visitor, colours: None
) -> None:
    """An older file says of Ada that she consents; on the stage she has withdrawn, and has another major."""
    ada = student("a", "Ada")
    confirm(visitor, send(visitor, [photograph(3)], {**FORM, "student": "a", "name": "Ada"}).location)
    later = Student("a", "Ada", "physics", ada.year)
    DynamoRoster(stage.dynamodb, "students").write([later])
    confirm(visitor, send(visitor, [photograph(1)]).location)
    assert DynamoRoster(stage.dynamodb, "students").students(["a"]) == {"a": later}
    assert S3Galleries(stage.s3, "galleries").current().student_ids == ("n1",)


def test_a_gallery_published_from_elsewhere_is_not_replaced_by_one_student(
    app: Flask, stage: MotoStage, visitor: Visitor, colours: None
) -> None:
    enrolled(stage, [student("a", "Ada"), student("b", "Bob")])
    refused = confirm(visitor, send(visitor, [photograph(1)]).location)
    assert refused.status_code == 422
    assert "holds 2 student(s) who are not in" in notices(refused.text)[0]
    assert not gallery_file(app).exists()
    assert S3Galleries(stage.s3, "galleries").current().student_ids == ("a", "b")


def test_a_gallery_without_photographs_cannot_be_added_to(app: Flask, visitor: Visitor, colours: None) -> None:
    gallery = replace(make_gallery({"a": [direction(3)]}), enrolled=None)
    gallery_file(app).write_bytes(write_gallery(gallery))
    refused = send(visitor, [photograph(1)])
    assert (refused.status_code, "holds no photographs' embeddings" in notices(refused.text)[0]) == (422, True)


def test_two_who_enrol_at_once_lose_nothing(app: Flask, stage: MotoStage, visitor: Visitor, colours: None) -> None:
    sheets = [
        send(visitor, [photograph(n)], {**FORM, "student": f"n{n}", "name": f"Nia {n}"}).location for n in range(1, 5)
    ]
    token = visitor.token(sheets[0])
    cookie = visitor.client.get_cookie("console")
    assert cookie is not None

    def enrol_one(sheet: str) -> None:
        client = app.test_client()
        client.set_cookie("console", cookie.value)
        assert client.post(sheet, data={"csrf_token": token}).status_code == 303

    threads = [threading.Thread(target=enrol_one, args=(sheet,)) for sheet in sheets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read_gallery(gallery_file(app).read_bytes()).student_ids) == ["n1", "n2", "n3", "n4"]
    assert sorted(S3Galleries(stage.s3, "galleries").current().student_ids) == ["n1", "n2", "n3", "n4"]


def test_while_the_command_line_enrols_the_photographs_wait(app: Flask, visitor: Visitor, colours: None) -> None:
    sheet = send(visitor, [photograph(1)]).location
    with Journal(journal_of(gallery_file(app))):
        refused = confirm(visitor, sheet)
    assert (refused.status_code, "another enrolment is running" in notices(refused.text)[0]) == (422, True)
    assert confirm(visitor, sheet).status_code == 303


def test_a_sheet_that_is_confirmed_twice_at_once_enrols_once(
    app: Flask, visitor: Visitor, colours: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = send(visitor, [photograph(0)]).location
    token, codes = visitor.token(sheet), []
    both_are_in = threading.Barrier(2, timeout=20)
    record = enrol.changed

    def together(what: str, **also: Any) -> None:
        record(what, **also)
        if what.startswith("began"):
            both_are_in.wait()

    def enrol_it() -> None:
        client = app.test_client()
        client.set_cookie("console", visitor.client.get_cookie("console").value)  # type: ignore[union-attr]
        codes.append(client.post(sheet, data={"csrf_token": token}).status_code)

    monkeypatch.setattr(enrol, "changed", together)
    threads = [threading.Thread(target=enrol_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 404]
    assert read_gallery(gallery_file(app).read_bytes()).photographs == (1,)


def test_whoever_is_erased_is_not_enrolled_from_a_sheet_that_is_still_open(
    app: Flask, stage: MotoStage, visitor: Visitor, colours: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "QUEUE_WAIT_S", 0)
    sheet = send(visitor, [photograph(0)]).location
    other = send(visitor, [photograph(1)], {**FORM, "student": "n2", "name": "Ole"}).location
    token = visitor.token(sheet)
    ask = visitor.send("/students/erase", {"student": "n1"}, found_at="/students/erase").location
    assert visitor.send(ask, {"student": "n1"}, found_at=f"{ask}/look").status_code == 303
    assert visitor.client.post(sheet, data={"csrf_token": token}).status_code == 404
    visitor.page(other)
    assert DynamoRoster(stage.dynamodb, "students").students(["n1"]) == {}


def test_what_could_not_be_published_stays_and_is_published_by_a_button(
    stage: MotoStage, visitor: Visitor, colours: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = send(visitor, [photograph(1)]).location

    def changed(*_: object, **__: object) -> None:
        raise StageChanged

    with monkeypatch.context() as busy:
        busy.setattr(S3Galleries, "publish", changed)
        said = notices(visitor.page(confirm(visitor, sheet).location))
    assert said[0] == "1 of 1 photographs are enrolled."
    assert said[1].startswith("Not published: Somebody else changed a gallery")
    assert "1 student in the gallery's file is not published" in words(visitor.page("/students"))
    visitor.send("/students/publish", {}, found_at="/students")
    assert S3Galleries(stage.s3, "galleries").current().student_ids == ("n1",)


def test_whoever_was_erased_does_not_come_back_at_once(stage: MotoStage, visitor: Visitor, colours: None) -> None:
    S3Erased(stage.s3, "galleries").note("n1", Erased(datetime.now(timezone.utc).timestamp() - 60))
    refused = send(visitor, [photograph(1)])
    assert (refused.status_code, "was erased on" in notices(refused.text)[0]) == (422, True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"student": " "}, "the id is missing"),
        ({"student": "a\nb"}, "what cannot be seen"),
        ({"student": "x" * 201}, "longer than 200"),
        ({"name": ""}, "a name, and who gave the consent, are needed"),
        ({"name": "x" * 300_000}, "longer than 200"),
        ({"by": ""}, "a name, and who gave the consent, are needed"),
        ({"until": "tomorrow"}, "is not a date"),
        ({"until": "2001-01-01"}, "ends before it begins"),
        ({"sections": "a/b"}, "holds a slash"),
    ],
)
def test_a_form_that_cannot_be_is_shown_again_with_its_reason(
    visitor: Visitor, colours: None, changes: dict[str, str], says: str
) -> None:
    refused = send(visitor, [photograph(1)], {**FORM, **changes})
    assert refused.status_code == 422
    assert says in notices(refused.text)[0]
    if "name" not in changes:
        assert 'value="Nia"' in refused.text
    assert "There is no student yet" in visitor.page("/students")


@pytest.mark.parametrize("count", [0, pending.MOST_PHOTOGRAPHS + 1])
def test_none_and_too_many_photographs_are_refused(visitor: Visitor, colours: None, count: int) -> None:
    refused = send(visitor, [photograph(1, n) for n in range(count)])
    assert (refused.status_code, "choose 1 to 12 photographs" in notices(refused.text)[0]) == (422, True)


def test_a_photograph_that_is_too_large_is_told_beside_the_others(
    visitor: Visitor, colours: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "LARGEST", 1 << 20)
    sheet = send(visitor, [photograph(1), (io.BytesIO(bytes((1 << 20) + 1)), f"../{NASTY}.jpg")]).location
    page = visitor.page(sheet)
    assert "larger than 1 MB" in words(page)
    assert NASTY not in page


def test_a_student_called_like_a_program_stays_text(stage: MotoStage, visitor: Visitor, colours: None) -> None:
    form = {**FORM, "student": "=cmd", "name": NASTY, "by": NASTY, "sections": NASTY.replace("/", "")}
    sheet = send(visitor, [photograph(1)], form).location
    place = confirm(visitor, sheet).location
    for page in (sheet, place, "/students"):
        assert NASTY not in visitor.get(page).text
    assert "&lt;script&gt;" in visitor.page(place)


def test_a_sheet_is_its_makers_only_and_enrolling_the_privacy_officers(
    signed_in: Callable[..., Visitor], colours: None
) -> None:
    ann, mia, ole = signed_in("privacy"), signed_in("instructor"), signed_in("privacy", "operator")
    sheet = send(ann, [photograph(1)]).location
    assert mia.get(sheet).status_code == 403
    for path in (sheet, f"{sheet}/1.jpg", f"{sheet}/2.jpg"):
        assert ole.get(path).status_code == 404
    assert ole.send(sheet, {}, found_at="/students/enrol").status_code == 404
    assert ole.send(f"{sheet}/take-off", {"number": "1"}, found_at="/students/enrol").status_code == 404
    assert ann.get(f"{sheet}/1.jpg").content_type == "image/jpeg"
    assert ann.get(f"{sheet}/2.jpg").status_code == 404
    for path in ("/students/enrol", "/students/publish", sheet, f"{sheet}/photographs", f"{sheet}/take-off"):
        assert mia.send(path, FORM, found_at="/students").status_code == 403
    assert mia.get("/students/enrol").status_code == 403
