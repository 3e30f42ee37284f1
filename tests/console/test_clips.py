"""The list of clips: what it shows, in which order, how it is filtered and paged."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest

from console.pages.clips import PER_PAGE
from recognition.aws.roster import DynamoRoster
from tests.console.classroom import ADA, BOB, EVE, Classroom, perhaps, sure
from tests.console.conftest import MotoStage
from tests.console.visiting import Visitor, notices, words
from tests.decided import face, student


def names(html: str) -> list[str]:
    """The clips' names in their order."""
    return re.findall(r'<td><a href="/clips/[0-9a-f]{64}">([^<]+)</a>', html)


def test_an_empty_stage_says_what_to_do_next(visitor: Visitor) -> None:
    assert "No clip yet" in words(visitor.page("/clips"))
    assert "scripts/upload_workload.sh" in visitor.page("/clips")


def test_clips_that_only_wait_are_told_to_need_the_poller(visitor: Visitor, stage: MotoStage) -> None:
    assert "when the poller ticks next" not in visitor.page("/clips")
    stage.sqs.send_message(QueueUrl=stage.queues["REQUEST_QUEUE_URL"], MessageBody="{}")
    assert "when the poller ticks next" in visitor.page("/clips")


def test_the_newest_clip_comes_first_with_whom_it_shows(visitor: Visitor, classroom: Classroom) -> None:
    classroom.clip(sure(1, ADA), face(2), name="first.mp4")
    classroom.clip(name="second.mp4", outcome="rejected")
    page = visitor.page("/clips")
    assert names(page) == ["second.mp4", "first.mp4"]
    assert "Ada Lovelace 0.950 1 unknown face" in words(page)
    assert "cse546 · 2026-11-23T0900" in words(page)
    assert "0.8 s" in words(page)


def test_an_uncertain_student_has_a_question_mark(visitor: Visitor, classroom: Classroom) -> None:
    classroom.clip(perhaps(1, ADA), outcome="unknown")
    assert "Ada Lovelace? 0.925" in words(visitor.page("/clips"))


def test_who_has_withdrawn_consent_is_neither_named_nor_shown(visitor: Visitor, classroom: Classroom) -> None:
    classroom.clip(sure(1, ADA))
    assert "/picture?small=1" in visitor.page("/clips")
    DynamoRoster(classroom.dynamodb, "students").withdraw_consent(ADA.student_id)
    page = visitor.page("/clips")
    assert "Ada" not in page
    assert "/picture" not in page
    assert "1 unknown face" in words(page)


def test_names_that_try_to_be_markup_are_text(visitor: Visitor, classroom: Classroom) -> None:
    classroom.clip(sure(1, BOB), sure(2, EVE), name="<img src=x>.mp4")
    page = visitor.page("/clips")
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert (
        "<script>alert(1)</script> 0.950" in words(page.replace("&lt;", "<").replace("&gt;", ">")) or "alert(1)" in page
    )
    assert BOB.name in words(page)


def test_no_address_on_the_page_holds_a_student_or_a_clips_name(visitor: Visitor, classroom: Classroom) -> None:
    classroom.clip(sure(1, ADA), name="ada-lovelace.mp4")
    for address in re.findall(r'(?:href|src|action|data-live)="([^"]+)"', visitor.page("/clips")):
        assert "ada" not in address


def test_a_page_holds_so_many_and_leads_to_the_older_ones(visitor: Visitor, classroom: Classroom) -> None:
    made = [f"{number:02}.mp4" for number in range(PER_PAGE + 3)]
    for name in made:
        classroom.clip(name=name, outcome="no_face", files=False)
    first = visitor.page("/clips")
    assert names(first) == made[: -PER_PAGE - 1 : -1]
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = visitor.page(older[1].replace("&amp;", "&"))
    assert names(second) == made[2::-1]
    assert "Older" not in words(second)
    assert "data-live" not in second


def test_filters_can_be_combined_and_are_kept_on_the_next_page(visitor: Visitor, classroom: Classroom) -> None:
    for number in range(PER_PAGE + 1):
        classroom.clip(name=f"a{number}.mp4", outcome="no_face", files=False)
    classroom.clip(name="b.mp4", under="cse999/s1", outcome="no_face", files=False)
    classroom.clip(name="c.mp4", outcome="rejected", files=False)
    page = visitor.page("/clips?section=cse546&outcome=no_face")
    assert names(page)[0] == f"a{PER_PAGE}.mp4"
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    assert names(visitor.page(older[1].replace("&amp;", "&"))) == ["a0.mp4"]
    assert names(visitor.page("/clips?section=cse999")) == ["b.mp4"]
    assert names(visitor.page("/clips?section=cse546&session=2026-11-23T0900&outcome=rejected")) == ["c.mp4"]
    assert "No such clip" in words(visitor.page("/clips?section=cse546&session=elsewhere"))


@pytest.mark.parametrize("sought", ["ada1815", "Ada Lovelace", "ada lovelace", "lovel"])
def test_a_student_is_sought_by_id_or_name_and_stands_in_the_address_as_a_token(
    visitor: Visitor, classroom: Classroom, sought: str
) -> None:
    classroom.clip(sure(1, ADA), name="with.mp4")
    classroom.clip(sure(1, BOB), name="without.mp4")
    answer = visitor.send("/clips", {"sought": sought, "outcome": "recognised"}, found_at="/clips")
    assert re.fullmatch(r"/clips\?outcome=recognised&student=[0-9a-f]{24}", answer.location)
    page = visitor.page(answer.location)
    assert names(page) == ["with.mp4"]
    assert "Clips in which Ada Lovelace was seen" in words(page)


def test_who_is_not_found_or_not_the_only_one_is_told(visitor: Visitor, classroom: Classroom) -> None:
    classroom.enrol(student("ada2", "Ada Lovelace"))
    for sought, why in (
        ("Ada Lovelace", "2 students are called so: give the id, which the page Students tells."),
        ("nobody", "No student has that id or name."),
        ("x" * 300, "An id or a name has 200 characters at most."),
    ):
        answer = visitor.send("/clips", {"sought": sought}, found_at="/clips", follow_redirects=True)
        assert notices(answer.text) == [why]


def test_a_session_without_its_section_is_told_to_need_one(visitor: Visitor, classroom: Classroom) -> None:
    answer = visitor.send("/clips", {"session": "2026-11-23T0900"}, found_at="/clips")
    assert answer.location == "/clips"
    assert "say which section" in notices(visitor.page(answer.location))[0]


@pytest.mark.parametrize("token", ["0" * 24, "x", "é" * 24, "%00", "0" * 5000])
def test_a_token_of_nobody_shows_nothing(visitor: Visitor, classroom: Classroom, token: str) -> None:
    classroom.clip(sure(1, ADA))
    page = visitor.page(f"/clips?student={token}")
    assert names(page) == []
    assert "not there any longer" in words(page)


@pytest.mark.parametrize(
    "query", ["before=nonsense", "before=" + "A" * 51, "before=" + "_" * 51, "before=" + "A" * 9999]
)
def test_a_forged_place_in_the_list_is_no_fault_of_the_console(
    visitor: Visitor, classroom: Classroom, query: str
) -> None:
    classroom.clip(sure(1, ADA))
    assert visitor.get(f"/clips?{query}").status_code in (200, 422)


@pytest.mark.parametrize("query", ["outcome=mine", "section=", "session=only", "section=" + "x" * 3000, "nonsense=1"])
def test_a_filter_that_is_none_does_no_harm(visitor: Visitor, classroom: Classroom, query: str) -> None:
    assert visitor.get(f"/clips?{query}").status_code == 200


def test_what_is_worked_on_and_what_waits_is_shown(visitor: Visitor, classroom: Classroom, stage: MotoStage) -> None:
    classroom.begin("now.mp4", until=time.time() + 60)
    classroom.begin("broken-off.mp4", until=time.time() - 60)
    stage.sqs.send_message(QueueUrl=stage.queues["REQUEST_QUEUE_URL"], MessageBody="{}")
    page = visitor.page("/clips")
    assert names(page) == ["broken-off.mp4", "now.mp4"]
    assert "1 clip waiting" in words(page)
    assert re.findall(r'class="chip ([\w-]+)"', page) == ["waiting", "in-work"]


def test_the_list_renews_itself_with_the_same_filter(visitor: Visitor, classroom: Classroom) -> None:
    classroom.clip(sure(1, ADA))
    page = visitor.page("/clips?section=cse546")
    live = re.search(r'data-live="([^"]+)"', page)
    assert live
    alone = visitor.page(live[1].replace("&amp;", "&"))
    assert names(alone) == names(page) == ["cam1.mp4"]
    assert "<html" not in alone


def test_only_who_teaches_or_guards_privacy_sees_clips(signed_in: Callable[..., Visitor], classroom: Classroom) -> None:
    job_id = classroom.clip(sure(1, ADA))
    paths = [
        "/clips",
        "/clips/list",
        *(f"/clips/{job_id}{more}" for more in ("", "/picture", "/file.csv", "/file.json")),
    ]
    assert {signed_in("instructor").get(path).status_code for path in paths} == {200}
    assert {signed_in("privacy").get(path).status_code for path in paths} == {200}
    assert {signed_in("operator").get(path).status_code for path in paths} == {403}
