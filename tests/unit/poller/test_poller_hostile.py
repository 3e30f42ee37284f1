"""Whoever can write into a queue or into the directory is not believed: bodies of every kind, and planted files."""

from __future__ import annotations

import json
import os
import re
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from poller import filing
from poller.attempt import Window
from poller.durable import DurableDirectory
from poller.errors import Transient
from poller.lease import Leases
from poller.naming import stem
from poller.ports import Delivery
from poller.results import Progress, Results
from poller.tally import Exit, Tally
from poller.work import Work
from tests.unit.poller.poller_fakes import (
    FakeClock,
    FakeFunction,
    FakeQueue,
    csv_files,
    record,
    result,
    result_delivery,
    settings,
)
from wire.result_csv import write_csv
from wire.result_json import write_result
from wire.result_message import Result, StudentSeen

ADA = StudentSeen("s1", "=HYPERLINK(1)", "mathematics\r\nBob,physics,junior", "senior", 0.9, 0.4, 3, 0.5)
ONE_STUDENT = result(outcome="recognised", students=(ADA,), csv=write_csv([ADA]))


@dataclass
class Drained:
    """What became of one body of the output queue, filed into `folder`."""

    folder: Path
    output: FakeQueue = field(default_factory=FakeQueue)
    dead: FakeQueue = field(default_factory=FakeQueue)
    tally: Tally = field(default_factory=Tally)

    def drain(self, *deliveries: Delivery) -> Drained:
        self.output.batches = [list(deliveries)]
        with DurableDirectory(self.folder) as directory:
            progress = Progress(lambda: True, lambda: 0.0)
            Results(self.output, self.dead, directory, self.tally, settings(), progress, lambda: 0.5, FakeClock()).run()
        return self

    @property
    def reasons(self) -> list[str]:
        return [attributes["reason"] for _, attributes in self.dead.calls("send")]  # type: ignore[index]

    def settled(self, receipt: str) -> bool:
        """Whether the message was either deleted or given a time to come back at; and never both."""
        deleted = any(receipt in call for call in self.output.calls("delete"))
        hidden = any(receipt in call[0] for call in self.output.calls("hide"))  # type: ignore[operator]
        return deleted != hidden


def forged(**changes: object) -> str:
    return json.dumps(json.loads(write_result(ONE_STUDENT)) | changes)


def with_csv(text: str) -> str:
    body = json.loads(write_result(ONE_STUDENT))
    body["csv"]["text"] = text
    return json.dumps(body)


def test_the_csv_of_a_forged_result_is_harmless_and_its_record_as_it_came(tmp_path: Path) -> None:
    body = with_csv("name,major,year\r\n=cmd|'/c calc'!A1,art,junior\r\n")
    drained = Drained(tmp_path).drain(Delivery("m", "r", body, 1), Delivery("m2", "r2", body, 1))
    assert (tmp_path / f"{stem(ONE_STUDENT)}.csv").read_bytes() == (
        b"name,major,year\r\n'=cmd|'/c calc'!A1,art,junior\r\n"
    )
    assert (tmp_path / f"{stem(ONE_STUDENT)}.json").read_text() == body
    assert drained.reasons == []


def test_a_roll_call_with_other_columns_is_filed_for_an_older_or_newer_function_may_have_written_it(
    tmp_path: Path,
) -> None:
    Drained(tmp_path).drain(Delivery("m", "r", with_csv("year,name\r\nsenior,Ada\r\n"), 1))
    assert (tmp_path / f"{stem(ONE_STUDENT)}.csv").read_bytes() == b"year,name\r\nsenior,Ada\r\n"


NO_CSVS = {"an open quote": '"a"b', "a megabyte in one cell": "x" * 1_000_000}


@pytest.mark.parametrize("text", NO_CSVS.values(), ids=NO_CSVS.keys())
def test_a_roll_call_that_is_no_csv_is_refused_with_the_reason(tmp_path: Path, text: str) -> None:
    drained = Drained(tmp_path).drain(Delivery("m", "r", with_csv(text), 1))
    assert drained.reasons == ["the roll call is no CSV: Error"]
    assert csv_files(tmp_path) == []


@pytest.mark.fault(40)
def test_names_that_are_formulas_or_break_lines_are_filed_as_one_harmless_row(tmp_path: Path) -> None:
    Drained(tmp_path).drain(result_delivery(ONE_STUDENT))
    text = (tmp_path / f"{stem(ONE_STUDENT)}.csv").read_bytes()
    assert text == b'name,major,year\r\n\'=HYPERLINK(1),"mathematics\r\nBob,physics,junior",senior\r\n'


BOMBS: dict[str, Callable[[], str]] = {
    "deep lists": lambda: "[" * 200_000,
    "deep objects": lambda: '{"a":' * 100_000,
    "a huge whole number": lambda: forged(unknown_faces=0).replace(
        '"unknown_faces": 0', f'"unknown_faces": {"9" * 9999}'
    ),
    "a number beyond floats": lambda: forged(timing_ms={"total": 0}).replace('"total": 0', '"total": 1e999'),
    "NaN": lambda: forged(weather=float("nan")),
    "a field twice": lambda: forged().replace("{", '{"outcome": "no_face", ', 1),
    "half a character": lambda: forged(reason="\ud800"),
    "half a character in the body itself": lambda: forged(weather="sun").replace("sun", "\ud800"),
    "half a character in a name of a field": lambda: forged(timing_ms={"\ud800": "x"}),
    "a huge text for a number": lambda: forged(unknown_faces="9" * 1_000_000),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_goes_to_the_dead_letters_and_its_neighbours_are_filed(tmp_path: Path, bomb: Callable[[], str]) -> None:
    drained = Drained(tmp_path).drain(Delivery("m", "bomb", bomb(), 1), result_delivery(receipt="good"))
    assert len(drained.reasons) == 1
    assert drained.output.calls("delete") == [("bomb", "good")]
    assert len(csv_files(tmp_path)) == 1
    assert drained.tally.exit_code() is Exit.FINE


def test_what_nobody_has_foreseen_holds_up_its_own_message_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def choke(found: Result) -> str:
        if found.upload.key == "choke":
            raise LookupError("Ada Lovelace")
        return stem(found)

    monkeypatch.setattr(filing, "stem", choke)
    drained = Drained(tmp_path).drain(result_delivery(result("choke"), "bad"), result_delivery(receipt="good"))
    assert drained.output.calls("delete") == [("good",)]
    assert drained.output.calls("hide") == [({"bad": 15},)]
    assert drained.tally.exit_code() is Exit.LEFT_OVER
    (told,) = [line.fields for line in caplog.records if line.msg == "unexpected"]  # type: ignore[attr-defined]
    assert told["error"] == "LookupError"
    assert re.match(r"test_poller_hostile\.py:\d+ < filing\.py:\d+ < results\.py:\d+", told["where"])


def test_aws_trouble_while_burying_still_ends_the_draining(tmp_path: Path) -> None:
    drained = Drained(tmp_path)
    drained.dead.fail["send"] = Transient("send", "Down")
    drained.drain(Delivery("m", "r", "nonsense", 1))
    assert drained.tally.exit_code() is Exit.AWS


def test_a_record_that_somebody_made_endless_is_not_read(tmp_path: Path) -> None:
    planted = tmp_path / f"{stem(ONE_STUDENT)}.json"
    with planted.open("wb") as file:
        file.truncate(1 << 40)  # a hole: a terabyte to read, nothing on the disk
    drained = Drained(tmp_path).drain(result_delivery(ONE_STUDENT))
    assert drained.tally.counts()["kept_both"] == 1
    assert planted.stat().st_size == 1 << 40


@pytest.mark.parametrize("kind", ["directory", "fifo", "socket", "symlink"])
def test_a_thing_planted_under_a_records_name_is_not_touched(tmp_path: Path, kind: str) -> None:
    folder, victim = tmp_path / "results", tmp_path / "victim"
    folder.mkdir(mode=0o700)
    victim.write_text("mine")
    plant(folder / f"{stem(ONE_STUDENT)}.json", kind, victim)
    neighbour = result("neighbour.mp4")
    drained = Drained(folder).drain(result_delivery(ONE_STUDENT), Delivery("m2", "r2", write_result(neighbour), 1))
    assert victim.read_text() == "mine"
    assert drained.settled("r1")
    assert drained.settled("r2")
    stopped = kind == "directory"  # it can be neither read nor replaced: an operator must come
    assert drained.tally.exit_code() is (Exit.DISK if stopped else Exit.FINE)
    assert (folder / f"{stem(neighbour)}.csv").exists() is not stopped


def plant(path: Path, kind: str, victim: Path) -> None:
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        before = Path.cwd()
        os.chdir(path.parent)  # a socket's path is short
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
        os.chdir(before)
    else:
        path.symlink_to(victim)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def tampered(draw: st.DrawFn, valid: object) -> str:
    """A valid message with one place, at any depth, changed, taken away or added to."""
    body = json.loads(json.dumps(valid))
    at, value = body, draw(json_values)
    while True:
        places = list(at) if isinstance(at, dict) else list(range(len(at)))
        place = draw(st.sampled_from(places))
        if isinstance(at[place], dict | list) and at[place] and draw(st.booleans()):
            at = at[place]
        else:
            break
    if draw(st.booleans()):
        at[place] = value
    else:
        del at[place]
    return json.dumps(body)


raw_texts = st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
raw_bodies = raw_texts | json_values.map(json.dumps)
result_bodies = raw_bodies | tampered(json.loads(write_result(ONE_STUDENT)))
request_bodies = raw_bodies | tampered({"Records": [record("a b.mp4"), record("../../x")]})


@hypothesis_settings(deadline=None)
@given(result_bodies)
def test_any_body_in_the_output_queue_is_settled_and_no_file_leaves_the_directory(body: str) -> None:
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer) / "results"
        drained = Drained(folder).drain(Delivery("m", "r", body, 1))
        assert drained.settled("r")
        assert list(Path(outer).iterdir()) == [folder]
        for path in folder.iterdir():
            assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*-[0-9a-f]{12}\.(csv|json)", path.name)
            assert path.stat().st_mode & 0o777 == 0o600


@hypothesis_settings(deadline=None)
@given(request_bodies, st.binary(max_size=100) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_in_the_request_queue_and_any_answer_to_it_is_settled(body: str, answer: bytes) -> None:
    requests, dead, tally, clock = FakeQueue(), FakeQueue(), Tally(), FakeClock()
    leases = Leases(requests, clock, 120, 960)
    delivery = Delivery("m", "r", body, 1)
    leases.take(delivery, clock.monotonic())
    function = FakeFunction(answer=lambda _: answer)
    window = Window.of(settings(), clock.monotonic())
    work = Work(requests, dead, function, leases, clock, tally, settings(), window, lambda: 0.5)
    work.carry_out(delivery)
    assert leases.held() == []
    deleted, hidden = requests.calls("delete"), requests.calls("hide")
    assert (deleted, len(hidden)) == ([("r",)], 0) or (deleted, len(hidden)) == ([], 1)
    assert bool(dead.calls("send")) <= bool(deleted)
    assert tally.counts()["failed"] in (0, bool(function.invoked))
    assert tally.exit_code() <= Exit.LEFT_OVER
