"""Nothing that a tick says names anybody: the real program at DEBUG, with warnings shown, its stdout and its stderr.

Words are planted in keys, bodies, results, error replies, receipts and credentials, and then looked for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from poller.program import FAULT
from tests.contract.poller import loopback_aws
from tests.contract.poller.loopback_aws import LoopbackAws
from tests.planted import KEY, MAJOR, NAME, SECRET, STUDENT_ID, TOKEN, WORDS, found_in
from tests.unit.poller.poller_fakes import all_done, event, record, result
from wire.result_csv import write_csv
from wire.result_json import write_result
from wire.result_message import StudentSeen
from wire.s3_event import read_notification

ROOT = Path(__file__).parents[3]
ZOE = StudentSeen(STUDENT_ID, NAME, MAJOR, "senior", 0.93, 0.4, 3, 0.5)
RECOGNISED = result(KEY, outcome="recognised", students=(ZOE,), csv=write_csv([ZOE]), reason=f"for {NAME}")
UPLOADED = event(record(quote_plus(KEY)))

Reply = tuple[int, dict[str, str], bytes]


@pytest.fixture
def receipts(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every receipt handed out."""
    given: set[str] = set()

    def receive(aws: LoopbackAws, queue: str, ask: dict[str, Any]) -> dict[str, Any]:
        answer = LoopbackAws.receive(aws, queue, ask)
        given.update(message["ReceiptHandle"] for message in answer["Messages"])
        return answer

    monkeypatch.setitem(loopback_aws.OPERATIONS, "ReceiveMessage", receive)
    return given


@pytest.fixture
def aws(receipts: set[str]) -> Iterator[LoopbackAws]:
    with loopback_aws.loopback_aws() as running:
        running.on_invoke = lambda aws, body: (200, {}, all_done(body))
        yield running


Say = Callable[..., tuple[int, str]]


@pytest.fixture
def said(aws: LoopbackAws, tmp_path: Path, receipts: set[str]) -> Say:
    """Run the program; its exit code, and what it said, which names nobody and is nothing but events."""

    def run(*program: str) -> tuple[int, str]:
        quick = {"POLLER_RECEIVE_S": "1", "POLLER_WAIT_S": "1", "FUNCTION_TIMEOUT_S": "1"}
        told = {"POLLER_LOG_LEVEL": "DEBUG", "PYTHONDEVMODE": "1", **quick}
        credentials = {"AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
        ran = subprocess.run(
            [sys.executable, "-W", "always", *(program or ("-m", "poller.tick"))],
            cwd=ROOT,
            env={**os.environ, **aws.environment(tmp_path / "results"), **told, **credentials},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert receipts or not aws.calls
        assert found_in(ran.stdout + ran.stderr, (*WORDS, *receipts)) == set()
        assert ran.stdout == ""
        assert all("event" in json.loads(line) for line in ran.stderr.splitlines())
        return ran.returncode, ran.stderr

    return run


def test_work_that_succeeds_names_nobody(aws: LoopbackAws, said: Say, tmp_path: Path) -> None:
    aws.put("requests", UPLOADED)
    aws.put("output", write_result(RECOGNISED))
    aws.put("output", write_result(replace(RECOGNISED, reason="another one")))
    code, text = said()
    assert code == 0
    assert {"done", "written", "kept_both"} <= {json.loads(line)["event"] for line in text.splitlines()}
    assert any(NAME in path.read_text() for path in (tmp_path / "results").glob("*.csv"))


BAD_REQUESTS = (f"no JSON: {NAME} {KEY}", event(f"{NAME}"), event({**record(KEY), "eventName": NAME}), f'["{NAME}"]')
BAD_RESULTS = (
    f"no JSON: {NAME}",
    write_result(RECOGNISED).replace('"recognised"', json.dumps(NAME)),
    json.dumps(json.loads(write_result(RECOGNISED)) | {"timing_ms": {NAME: KEY}}),
    json.dumps(json.loads(write_result(RECOGNISED)) | {"schema": 2}),
    json.dumps(json.loads(write_result(RECOGNISED)) | {"students": [{NAME: MAJOR}]}),
    write_result(replace(RECOGNISED, csv=f'"{NAME}"{KEY}')),
)


def test_what_cannot_be_read_is_buried_and_not_quoted(aws: LoopbackAws, said: Say) -> None:
    for body in BAD_REQUESTS:
        aws.put("requests", body)
    for body in BAD_RESULTS:
        aws.put("output", body)
    code, text = said()
    assert code == 1
    assert text.count('"dead_lettered", "message"') == len(BAD_REQUESTS) + len(BAD_RESULTS) - 1
    buried = [message for queue in ("dead", "output-dead") for message in aws.queues[queue]]
    assert len(buried) == len(BAD_REQUESTS) + len(BAD_RESULTS) - 1
    assert {message.body: found for message in buried if (found := found_in(str(message.attributes), WORDS))} == {}
    assert '"newer_schema"' in text


def raised(aws: LoopbackAws, body: str) -> Reply:
    told = {"errorType": f"{NAME}Error", "errorMessage": body, "stackTrace": [KEY]}
    return 200, {"x-amz-function-error": "Unhandled", "x-amzn-requestid": quote_plus(KEY)}, json.dumps(told).encode()


def refused(aws: LoopbackAws, body: str) -> Reply:
    return 400, {"x-amzn-errortype": f"Invalid {quote_plus(KEY)}"}, json.dumps({"Message": f"{NAME} {body}"}).encode()


def throttled(aws: LoopbackAws, body: str) -> Reply:
    headers = {"x-amzn-errortype": "TooManyRequestsException", "retry-after": quote_plus(KEY)}
    return 429, headers, json.dumps({"Message": NAME, "Reason": KEY}).encode()


def broken(aws: LoopbackAws, body: str) -> Reply:
    return 502, {"x-amzn-requestid": quote_plus(KEY)}, f"<html>{NAME} {body}</html>".encode()


def nonsense(aws: LoopbackAws, body: str) -> Reply:
    return 200, {}, f"{NAME} {body}".encode()


def unaccounted(aws: LoopbackAws, body: str) -> Reply:
    jobs = [upload.job_id for upload in read_notification(body).uploads]
    return 200, {}, json.dumps({"answer": 1, "refused": [{"record": 0, "reason": NAME}] * len(jobs)}).encode()


def dropped(aws: LoopbackAws, body: str) -> None:
    return None


@pytest.mark.parametrize(
    "answer", [raised, refused, throttled, broken, nonsense, unaccounted, dropped], ids=lambda answer: answer.__name__
)
def test_a_function_that_quotes_its_work_is_not_quoted(
    aws: LoopbackAws, said: Say, answer: Callable[[LoopbackAws, str], Reply | None]
) -> None:
    aws.on_invoke = answer
    aws.put("requests", UPLOADED)
    said()
    assert aws.invoked


@pytest.mark.parametrize("queue", ["output", "dead", "metrics"])
def test_a_service_that_quotes_our_call_is_not_quoted(
    aws: LoopbackAws, said: Say, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(loopback_aws.ERRORS, "quoting", (400, f"No such thing: {quote_plus(KEY)} of Quillfeather"))
    aws.broken_with[queue] = "quoting"
    aws.put("requests", f"no JSON: {NAME}")
    said()
    assert f"SendMessage {queue}" in aws.calls or queue != "dead"


QUOTE = "boom = lambda *_, **__: (_ for _ in ()).throw(LookupError('Zoë Quillfeather'))"
FORESEEN_BY_NOBODY = {
    "the main thread": "course.Course.run = boom",
    "the start": "tick.Settings.from_environment = boom",
    "the heartbeat": "lease.Leases.run = boom",
    "the receiving": "sqs._delivery = boom",
    "the filing": "results.file_result = boom",
    "the work": "decide.before = boom",
    "a destructor": "course.Course.__del__ = boom",
    "a warning": "import warnings; course.Course.run = lambda _: not warnings.warn('Zoë Quillfeather')",
    "a library at DEBUG": "import logging; logging.getLogger('botocore').setLevel('DEBUG')",
}


@pytest.mark.parametrize("patch", FORESEEN_BY_NOBODY.values(), ids=FORESEEN_BY_NOBODY.keys())
def test_an_exception_that_nobody_foresaw_is_told_by_its_class_and_place(
    aws: LoopbackAws, said: Say, patch: str
) -> None:
    aws.put("requests", UPLOADED)
    aws.put("output", write_result(RECOGNISED))
    imports = "from poller import course, decide, lease, results, sqs, tick"
    _, text = said("-c", f"{imports}; {QUOTE}; {patch}; tick.run()")
    told = [line for line in map(json.loads, text.splitlines()) if line["event"] in ("unexpected", "library")]
    assert told
    assert all("<string>:1" in line["where"] for line in told if line["event"] == "unexpected")


def test_a_line_that_cannot_be_written_leaves_no_traceback_with_what_was_being_handled(
    aws: LoopbackAws, said: Say
) -> None:
    aws.put("output", write_result(RECOGNISED))
    mute = (
        "write = logs.JsonLines.format; logs.JsonLines.format = lambda *a: boom() if a[1].levelno > 30 else write(*a)"
    )
    imports = "from poller import logs, results, tick"
    code, text = said("-c", f"{imports}; {QUOTE}; {mute}; results.file_result = boom; tick.run()")
    assert code == 1
    assert '"summary"' in text


CHOKED = {
    "status": "state.gather",
    "doctor": "examine.everything.settings",
    "dlq list": "settings.read",
    "erase a-student": "erasing.erase",
}


@pytest.mark.parametrize(("command", "place"), CHOKED.items(), ids=CHOKED.keys())
def test_an_operators_program_that_chokes_quotes_nothing(said: Say, tmp_path: Path, command: str, place: str) -> None:
    (tmp_path / "results").mkdir(mode=0o700)
    name, *arguments = command.split()
    patch = f"import runpy, sys, poller.{place.rpartition('.')[0]}; {QUOTE}; poller.{place} = boom"
    start = f"sys.argv[1:] = {arguments}; runpy.run_module('poller.{name}', run_name='__main__', alter_sys=True)"
    code, text = said("-c", f"{patch}; {start}")
    assert code == FAULT
    assert [json.loads(line)["event"] for line in text.splitlines()] == ["unexpected"]
