"""The status: RESULTS_DIR alone tells whether the poller is well."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from pathlib import Path

import pytest

from poller import lock, sign_of_life, state
from poller.durable import DurableDirectory
from poller.errors import Transient
from poller.history import PastTick, remember
from poller.sign_of_life import CloudWatchSign
from poller.sqs import _delivery
from poller.status import main
from tests.unit.poller.poller_fakes import FakeClock, result
from wire.result_json import write_result

NOW = 1_700_000_000.0


def ticked(folder: Path, *ago_s: float, code: int = 0) -> None:
    with DurableDirectory(folder) as directory:
        for seconds in ago_s:
            remember(directory, PastTick(NOW - seconds, 1.0, code))


def shown(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(arguments, {"RESULTS_DIR": str(folder)}, NOW)
    return code, capsys.readouterr().out


@pytest.mark.parametrize(("ago_s", "code"), [(0, 0), (1199, 0), (1200, 1), (-299, 0), (-301, 1)])
def test_a_success_is_fresh_for_twenty_minutes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ago_s: float, code: int
) -> None:
    ticked(tmp_path, ago_s)
    assert shown(tmp_path, capsys)[0] == code


def test_without_any_tick_it_asks_for_cron(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = shown(tmp_path, capsys)
    assert code == 1
    assert "is cron running" in text
    assert list(tmp_path.iterdir()) == []


def test_ticks_that_run_but_fail_send_the_operator_to_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ticked(tmp_path, 2000)
    ticked(tmp_path, 60, code=3)
    code, text = shown(tmp_path, capsys)
    assert code == 1
    assert "poller's log" in text.splitlines()[-1]


@pytest.mark.parametrize("place", ["", "missing"])
def test_a_missing_directory_is_named_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    assert main([], {"RESULTS_DIR": place and str(tmp_path / place)}) == 2
    assert "RESULTS_DIR" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_only_todays_records_are_counted_and_no_name_or_control_character_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticked(tmp_path, 10)
    (tmp_path / "\x1b[2Jlovelace.json").write_text(write_result(result("lovelace.mp4")))
    (tmp_path / "evil.json").write_text(
        write_result(result(outcome="no_face")).replace("no_face", "\\u001b[2Jlovelace")
    )
    (tmp_path / "old.json").write_text(write_result(result()))
    for name, at in (("\x1b[2Jlovelace.json", NOW), ("evil.json", NOW), ("old.json", NOW - 90_000)):
        os.utime(tmp_path / name, (at, at))
    for arguments in ([], ["--json"]):
        _, text = shown(tmp_path, capsys, *arguments)
        assert "lovelace" not in text
        assert "\x1b" not in text
    told = json.loads(text)
    assert (told["filed_today"], told["outcomes_today"]) == (2, {"no_face": 1, "unreadable": 1})
    monkeypatch.setattr(state, "READ_RECORDS", 1)
    told = json.loads(shown(tmp_path, capsys, "--json")[1])
    assert (told["filed_today"], told["outcomes_today"]["not_read"]) == (2, 1)


def test_it_shows_the_last_ticks_that_were_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ticked(tmp_path, 180, 120, 60)
    assert len(json.loads(shown(tmp_path, capsys, "--json", "--last", "2")[1])["ticks"]) == 2
    assert json.loads(shown(tmp_path, capsys, "--json", "--last", "0")[1])["ticks"] == []


@pytest.mark.parametrize("trigger", ["poller", "queue"])
def test_it_says_when_requests_are_not_this_pollers_business(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], trigger: str
) -> None:
    told = {"RESULTS_DIR": str(tmp_path), "POLLER_TRIGGER": trigger}
    main([], told, NOW)
    assert ("POLLER_TRIGGER=queue" in capsys.readouterr().out) == (trigger == "queue")
    main(["--json"], told, NOW)
    assert json.loads(capsys.readouterr().out)["trigger"] == trigger


def test_a_running_tick_is_seen_and_not_disturbed(tmp_path: Path) -> None:
    with DurableDirectory(tmp_path) as directory:
        with contextlib.ExitStack() as held:
            assert lock.take(directory, held)
            assert lock.is_taken(directory)
        assert not lock.is_taken(directory)


def test_a_tick_that_starts_while_somebody_asks_gets_the_lock(tmp_path: Path) -> None:
    import fcntl

    with DurableDirectory(tmp_path) as directory, contextlib.ExitStack() as held:
        asking = directory.open_file(lock.LOCK, os.O_RDWR | os.O_CREAT)
        fcntl.flock(asking, fcntl.LOCK_SH)
        timer = threading.Timer(0.05, os.close, [asking])
        timer.start()
        assert lock.take(directory, held)
        timer.join()


@pytest.mark.parametrize("name", ["f", "arn:aws:lambda:us-east-1:123456789012:function:f", "f:live"])
def test_the_sign_bears_the_functions_plain_name(name: str) -> None:
    sent: list[dict[str, object]] = []
    CloudWatchSign(lambda operation, **told: sent.append(told), name).send()
    (metric,) = sent[0]["MetricData"]  # type: ignore[misc]
    assert metric["Dimensions"] == [{"Name": "FunctionName", "Value": "f"}]


class Silent:
    def __init__(self, error: Exception | None) -> None:
        self.error, self.release = error, threading.Event()

    def send(self) -> None:
        if self.error:
            raise self.error
        self.release.wait(60)


@pytest.mark.parametrize("error", [None, Transient("put_metric_data", "Down"), RuntimeError("ada")])
def test_a_sign_that_hangs_or_fails_holds_up_nothing(error: Exception | None, caplog: pytest.LogCaptureFixture) -> None:
    silent, clock = Silent(error), FakeClock()
    sign_of_life.give(silent, clock)
    silent.release.set()
    assert clock.time - 1000.0 <= sign_of_life.WAIT_S
    assert "ada" not in caplog.text


@pytest.mark.parametrize("text", [None, "", "soon", "-5", "9" * 99, "²"])
def test_a_time_of_sending_that_is_none_is_unknown(text: str | None) -> None:
    attributes = {} if text is None else {"SentTimestamp": text}
    message = {"MessageId": "m", "ReceiptHandle": "r", "Body": "", "Attributes": attributes}
    assert _delivery(message).sent is None
    message["Attributes"] = {"SentTimestamp": "1700000000500"}
    assert _delivery(message).sent == 1_700_000_000.5
