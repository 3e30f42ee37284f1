"""One clip's page: faces, corrections, files, and what is not shown."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable

import pytest
from PIL import Image

from recognition.aws.finished import DynamoFinished
from recognition.aws.roster import DynamoRoster
from recognition.finished import FinishedVersion
from tests.console.classroom import ADA, BOB, EVE, Classroom, perhaps, sure
from tests.console.visiting import Visitor, notices, words
from tests.decided import face, student


def kept(classroom: Classroom, job_id: str) -> FinishedVersion:
    found = DynamoFinished(classroom.dynamodb, "jobs").by_job(job_id)
    assert found
    return found


def withdraw(classroom: Classroom, student_id: str) -> None:
    DynamoRoster(classroom.dynamodb, "students").withdraw_consent(student_id)


def test_each_face_has_who_how_sure_the_runner_up_and_when(visitor: Visitor, classroom: Classroom) -> None:
    job_id = classroom.clip(sure(1, ADA, runner_up=BOB.student_id, margin=0.021, votes=3), face(2))
    told = words(visitor.page(f"/clips/{job_id}"))
    assert "1 Ada Lovelace identified Similarity 0.950 named from 0.930 on Runner-up Bob" in told
    assert "0.021 behind" in told
    assert "from 1.0 s on, in 4 frames, of which 3 agree" in told
    assert "2 Unknown unknown" in told


def test_why_a_face_was_not_named_is_told(visitor: Visitor, classroom: Classroom) -> None:
    job_id = classroom.clip(perhaps(1, ADA), outcome="unknown")
    assert "Not named 0.925 is less than 0.930" in words(visitor.page(f"/clips/{job_id}"))


def test_the_decision_is_told_in_the_command_lines_words(visitor: Visitor, classroom: Classroom) -> None:
    told = words(visitor.page(f"/clips/{classroom.clip(sure(1, ADA))}"))
    assert "gallery gallery1, model dlib-resnet-v1, detector hog" in told
    assert "2 frames looked at, at 0.0, 0.5 s" in told


@pytest.mark.parametrize(
    ("says", "typed", "shows"),
    [
        ("is b/2", "", "b/2"),
        ("is", "b/2", "b/2"),
        ("unknown", "", None),
        ("not ada1815", "", None),
    ],
)
def test_a_face_is_corrected_in_two_clicks_and_the_next_page_shows_it(
    visitor: Visitor, classroom: Classroom, says: str, typed: str, shows: str | None
) -> None:
    job_id = classroom.clip(sure(1, ADA))
    page = f"/clips/{job_id}"
    if says != "is":
        assert f'name="says" value="{says}"' in visitor.page(page)
    answer = visitor.send(page, {"face": "1", "says": says, "typed": typed}, found_at=page)
    assert (answer.status_code, answer.location) == (303, f"{page}#face-1")
    assert kept(classroom, job_id).judged.faces[0].student_id == shows
    assert notices(visitor.page(page)) == ["Face 1 is corrected. Roll calls go by it from now on."]


def test_a_corrected_face_says_what_it_was_before_and_not_why_it_was_not_named(
    visitor: Visitor, classroom: Classroom
) -> None:
    job_id = classroom.clip(perhaps(1, ADA), face(2), outcome="unknown")
    page = f"/clips/{job_id}"
    visitor.send(page, {"face": "1", "says": f"is {BOB.student_id}"}, found_at=page)
    visitor.send(page, {"face": "2", "says": f"is {ADA.student_id}"}, found_at=page)
    told = words(visitor.page(page))
    assert "Before uncertain as Ada Lovelace" in told
    assert "Before unknown" in told
    assert "Not named" not in told


def test_the_enter_key_in_the_id_presses_no_other_button(visitor: Visitor, classroom: Classroom) -> None:
    page = visitor.page(f"/clips/{classroom.clip(sure(1, ADA))}")
    [form] = [each for each in page.split("<form")[1:] if 'name="typed"' in each.partition("</form>")[0]]
    assert form.partition("</form>")[0].count("<button") == form.count('value="is"') == 1


def test_a_correction_says_who_made_it(signed_in: Callable[..., Visitor], classroom: Classroom) -> None:
    job_id, mia = classroom.clip(sure(1, ADA)), signed_in("instructor")
    page = f"/clips/{job_id}"
    mia.send(page, {"face": "1", "says": "unknown"}, found_at=page)
    assert kept(classroom, job_id).corrections[0].by == "instructor"
    changes = mia.app.extensions["changes"].last(1)
    assert (changes[0]["by"], changes[0]["what"], changes[0]["clip"]) == ("instructor", "corrected face 1", job_id)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"face": "1"},
        {"face": "1", "says": "is", "typed": ""},
        {"face": "1", "says": "is", "typed": "nobody"},
        {"face": "1", "says": "is", "typed": "x" * 100_000},
        {"face": "1", "says": "is <b>eve</b>x"},
        {"face": "1", "says": "not b/2"},
        {"face": "1", "says": "nonsense"},
        {"face": "9", "says": "unknown"},
        {"face": "-1", "says": "unknown"},
        {"face": "1" * 5000, "says": "unknown"},
        {"face": "１", "says": "is nobody"},
        {"face": "one", "says": "unknown"},
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing_and_says_why(
    visitor: Visitor, classroom: Classroom, form: dict[str, str]
) -> None:
    job_id = classroom.clip(sure(1, ADA))
    answer = visitor.send(f"/clips/{job_id}", form, found_at=f"/clips/{job_id}")
    assert answer.status_code == 422
    assert notices(answer.text)
    assert kept(classroom, job_id).corrections == ()


def test_nobody_is_named_who_may_not_be(visitor: Visitor, classroom: Classroom) -> None:
    job_id = classroom.clip(sure(1, ADA))
    withdraw(classroom, BOB.student_id)
    answer = visitor.send(f"/clips/{job_id}", {"face": "1", "says": "is b/2"}, found_at=f"/clips/{job_id}")
    assert (answer.status_code, "record the consent first" in answer.text) == (422, True)


def test_the_same_correction_twice_is_no_fault(visitor: Visitor, classroom: Classroom) -> None:
    job_id = classroom.clip(sure(1, ADA))
    codes = [
        visitor.send(f"/clips/{job_id}", {"face": "1", "says": "unknown"}, found_at=f"/clips/{job_id}").status_code
        for _ in range(2)
    ]
    assert codes == [303, 303]


def test_only_an_instructor_corrects(signed_in: Callable[..., Visitor], classroom: Classroom) -> None:
    job_id, officer = classroom.clip(sure(1, ADA)), signed_in("privacy")
    assert "Correct face" not in words(officer.page(f"/clips/{job_id}"))
    answer = officer.send(f"/clips/{job_id}", {"face": "1", "says": "unknown"}, found_at=f"/clips/{job_id}")
    assert answer.status_code == 403


def test_after_a_withdrawal_the_page_names_and_shows_nobody(visitor: Visitor, classroom: Classroom) -> None:
    job_id = classroom.clip(sure(1, ADA, runner_up=BOB.student_id), sure(2, BOB, runner_up=ADA.student_id))
    withdraw(classroom, ADA.student_id)
    page = visitor.page(f"/clips/{job_id}")
    assert "Ada" not in page
    assert ADA.student_id not in page
    assert "A student who may not be named" in words(page)
    assert visitor.get(f"/clips/{job_id}/picture").status_code == 404
    for suffix in (".csv", ".json"):
        answer = visitor.get(f"/clips/{job_id}/file{suffix}")
        assert (answer.status_code, "Ada" in answer.text) == (410, False)
        assert "consent enforce" in answer.text


def test_the_files_are_handed_out_as_they_were_stored(visitor: Visitor, classroom: Classroom) -> None:
    job_id = classroom.clip(sure(1, BOB), name='課 täfel "1".mp4')
    csv = visitor.get(f"/clips/{job_id}/file.csv")
    assert BOB.name in csv.text
    told = csv.headers["Content-Disposition"]
    assert told == "attachment; filename=-tafel-1-.mp4.csv; filename*=UTF-8''%E8%AA%B2-t%C3%A4fel-1-.mp4.csv"
    assert json.loads(visitor.get(f"/clips/{job_id}/file.json").text)["students"][0]["student_id"] == "b/2"


def test_a_file_that_has_expired_is_told(visitor: Visitor, classroom: Classroom) -> None:
    job_id = classroom.clip(sure(1, ADA), files=False)
    assert "It has expired" in visitor.page(f"/clips/{job_id}/file.csv", 410)
    assert visitor.get(f"/clips/{job_id}/picture").status_code == 404


def test_an_older_versions_files_are_not_taken_for_its_own(visitor: Visitor, classroom: Classroom) -> None:
    older = classroom.clip(sure(1, ADA))
    newer = classroom.clip(sure(1, BOB))
    assert visitor.get(f"/clips/{older}/file.json").status_code == 410
    assert visitor.get(f"/clips/{older}/picture").status_code == 404
    assert visitor.get(f"/clips/{newer}/picture").status_code == 200


def test_the_picture_comes_whole_and_small(visitor: Visitor, classroom: Classroom) -> None:
    job_id = classroom.clip(sure(1, ADA))
    for query, size in (("", (640, 360)), ("?small=1", (320, 180))):
        with Image.open(io.BytesIO(visitor.get(f"/clips/{job_id}/picture{query}").data)) as picture:
            assert picture.size == size


@pytest.mark.parametrize("job_id", ["0" * 64, "x", "..", "%2e%2e", "0" * 63, "A" * 64])
def test_a_clip_that_is_not_there_is_not_found(visitor: Visitor, classroom: Classroom, job_id: str) -> None:
    for more in ("", "/picture", "/file.csv"):
        assert visitor.get(f"/clips/{job_id}{more}").status_code == 404


def test_a_version_that_another_has_replaced_leads_to_that_one(visitor: Visitor, classroom: Classroom) -> None:
    older, newer = classroom.clip(sure(1, ADA)), classroom.clip(sure(1, BOB))
    assert f'<a href="/clips/{newer}">look at that one</a>' in visitor.page(f"/clips/{older}")
    assert "look at that one" not in visitor.page(f"/clips/{newer}")


def test_what_was_said_of_the_same_bytes_before_holds_for_the_new_version(
    visitor: Visitor, classroom: Classroom
) -> None:
    older = classroom.clip(sure(1, ADA), etag="same")
    visitor.send(f"/clips/{older}", {"face": "1", "says": "unknown"}, found_at=f"/clips/{older}")
    newer = classroom.clip(sure(1, ADA), etag="same")
    assert "1 Unknown" in words(visitor.page(f"/clips/{newer}"))
    answer = visitor.send(f"/clips/{newer}", {"face": "1", "says": "not ada1815"}, found_at=f"/clips/{newer}")
    assert (answer.status_code, "is not taken for" in answer.text) == (422, True)
    other = classroom.clip(sure(1, ADA), etag="other")
    assert "1 Ada Lovelace" in words(visitor.page(f"/clips/{other}"))


@pytest.mark.parametrize("suffix", [".mp4", ".jpg", "", ".csv.json", ".JSON"])
def test_no_other_file_is_handed_out(visitor: Visitor, classroom: Classroom, suffix: str) -> None:
    assert visitor.get(f"/clips/{classroom.clip(sure(1, ADA))}/file{suffix}").status_code == 404


def test_a_clip_in_work_says_so(visitor: Visitor, classroom: Classroom) -> None:
    assert "in work" in words(visitor.page(f"/clips/{classroom.begin('a.mp4', time.time() + 60)}"))
    assert "The work broke off" in words(visitor.page(f"/clips/{classroom.begin('b.mp4', time.time() - 60)}"))


def test_a_large_roster_is_offered_as_a_list_to_type_into(visitor: Visitor, classroom: Classroom) -> None:
    classroom.enrol(*(student(f"s{n}", f"Student {n}", sections=("cse546",)) for n in range(61)))
    page = visitor.page(f"/clips/{classroom.clip(sure(1, ADA))}")
    assert 'list="roster"' in page
    assert '<option value="s60">' in page
    assert 'value="is s60"' not in page


def test_hostile_names_are_text_on_the_page(visitor: Visitor, classroom: Classroom) -> None:
    job_id = classroom.clip(sure(1, EVE, runner_up=BOB.student_id), name="<svg onload=x>.mp4")
    page = visitor.page(f"/clips/{job_id}")
    assert "<script>alert" not in page
    assert "<svg onload" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
