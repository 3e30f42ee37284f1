"""The workload's benchmark: what counts as right and lost, the figures, and the original loop's steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench import workload
from bench.original_loop import GIVE_UP_AFTER, PAUSE_S, Loop
from bench.workload import Run, expected_rows, figures, right
from tests.unit.poller.poller_fakes import result
from wire.result_json import write_result

HEADER = "name,major,year\r\n"


def csvs(*rows: str) -> dict[str, str]:
    return {f"ours/test_{n}.mp4": HEADER + row for n, row in enumerate(rows)}


def run(seconds: float, *rows: str, files: int = 2) -> Run:
    return Run(seconds, csvs(*rows), files)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "videos").mkdir()
    for name in ("test_0.mp4", "test_4.mp4"):
        (tmp_path / "videos" / name).touch()
    (tmp_path / "mapping").write_text("test_0.mp4:maths,freshman\ntest_4.mp4:art,senior\n")
    return tmp_path


def test_request_n_expects_the_row_of_clip_n_modulo_the_clips(data: Path) -> None:
    assert expected_rows(data, 3) == ["maths,freshman", "art,senior", "maths,freshman"]


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        (("Ada,maths,freshmen\r\n", "Bob,art,senior\r\n"), 2),
        (("Ada,maths,freshman\r\n", "Bob,maths,senior\r\n"), 1),
        (("Ada,maths,freshman\r\nEve,maths,freshman\r\n", "Bob,art,senior\r\n"), 1),
        (("Ada,maths,freshman\r\n",), 1),
        (("", ""), 0),
    ],
)
def test_a_request_is_right_when_its_csv_has_the_one_expected_row(rows: tuple[str, ...], count: int) -> None:
    assert right(run(1, *rows), ["maths,freshman", "art,senior"]) == count


def test_the_worst_run_counts_and_the_speedup_is_that_of_the_shipped_settings() -> None:
    rows = "Ada,maths,freshman\r\n", "Bob,art,senior\r\n"
    runs = {"ours, 2": run(10, *rows), "ours, 8": run(20, rows[0], files=1), "original": run(60, *rows, files=3)}
    found = figures(runs, ["maths,freshman", "art,senior"], 0)
    assert (found["right"], found["lost"], found["twice"]) == (1, 1, 1)
    assert (found["speedup"], found["speedup_matched"], found["cost_of_asking_for_8"]) == (3.0, 6.0, 2.0)


def test_without_the_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    ran = CliRunner().invoke(workload.main, ["--data", str(tmp_path)])
    assert ran.exit_code == 0
    assert "skipped" in ran.output
    assert "must hold" in ran.output


class OneByOne:
    """SQS with some requests, and a result that can be fetched at the second look after each invocation."""

    def __init__(self, requests: int) -> None:
        self.requests, self.outputs = requests, 0
        self.steps: list[str] = []

    def receive_message(self, QueueUrl: str, MaxNumberOfMessages: int) -> dict[str, Any]:  # noqa: N803
        assert MaxNumberOfMessages == 1
        self.steps.append(f"receive {QueueUrl}")
        if QueueUrl == "in" and self.requests:
            self.requests -= 1
            return {"Messages": [{"Body": "event", "ReceiptHandle": "r"}]}
        if QueueUrl == "out" and self.outputs and self.steps[-2] == "sleep":
            self.outputs -= 1
            body = write_result(result(key=f"clip {self.requests}.mp4"))
            return {"Messages": [{"Body": body, "ReceiptHandle": "o"}]}
        return {}

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        self.steps.append(f"delete {QueueUrl} {ReceiptHandle}")

    def invoke(self, body: str) -> bytes:
        self.steps.append(f"invoke {body}")
        self.outputs += 1
        return b""

    def sleep(self, seconds: float) -> None:
        assert seconds == PAUSE_S
        self.steps.append("sleep")


def loop(of: OneByOne) -> Loop:
    return Loop(of, {"REQUEST_QUEUE_URL": "in", "OUTPUT_QUEUE_URL": "out"}, of.invoke, of.sleep)


def test_the_original_loop_takes_one_message_through_before_it_looks_for_the_next(tmp_path: Path) -> None:
    sqs = OneByOne(requests=2)
    found = loop(sqs).run(2, tmp_path / "results", lambda _: None)
    one = ["receive in", "invoke event", "receive out", "sleep", "receive out", "delete out o", "delete in r", "sleep"]
    assert sqs.steps == one * 2
    assert found == {f"clip {n}.mp4": HEADER for n in (0, 1)}
    assert len(list((tmp_path / "results").glob("*.csv"))) == 2


def test_the_original_loop_gives_up_when_messages_stop_coming(tmp_path: Path) -> None:
    sqs = OneByOne(requests=1)
    assert len(loop(sqs).run(2, tmp_path, lambda _: None)) == 1
    assert sqs.steps.count("receive in") == 1 + GIVE_UP_AFTER
