"""Logs: one line of JSON an event, and nothing about anybody."""

from __future__ import annotations

import ast
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import poller
from poller.logs import FIELDS, configure, log, log_unexpected, speak_alone


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger("poller")
    before = root.handlers[:], root.level, ours.level
    text = io.StringIO()
    configure("INFO", text)
    yield text
    root.handlers[:], root.level, ours.level = before
    root.setLevel(before[1])
    ours.setLevel(before[2])


def test_an_event_is_one_line_of_json(stream: io.StringIO) -> None:
    log(logging.INFO, "done", message="m1", jobs=["abc"], seconds=3)
    line = json.loads(stream.getvalue())
    assert line.pop("at").endswith("+00:00")
    assert line == {"level": "INFO", "event": "done", "message": "m1", "jobs": ["abc"], "seconds": 3}
    assert stream.getvalue().count("\n") == 1


def test_a_field_that_was_not_agreed_on_is_dropped(stream: io.StringIO) -> None:
    log(logging.INFO, "done", key="ada.mp4", body="{}", receipt="AQEB", name="Ada")
    assert set(json.loads(stream.getvalue())) == {"at", "level", "event"}


def test_a_library_may_name_itself_and_its_error_but_say_nothing(stream: io.StringIO) -> None:
    try:
        raise ValueError("ada.mp4")
    except ValueError:
        logging.getLogger("any.library").warning("about %s", "ada.mp4", exc_info=True)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["logger"], line["error"]) == ("library", "any.library", "ValueError")
    assert "ada" not in stream.getvalue()


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    sys.excepthook, threading.excepthook, sys.unraisablehook = before
    logging.captureWarnings(False)


@pytest.mark.usefixtures("hooks")
def test_whatever_else_would_be_printed_becomes_a_line_without_its_text(stream: io.StringIO) -> None:
    speak_alone()
    error = ValueError("ada.mp4")
    sys.excepthook(ValueError, error, None)
    threading.excepthook(threading.ExceptHookArgs((ValueError, error, None, None)))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("ada.mp4", stacklevel=1)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["unexpected", "unexpected", "library"]
    assert "ada" not in stream.getvalue()


def test_an_exception_is_told_by_its_class_and_the_way_to_it(stream: io.StringIO) -> None:
    try:
        json.loads("ada.mp4")
    except ValueError as error:
        log_unexpected(error, message="m1")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["error"], line["message"]) == ("unexpected", "JSONDecodeError", "m1")
    assert line["where"].startswith("decoder.py:")
    assert " < test_poller_logs.py:" in line["where"]
    assert "ada" not in stream.getvalue()


def test_the_level_is_obeyed(stream: io.StringIO) -> None:
    log(logging.DEBUG, "quiet")
    logging.getLogger("botocore").info("quiet")
    assert stream.getvalue() == ""


def test_every_field_the_poller_logs_is_an_agreed_one() -> None:
    used = set()
    for path in Path(poller.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if named and node.func.id in ("log", "log_unexpected"):
                used |= {keyword.arg for keyword in node.keywords if keyword.arg}
    assert "jobs" in used
    assert used <= FIELDS


def test_no_agreed_field_could_hold_a_key_a_name_a_body_or_a_receipt() -> None:
    assert not FIELDS & {"key", "name", "student", "body", "receipt", "file", "path", "url", "reason"}
