"""Results from the queue into files, and only then out of the queue."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from poller import durable
from poller.disk import disk_trouble
from poller.durable import DurableDirectory
from poller.errors import Refused, Transient
from poller.naming import stem
from poller.ports import Delivery
from poller.results import Progress, Results
from poller.tally import Exit, Tally
from tests.unit.poller.poller_fakes import FakeClock, FakeQueue, csv_files, result, result_delivery, settings
from wire.result_json import write_result


class Stage:
    """`Results` among fakes, on a real directory."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tally = folder, Tally()
        self.output, self.dead = FakeQueue(), FakeQueue()
        self.directory = DurableDirectory(folder)
        self.finished, self.receiving_for = True, 0.0
        self.results = Results(
            output=self.output,
            dead_letters=self.dead,
            directory=self.directory,
            tally=self.tally,
            settings=settings(),
            progress=Progress(lambda: self.finished, lambda: self.receiving_for),
            chance=lambda: 0.5,
            clock=FakeClock(),
        )

    def drain(self, *batches: list[Delivery]) -> None:
        self.output.batches = list(batches)
        self.results.run()

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    with stage.directory:
        yield stage


def test_a_result_becomes_a_csv_and_its_record(stage: Stage) -> None:
    one = result()
    stage.drain([result_delivery(one)])
    assert stage.files() == [f"{stem(one)}.csv", f"{stem(one)}.json"]
    assert (stage.folder / f"{stem(one)}.csv").read_bytes() == b"name,major,year\r\n"
    assert (stage.folder / f"{stem(one)}.json").read_text() == write_result(one)


def test_a_message_is_deleted_only_after_its_file_is_durable(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = durable.os.fsync
    monkeypatch.setattr(durable.os, "fsync", lambda fd: (stage.output.log.append(("fsync",)), fsync(fd))[1])
    stage.drain([result_delivery()])
    calls = [call[0] for call in stage.output.log]
    assert calls == ["receive", "fsync", "fsync", "fsync", "fsync", "delete", "receive"]


def test_a_batch_is_deleted_in_one_call(stage: Stage) -> None:
    stage.drain([result_delivery(result(version=f"v{n}"), receipt=f"r{n}") for n in range(3)])
    assert stage.output.calls("delete") == [("r0", "r1", "r2")]
    assert stage.tally.counts()["results"] == 3


def test_a_replay_changes_nothing_and_is_deleted(stage: Stage) -> None:
    stage.drain([result_delivery(receipt="r1")])
    inodes = {path.name: path.stat().st_ino for path in stage.folder.iterdir()}
    stage.drain([result_delivery(receipt="r2")])
    assert {path.name: path.stat().st_ino for path in stage.folder.iterdir()} == inodes
    assert ("r2",) in stage.output.calls("delete")
    assert stage.tally.counts()["results"] == 1


def test_a_replay_that_only_took_longer_is_the_same_result(stage: Stage) -> None:
    stage.drain(
        [result_delivery(result(timing_ms={"total": 1.0}))], [result_delivery(result(timing_ms={"total": 9.0}))]
    )
    assert len(stage.files()) == 2


@pytest.mark.fault(39)
def test_another_result_of_the_same_work_is_kept_beside_the_first(stage: Stage) -> None:
    other = result(outcome="rejected", reason="truncated")
    stage.drain([result_delivery()], [result_delivery(other)], [result_delivery(other)], [result_delivery()])
    assert len(csv_files(stage.folder)) == 2
    assert stage.tally.counts()["kept_both"] == 1
    assert len(stage.output.calls("delete")) == 4


def test_an_edited_record_is_not_overwritten(stage: Stage) -> None:
    record = stage.folder / f"{stem(result())}.json"
    record.write_text("edited by hand")
    stage.drain([result_delivery()])
    assert record.read_text() == "edited by hand"
    assert len(csv_files(stage.folder)) == 1


@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_a_lost_csv_is_restored_by_a_replay(stage: Stage, damage: str) -> None:
    stage.drain([result_delivery()])
    csv = stage.folder / f"{stem(result())}.csv"
    csv.unlink() if damage == "removed" else csv.write_text("na")
    stage.drain([result_delivery()])
    assert csv.read_bytes() == b"name,major,year\r\n"
    assert len(stage.files()) == 2


@pytest.mark.fault(38)
@pytest.mark.parametrize(
    "key", ["../../etc/cron.d/x", "/etc/passwd", "-rf", "a\x00b", ".tick.lock", "$(x)", "🎓", "%2B +"]
)
def test_a_hostile_key_stays_inside_the_directory(stage: Stage, key: str) -> None:
    stage.drain([result_delivery(result(key))])
    assert len(csv_files(stage.folder)) == 1
    assert len(stage.files()) == 2
    assert stage.output.calls("delete") == [("r1",)]


def surrogate() -> str:
    body = json.loads(write_result(result()))
    body["csv"]["text"] = "\ud800"
    return json.dumps(body)


@pytest.mark.parametrize(
    "body", ["nonsense", "[]", "{}", '{"schema": 1}', '{"schema": 0}', '{"schema": true}', surrogate()]
)
def test_an_unreadable_result_is_buried_with_its_reason_and_deleted(stage: Stage, body: str) -> None:
    stage.drain([Delivery("m", "r", body, 1)])
    ((sent, attributes),) = stage.dead.calls("send")
    assert sent == body
    assert attributes["queue"] == "output"  # type: ignore[index]
    assert attributes["reason"]  # type: ignore[index]
    assert stage.output.calls("delete") == [("r",)]
    assert stage.files() == []


def test_an_unreadable_result_does_not_hold_up_its_neighbours(stage: Stage) -> None:
    stage.drain([Delivery("m", "bad", "nonsense", 1), result_delivery(receipt="good")])
    assert stage.output.calls("delete") == [("bad", "good")]
    assert len(csv_files(stage.folder)) == 1


def test_what_the_dead_letter_queue_does_not_take_stays(stage: Stage) -> None:
    stage.dead.fail["send"] = Refused("send", "InvalidParameterValue")
    stage.drain([Delivery("m", "r", "nonsense", 1)])
    assert stage.output.calls("delete") == []
    assert stage.tally.exit_code() is Exit.LEFT_OVER


def test_a_newer_result_stays_as_long_as_it_can_for_a_newer_poller(stage: Stage) -> None:
    stage.drain([Delivery("m", "r", '{"schema": 2, "everything": "else"}', 2)])
    assert stage.output.calls("delete") == []
    assert stage.output.calls("hide") == [({"r": 900},)]
    assert stage.dead.log == []
    assert stage.tally.exit_code() is Exit.LEFT_OVER


@pytest.mark.fault(37)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT, 0])
def test_a_bad_disk_keeps_the_messages_and_ends_the_draining(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    tried: list[object] = []

    def fail(descriptor: int) -> None:
        tried.append(descriptor)
        raise OSError(number, "no")

    monkeypatch.setattr(durable.os, "fsync", fail)
    batch = [result_delivery(result(version=f"v{n}"), receipt=f"r{n}") for n in range(3)]
    stage.drain(batch, batch)
    assert stage.output.calls("delete") == []
    assert stage.output.calls("hide") == [({"r0": 900, "r1": 900, "r2": 900},)]
    assert len(stage.output.calls("receive")) == 1
    assert stage.tally.exit_code() is Exit.DISK
    assert stage.files() == []
    assert len(tried) == 1


def test_what_was_filed_before_the_disk_failed_is_deleted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, calls = durable.os.replace, []

    def fail_third(*args: object, **kwargs: object) -> None:
        calls.append(args)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, "full")
        replace(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(durable.os, "replace", fail_third)
    stage.drain([result_delivery(result(version=f"v{n}"), receipt=f"r{n}") for n in range(3)])
    assert stage.output.calls("delete") == [("r0",)]
    assert stage.output.calls("hide") == [({"r1": 900, "r2": 900},)]


@pytest.mark.parametrize("number", [errno.EEXIST, errno.ENAMETOOLONG])
def test_a_directory_that_cannot_be_made_gets_a_hint_of_its_own(number: int, caplog: pytest.LogCaptureFixture) -> None:
    disk_trouble(OSError(number, "no"), Tally())
    assert caplog.records[-1].fields["hint"] != "RESULTS_DIR cannot be written"  # type: ignore[attr-defined]


def test_trouble_with_aws_does_not_keep_a_result_in_hand_from_the_disk(stage: Stage) -> None:
    stage.output.on_poll = lambda: stage.tally.trouble(Exit.AWS)
    stage.drain([result_delivery()])
    assert len(csv_files(stage.folder)) == 1
    assert stage.output.calls("delete") == [("r1",)]


def test_a_crash_between_the_two_files_is_completed_by_the_replay(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = stage.directory.write

    def die(name: str, content: bytes) -> None:
        if name.endswith(".json"):
            raise KeyboardInterrupt
        write(name, content)

    with monkeypatch.context() as patched:
        patched.setattr(stage.directory, "write", die)
        with pytest.raises(KeyboardInterrupt):
            stage.drain([result_delivery()])
    assert stage.output.calls("delete") == []
    assert stage.files() == [f"{stem(result())}.csv"]
    stage.drain([result_delivery()])
    assert len(stage.files()) == 2


def test_a_delete_that_failed_in_part_is_no_trouble(stage: Stage) -> None:
    stage.output.undeletable = frozenset({"r1"})
    stage.drain([result_delivery()])
    assert stage.tally.exit_code() is Exit.FINE


def test_it_drains_until_a_poll_begun_after_the_last_answer_is_empty(stage: Stage) -> None:
    stage.finished = False
    polls: list[int] = []

    def poll() -> None:
        polls.append(1)
        stage.finished = len(polls) >= 3

    stage.output.on_poll = poll
    stage.drain()
    assert len(polls) == 4


def test_polls_are_long_while_receiving_shorter_while_working_and_never_zero(stage: Stage) -> None:
    stage.finished = False
    left = iter([45.0, 7.9, 0.5, -3.0])

    def poll() -> None:
        stage.receiving_for = next(left, -9.0)
        stage.finished = stage.receiving_for == -9.0

    poll()
    stage.output.on_poll = poll
    stage.drain()
    assert [call[1] for call in stage.output.calls("receive")] == [20, 7, 5, 5, 2]


def test_a_queue_that_cannot_be_read_ends_the_draining(stage: Stage) -> None:
    stage.output.fail["receive"] = Transient("receive", "EndpointConnectionError")
    stage.drain()
    assert stage.tally.exit_code() is Exit.AWS


def test_an_unforeseen_error_ends_the_draining_and_deletes_nothing(stage: Stage) -> None:
    stage.output.fail["receive"] = ZeroDivisionError()
    stage.drain()
    assert stage.tally.exit_code() is Exit.LEFT_OVER


def test_a_halted_tick_polls_no_more(stage: Stage) -> None:
    stage.tally.terminate()
    stage.drain([result_delivery()])
    assert stage.output.log == []
