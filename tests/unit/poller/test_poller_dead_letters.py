"""One dead letter: where it came from, what it is about, whether to send it back, and how it is shown."""

from __future__ import annotations

import json

import pytest

from poller.dead_letters import DeadLetter, Source
from poller.ports import Delivery
from poller.wording import age, data, escaped, row, whole
from tests.unit.poller.poller_fakes import event, record, result
from wire.result_json import write_result
from wire.s3_event import read_notification

RESULT = write_result(result())
NEWER = json.dumps({**json.loads(RESULT), "schema": 2})
HALF = event(record(), {"eventVersion": "3.0"})
TEST_EVENT = '{"Event": "s3:TestEvent"}'
HOSTILE = "\x1b]0;title\x07\x9b31m\r\u202e\u2028\ud800"


def letter(body: str, lies_in: Source | None = "requests", **attributes: str) -> DeadLetter:
    return DeadLetter(Delivery("0123456789ab", "secret-receipt", body, 6, 1000.0, attributes), lies_in)


@pytest.mark.parametrize(
    ("body", "lies_in", "attributes", "source"),
    [
        pytest.param(event(), "requests", {"queue": "output"}, "output", id="its attribute says it"),
        pytest.param(RESULT, "requests", {}, "requests", id="without one the queue it lies in"),
        pytest.param(RESULT, "output", {"queue": "elsewhere"}, "output", id="an attribute that names no queue of ours"),
        pytest.param(event(), None, {}, "requests", id="in one queue for both a notification"),
        pytest.param(TEST_EVENT, None, {}, "requests", id="in one queue for both a test event"),
        pytest.param(RESULT, None, {}, "output", id="in one queue for both a result"),
        pytest.param(NEWER, None, {}, "output", id="in one queue for both a newer result"),
        pytest.param("rubbish", None, {}, None, id="in one queue for both, rubbish"),
        pytest.param("[" * 100_000, None, {}, None, id="in one queue for both, endless brackets"),
    ],
)
def test_a_letter_tells_which_queue_it_came_from(
    body: str, lies_in: Source | None, attributes: dict[str, str], source: Source | None
) -> None:
    assert letter(body, lies_in, **attributes).source == source


@pytest.mark.parametrize(
    ("body", "lies_in", "attributes", "why"),
    [
        pytest.param(event(), "requests", {}, "", id="a notification"),
        pytest.param(TEST_EVENT, "requests", {}, "", id="a test event"),
        pytest.param("rubbish", "requests", {}, "not JSON", id="no notification"),
        pytest.param(HALF, "requests", {}, "", id="half readable and moved by SQS: perhaps nothing was done"),
        pytest.param(HALF, "requests", {"reason": "r"}, "readable records are done", id="half readable, set aside"),
        pytest.param(RESULT, "output", {}, "", id="a result"),
        pytest.param(NEWER, "output", {}, "install the newer poller", id="a newer result"),
        pytest.param("{}", "output", {}, "schema is missing", id="no result"),
        pytest.param("rubbish", None, {}, "nothing tells which queue", id="of unknown origin"),
    ],
)
def test_a_letter_is_hopeless_if_it_would_come_straight_back(
    body: str, lies_in: Source | None, attributes: dict[str, str], why: str
) -> None:
    hopeless = letter(body, lies_in, **attributes).hopeless
    assert why in hopeless
    assert bool(why) == bool(hopeless)


def test_a_letter_names_its_jobs_as_the_log_does() -> None:
    body = event(record("a.mp4"), record("b.mp4"))
    assert letter(body).jobs == [upload.job_id[:12] for upload in read_notification(body).uploads]
    assert letter(RESULT, "output").jobs == [result().upload.job_id[:12]]
    assert letter("rubbish").jobs == []


def test_neither_row_nor_data_shows_a_key_or_a_receipt() -> None:
    of = letter(event(record("ada-lovelace.mp4")))
    for text in (row(of, 1060.0), json.dumps(data(of))):
        assert "ada" not in text
        assert "secret-receipt" not in text
    assert "ada-lovelace.mp4" in whole(of, 1060.0)
    assert "secret-receipt" not in whole(of, 1060.0)


def test_nothing_foreign_can_drive_the_terminal() -> None:
    texts = (
        escaped(HOSTILE),
        row(letter(event(), reason=HOSTILE), 0.0),
        whole(letter(HOSTILE), 0.0),
        whole(letter(json.dumps({HOSTILE: HOSTILE, "n": "\n"}), reason=HOSTILE), 0.0),
    )
    for text in texts:
        assert all(c.isprintable() or c == "\n" for c in text)
    assert escaped("Größe 🎓\x1b") == "Größe 🎓\\x1b"
    assert "\n" not in row(letter(event(), reason="a\nb"), 0.0)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (86_400 * 3, "3 d"), (-5, "0 s")]
)
def test_an_age_is_said_in_one_unit(seconds: float, said: str) -> None:
    assert age(1000.0, 1000.0 + seconds) == said


def test_an_unknown_age_is_said_so() -> None:
    assert age(0.0, 1000.0) == "?"
