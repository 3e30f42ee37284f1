"""A clip's figures, and the lines they become."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from recognition.aws.metrics import UNITS, EmfMetrics
from recognition.metrics import STEPS, Measured, measured
from recognition.results import Spent, result_without_faces
from tests.embedded_metrics import documents_in, faults_of, values_of
from wire.result_message import OUTCOMES
from wire.s3_event import Upload

ROOT = Path(__file__).parents[3]
LONG_AGO = 1_000_000_000.25
CLIP = Measured("recognised", 2, (0.991, 0.87), {"decode": 12.5, "total": 80.0})


def test_the_lines_carry_the_time_of_the_clock(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(UserWarning, match="14 days"):
        EmfMetrics("f", "INFO", lambda: LONG_AGO).count(CLIP)
    documents = documents_in(capsys.readouterr().out)
    assert {each["_aws"]["Timestamp"] for each in documents} == {1_000_000_000_250}
    assert {each["timestamp"] for each in documents} == {"2001-09-09T01:46:40.250Z"}


@pytest.mark.parametrize("faces", [0, 1, 99, 100, 101, 250])
def test_a_room_of_any_size_is_counted_whole(faces: int, capsys: pytest.CaptureFixture[str]) -> None:
    similarities = tuple(number / 1000 for number in range(faces))
    EmfMetrics("f", "INFO").count(replace(CLIP, faces=faces, similarities=similarities))
    documents = documents_in(capsys.readouterr().out)
    assert [fault for each in documents for fault in faults_of(each)] == []
    assert values_of(documents, "Similarity") == list(similarities)
    assert values_of(documents, "Faces") == [faces]
    assert values_of(documents, "ColdStart") == [1]


def test_steps_that_nobody_pays_for_are_left_out() -> None:
    upload = Upload("clips", "cam.mp4", "v1", "e", "01", 10)
    result = result_without_faces(upload, "rejected", "no video", "results", Spent({}, 0.0, 0))
    timing_ms = {"decode": 1.0, "match": 2.0, "draw": 3.0, "total": 6.0}
    assert measured(result, None, timing_ms) == Measured("rejected", 0, (), {"decode": 1.0, "total": 6.0})


def test_the_level_of_the_lines_is_the_one_lambda_filters_by() -> None:
    template = (ROOT / "serverless.yml").read_text()
    assert "applicationLogLevel: ${param:logLevel}\n" in template
    assert "LOG_LEVEL: ${param:logLevel}\n" in template


def test_the_operator_is_told_of_every_metric_outcome_and_step() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    table = page[page.index("## The function's figures") :].split("\n## ", 2)[0]
    assert [name for name in (*UNITS, *OUTCOMES, *STEPS) if f"`{name}`" not in table] == []
