"""Operations: queues, the poller, the fortnight, dead letters."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from console.charts import Bar, bars
from console.fortnight import DAYS, fortnight, since
from poller.durable import DurableDirectory
from poller.history import PastTick, remember
from recognition.latest import Figures
from tests.console.classroom import ADA, Classroom, sure
from tests.console.conftest import MotoStage
from tests.console.visiting import Visitor, notices, words
from tests.s3_records import record_of
from wire.s3_event import Upload

NOON = 1_795_003_200.0 - 1_795_003_200.0 % 86_400 + 43_200


@pytest.fixture
def results(app: Flask, tmp_path: Path) -> Path:
    """A poller's RESULTS_DIR on this machine."""
    folder = tmp_path / "results"
    folder.mkdir(mode=0o700)
    app.extensions["settings"] = replace(app.extensions["settings"], results=folder)
    return folder


def bury(stage: MotoStage, key: str = "cse546/s/cam1.mp4", body: str | None = None) -> None:
    upload = Upload("clips", key, "v1", "e", "01", 9)
    stage.sqs.send_message(
        QueueUrl=stage.queues["DEAD_LETTER_QUEUE_URL"],
        MessageBody=body or json.dumps({"Records": [record_of(upload)]}),
        MessageAttributes={"reason": {"DataType": "String", "StringValue": "the function failed <b>5 times</b>"}},
    )


def held(stage: MotoStage, name: str) -> int:
    told = stage.sqs.get_queue_attributes(
        QueueUrl=stage.queues[name],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(map(int, told.values()))


def letters(html: str) -> list[str]:
    return re.findall(r'name="letter" value="([^"]+)"', html)


def test_the_queues_are_told_one_by_one(visitor: Visitor, stage: MotoStage) -> None:
    for name, count in (("REQUEST_QUEUE_URL", 3), ("OUTPUT_QUEUE_URL", 2), ("DEAD_LETTER_QUEUE_URL", 1)):
        for _ in range(count):
            stage.sqs.send_message(QueueUrl=stage.queues[name], MessageBody="{}")
    told = words(visitor.page("/operations"))
    assert "3 clips waiting 2 results waiting 1 dead letters, clips 0 dead letters, results" in told


def test_a_poller_elsewhere_is_said_to_be_elsewhere(visitor: Visitor) -> None:
    assert "poller runs on another machine" in words(visitor.page("/operations"))


def test_a_poller_here_is_shown_with_its_last_ticks(visitor: Visitor, results: Path) -> None:
    with DurableDirectory(results) as directory:
        remember(directory, PastTick(time.time() - 30, 2.5, 0, counts={"results": 4}))
    page = visitor.page("/operations")
    assert "The poller well" in words(page)
    assert "4 results" in words(page)


def test_a_poller_that_has_not_succeeded_is_not_well(visitor: Visitor, results: Path) -> None:
    page = words(visitor.page("/operations"))
    assert "not well" in page
    assert "no tick has succeeded yet" in page


def test_results_that_are_no_folder_are_told(app: Flask, visitor: Visitor, tmp_path: Path) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], results=tmp_path / "nowhere")
    assert "RESULTS_DIR is no folder" in words(visitor.page("/operations"))
    assert not (tmp_path / "nowhere").exists()


def test_an_empty_fortnight_says_so(visitor: Visitor) -> None:
    assert "No clip was finished" in words(visitor.page("/operations"))


def test_a_fortnights_clips_are_drawn_and_listed(visitor: Visitor, classroom: Classroom) -> None:
    classroom.at = time.time() - 3600
    classroom.clip(sure(1, ADA), took_ms=1500.0)
    classroom.clip(outcome="rejected", name="b.mp4", reason="not a readable <video> file")
    page = visitor.page("/operations")
    assert "2 clips" in words(page)
    assert page.count('<svg class="chart"') == 2
    assert "1 × not a readable &lt;video&gt; file" in page
    assert " style=" not in page, "the policy forbids it"


def test_the_live_part_is_the_page_without_its_frame(visitor: Visitor) -> None:
    alone = visitor.page("/operations/now")
    assert "<html" not in alone
    assert "clips waiting" in alone


def test_days_without_clips_are_there_and_the_sums_are_right() -> None:
    figures = [
        Figures(NOON, "recognised", 1000.0, 0.001, ""),
        Figures(NOON - 60, "rejected", 3000.0, 0.002, "empty"),
        Figures(NOON - 3 * 86_400, "no_face", None, None, ""),
    ]
    found = fortnight(figures, NOON)
    assert len(found.days) == DAYS
    today, before = found.days[-1], found.days[-4]
    assert (today.outcomes["recognised"], today.outcomes["rejected"], today.median_s, today.usd) == (1, 1, 2.0, 0.003)
    assert today.p95_s == pytest.approx(2.9)
    assert (before.outcomes["no_face"], before.median_s, before.usd) == (1, None, None)
    assert (found.clips, found.usd, found.reasons) == (3, 0.003, (("empty", 1),))
    assert since(NOON) == NOON - 43_200 - 13 * 86_400


def test_a_charts_bars_are_as_high_as_their_amounts_and_titles_are_text() -> None:
    svg = str(bars("<b>", [Bar("<i>", {"good": 3.0, "bad": 1.0}), Bar("none", {"good": 0.0})]))
    heights = [float(each) for each in re.findall(r'<rect[^>]* height="([\d.]+)"', svg)]
    assert heights[0] == pytest.approx(3 * heights[1], abs=0.2)
    assert heights[2] == 0
    assert "<b>" not in svg
    assert "<i>" not in svg
    assert "none: nothing" in svg


def test_dead_letters_are_listed_without_what_is_in_them(visitor: Visitor, stage: MotoStage) -> None:
    bury(stage, key="cse546/s/ada-lovelace.mp4")
    page = visitor.page("/operations/dead-letters")
    assert len(letters(page)) == 1
    assert "the function failed &lt;b&gt;5 times&lt;/b&gt;" in page
    assert "ada-lovelace" not in page
    assert len(letters(visitor.page("/operations/dead-letters"))) == 1, "looking puts them back"


def test_no_dead_letter_is_said_in_words(visitor: Visitor) -> None:
    assert "No message was given up" in words(visitor.page("/operations/dead-letters"))


def test_a_ticked_letter_is_sent_back(visitor: Visitor, stage: MotoStage) -> None:
    bury(stage)
    bury(stage, key="cse546/s/cam2.mp4")
    one, _ = letters(visitor.page("/operations/dead-letters"))
    answer = visitor.send(
        "/operations/dead-letters", {"letter": one, "verb": "redrive"}, found_at="/operations/dead-letters"
    )
    assert answer.status_code == 303
    assert (held(stage, "REQUEST_QUEUE_URL"), held(stage, "DEAD_LETTER_QUEUE_URL")) == (1, 1)
    assert visitor.app.extensions["changes"].last(1)[0]["what"] == "redrove dead letters"


def test_all_letters_are_sent_back_but_the_hopeless(visitor: Visitor, stage: MotoStage) -> None:
    bury(stage)
    bury(stage, body="no event at all")
    answer = visitor.send(
        "/operations/dead-letters",
        {"verb": "redrive-all"},
        found_at="/operations/dead-letters",
        follow_redirects=True,
    )
    assert (held(stage, "REQUEST_QUEUE_URL"), held(stage, "DEAD_LETTER_QUEUE_URL")) == (1, 1)
    assert "1 of 2 redriven" in notices(answer.text)


def test_a_discarded_letter_leaves_a_copy_beside_the_results(visitor: Visitor, stage: MotoStage, results: Path) -> None:
    bury(stage)
    (one,) = letters(visitor.page("/operations/dead-letters"))
    visitor.send("/operations/dead-letters", {"letter": one, "verb": "discard"}, found_at="/operations/dead-letters")
    assert held(stage, "DEAD_LETTER_QUEUE_URL") == 0
    assert [path.name.startswith(".discarded-") for path in results.glob(".*.message")] == [True]


def test_nothing_is_discarded_where_no_copy_can_be_kept(visitor: Visitor, stage: MotoStage) -> None:
    bury(stage)
    (one,) = letters(visitor.page("/operations/dead-letters"))
    answer = visitor.send(
        "/operations/dead-letters", {"letter": one, "verb": "discard"}, found_at="/operations/dead-letters"
    )
    assert (answer.status_code, "discard where the poller runs" in answer.text) == (503, True)
    assert held(stage, "DEAD_LETTER_QUEUE_URL") == 1


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"verb": "discard"},
        {"verb": "nonsense", "letter": "0" * 36},
        {"verb": "redrive", "letter": "x"},
        {"verb": "redrive", "letter": "é" * 36},
        {"verb": "redrive", "letter": ["0" * 36] * 201},
    ],
)
def test_a_form_that_makes_no_sense_does_nothing(visitor: Visitor, stage: MotoStage, form: dict[str, str]) -> None:
    bury(stage)
    answer = visitor.send("/operations/dead-letters", form, found_at="/operations/dead-letters", follow_redirects=True)
    assert notices(answer.text) == ["Nothing was done: tick the letters, then choose what to do with them."]
    assert (held(stage, "REQUEST_QUEUE_URL"), held(stage, "DEAD_LETTER_QUEUE_URL")) == (0, 1)


def test_only_an_operator_sees_operations(signed_in: Callable[..., Visitor]) -> None:
    for path in ("/operations", "/operations/now", "/operations/dead-letters"):
        assert signed_in("operator").get(path).status_code == 200
        assert signed_in("instructor", "privacy").get(path).status_code == 403
