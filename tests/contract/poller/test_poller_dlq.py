"""`python -m poller.dlq`, the real program with the real adapters, against SQS on a loopback port."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from poller import dlq, looking, operating
from poller.dlq import Code
from tests.contract.poller import loopback_aws as loopback
from tests.contract.poller.loopback_aws import LoopbackAws, Message, loopback_aws
from tests.unit.poller.poller_fakes import event, record, result
from wire.result_json import write_result

ROOT = Path(__file__).parents[3]
RESULT = write_result(result())

Run = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackAws]:
    with loopback_aws() as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        yield running


def environment(aws: LoopbackAws, folder: Path, **changes: str) -> dict[str, str]:
    return {
        "AWS_REGION": "us-east-1",
        "REQUEST_QUEUE_URL": f"{aws.url}/1/requests",
        "OUTPUT_QUEUE_URL": f"{aws.url}/1/output",
        "DEAD_LETTER_QUEUE_URL": f"{aws.url}/1/dead",
        "OUTPUT_DEAD_LETTER_QUEUE_URL": f"{aws.url}/1/output-dead",
        "RESULTS_DIR": str(folder),
        **changes,
    }


@pytest.fixture
def run(aws: LoopbackAws, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The program in this process: its code, its lines, and what it said on the side."""

    def run(*arguments: str, **changes: str) -> tuple[int, list[str], str]:
        capsys.readouterr()
        code = dlq.main(arguments, environment(aws, tmp_path, **changes))
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err

    return run


def held(aws: LoopbackAws, queue: str = "dead") -> list[str]:
    return [message.body for message in aws.queues[queue]]


def all_visible(aws: LoopbackAws) -> bool:
    now = time.monotonic()
    return all(m.visible_at <= now for queue in ("dead", "output-dead") for m in aws.queues[queue])


def numbered(aws: LoopbackAws, count: int) -> list[Message]:
    """Letters sent a second apart, the newest first in the queue."""
    made = [aws.put("dead", event(record(f"{n}.mp4"))) for n in range(count)]
    for n, message in enumerate(made):
        message.sent = 2_000_000_000.0 - n
    return made


def test_listing_shows_both_queues_and_leaves_all_as_it_was(aws: LoopbackAws, run: Run) -> None:
    moved = aws.put("dead", event(record("ada.mp4")))
    aws.put("output-dead", "rubbish", reason="result is not JSON", queue="output")
    code, lines, said = run("list")
    assert (code, len(lines)) == (Code.DONE, 3)
    assert lines[1].split()[:2] == [moved.message_id[:8], "requests"]
    assert "SQS moved it" in lines[1]
    assert lines[2].endswith("result is not JSON")
    assert "2 dead letters" in said
    assert "ada" not in "".join(lines)
    assert all_visible(aws)
    assert len(held(aws)) == len(held(aws, "output-dead")) == 1


def test_a_listing_as_data_is_an_object_a_line_with_whole_ids(aws: LoopbackAws, run: Run) -> None:
    message = aws.put("dead", event())
    _, lines, _ = run("list", "--json")
    (told,) = map(json.loads, lines)
    assert (told["id"], told["from"], told["hopeless"]) == (message.message_id, "requests", "")


def test_one_queue_for_both_is_looked_at_once_and_its_letters_go_where_they_came_from(
    aws: LoopbackAws, run: Run
) -> None:
    one = {"OUTPUT_DEAD_LETTER_QUEUE_URL": f"{aws.url}/1/dead"}
    aws.put("dead", event())
    aws.put("dead", RESULT)
    _, lines, _ = run("list", **one)
    assert [line.split()[1] for line in lines[1:]] == ["requests", "output"]
    assert run("redrive", "--all", **one)[0] == Code.DONE
    assert (held(aws, "requests"), held(aws, "output"), held(aws)) == ([event()], [RESULT], [])


def test_a_listing_stops_at_its_limit_and_says_so(aws: LoopbackAws, run: Run) -> None:
    numbered(aws, 25)
    code, lines, said = run("list", "--limit", "12")
    assert (code, len(lines)) == (Code.DONE, 13)
    assert "--limit 12: there may be more" in said
    assert all_visible(aws)


def test_messages_in_other_hands_are_mentioned(aws: LoopbackAws, run: Run) -> None:
    aws.put("dead", event()).visible_at = time.monotonic() + 60
    _, lines, said = run("list")
    assert lines == []
    assert "1 in somebody else's hands" in said


def test_looking_hides_for_longer_than_it_lasts_and_polls_long(
    aws: LoopbackAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def receive(aws: LoopbackAws, queue: str, ask: dict[str, Any]) -> dict[str, Any]:
        asked.append(ask)
        return aws.receive(queue, ask)

    monkeypatch.setitem(loopback.OPERATIONS, "ReceiveMessage", receive)
    run("list")
    assert {(ask["VisibilityTimeout"], ask["WaitTimeSeconds"] > 0) for ask in asked} == {(looking.HIDE_S, True)}
    assert looking.LOOK_S < looking.HIDE_S


def test_looking_ends_before_what_it_saw_first_shows_up_again(
    aws: LoopbackAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbered(aws, 3)
    monkeypatch.setattr(looking, "LOOK_S", -1)
    code, lines, said = run("list")
    assert (code, lines) == (Code.PARTLY, [])
    assert "stopped early" in said
    assert run("redrive", "--all")[0] == Code.PARTLY


def test_show_tells_all_of_one_letter_named_by_its_first_characters(aws: LoopbackAws, run: Run) -> None:
    message = aws.put("dead", event(record("ada+lovelace.mp4")))
    code, lines, _ = run("show", message.message_id[:8])
    assert code == Code.DONE
    assert "ada+lovelace.mp4" in "".join(lines)
    assert all_visible(aws)


def test_an_id_that_is_short_for_two_or_for_none_is_refused_and_the_others_are_served(
    aws: LoopbackAws, run: Run
) -> None:
    for n, digits in enumerate(("aaaa1", "aaaa2", "bbbb1")):
        aws.put("dead", event(record(f"{n}.mp4"))).message_id = f"{digits}-of-a-message"
    code, lines, said = run("redrive", "aaaa", "bbbb", "cccc")
    assert code == Code.PARTLY
    assert "aaaa is short for 2 dead letters: aaaa1-of-a-message, aaaa2-of-a-message" in said
    assert "cccc is no dead letter" in said
    assert [line.split()[1] for line in lines] == ["bbbb1-of"]
    assert len(held(aws)) == 2
    assert all_visible(aws)


def test_redriving_sends_bodies_without_attributes_oldest_first_and_empties_the_queue(
    aws: LoopbackAws, run: Run
) -> None:
    made = numbered(aws, 13)
    made[0].attributes["queue"] = "requests"
    code, _, said = run("redrive", "--all")
    assert code == Code.DONE
    assert held(aws, "requests") == [message.body for message in reversed(made)]
    assert all(message.attributes == {} for message in aws.queues["requests"])
    assert held(aws) == []
    assert "13 of 13 redriven" in said


def test_many_are_redriven_a_window_at_a_time_and_told_of(
    aws: LoopbackAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operating, "WINDOW", 4)
    monkeypatch.setattr(operating, "PROGRESS", 5)
    numbered(aws, 11)
    aws.put("dead", "rubbish", queue="requests")
    code, _, said = run("redrive", "--all")
    assert code == Code.PARTLY
    assert len(held(aws, "requests")) == 11
    assert held(aws) == ["rubbish"]
    assert "5 looked at" in said
    assert "10 looked at" in said
    assert all_visible(aws)


def test_what_would_come_straight_back_is_refused_unless_forced(aws: LoopbackAws, run: Run) -> None:
    message = aws.put("dead", "rubbish", reason="not JSON", queue="requests")
    code, _, said = run("redrive", message.message_id)
    assert code == Code.PARTLY
    assert "is refused: event is not JSON" in said
    assert held(aws, "requests") == []
    assert run("redrive", message.message_id, "--force")[0] == Code.DONE
    assert held(aws, "requests") == ["rubbish"]


def test_a_letter_of_unknown_origin_is_not_sent_anywhere_even_by_force(aws: LoopbackAws, run: Run) -> None:
    message = aws.put("dead", "rubbish")
    one = {"OUTPUT_DEAD_LETTER_QUEUE_URL": f"{aws.url}/1/dead"}
    assert run("redrive", message.message_id, "--force", **one)[0] == Code.PARTLY
    assert held(aws) == ["rubbish"]
    assert held(aws, "requests") == held(aws, "output") == []


def test_a_letter_is_deleted_only_after_it_was_sent(aws: LoopbackAws, run: Run) -> None:
    aws.put("dead", event())
    aws.broken_with["requests"] = "denied"
    code, _, said = run("redrive", "--all")
    assert code == Code.AWS
    assert "AccessDenied" in said
    assert "operator's role" in said
    assert held(aws) == [event()]
    assert all_visible(aws)


def test_a_letter_that_sqs_would_not_delete_is_told_of(
    aws: LoopbackAws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: LoopbackAws, queue: str, ask: dict[str, Any]) -> dict[str, Any]:
        failures = [{"Id": entry["Id"], "SenderFault": True, "Code": "no"} for entry in ask["Entries"]]
        return {"Successful": [], "Failed": failures}

    monkeypatch.setitem(loopback.OPERATIONS, "DeleteMessageBatch", refuse)
    aws.put("dead", event())
    code, lines, said = run("redrive", "--all")
    assert (code, lines) == (Code.PARTLY, [])
    assert "would not delete it" in said
    assert held(aws, "requests") == [event()]
    assert all_visible(aws)


def test_what_is_discarded_is_kept_as_a_private_file_first(aws: LoopbackAws, run: Run, tmp_path: Path) -> None:
    message = aws.put("dead", event(), reason="why", queue="requests")
    code, (line,), _ = run("discard", message.message_id, "--yes")
    assert code == Code.DONE
    assert f"discarded {message.message_id[:8]} (jobs " in line
    (copy,) = tmp_path.iterdir()
    assert copy.name == f".discarded-{message.message_id}.message"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    kept = json.loads(copy.read_text())
    assert (kept["body"], kept["attributes"]) == (event(), {"reason": "why", "queue": "requests"})
    assert held(aws) == []


def test_nothing_is_discarded_whose_copy_cannot_be_kept(aws: LoopbackAws, run: Run, tmp_path: Path) -> None:
    message = aws.put("dead", event())
    file = tmp_path / "file"
    file.touch()
    code, _, said = run("discard", message.message_id, "--yes", RESULTS_DIR=str(file))
    assert code == Code.PARTLY
    assert "is kept, because its copy could not be" in said
    assert held(aws) == [event()]


def test_without_a_copy_no_directory_is_needed(aws: LoopbackAws, run: Run, tmp_path: Path) -> None:
    message = aws.put("dead", event())
    assert run("discard", message.message_id, "--yes", RESULTS_DIR="")[0] == Code.USAGE
    assert run("discard", message.message_id, "--yes", "--no-copy", RESULTS_DIR="")[0] == Code.DONE
    assert list(tmp_path.iterdir()) == []


def test_every_missing_setting_is_named_and_those_it_does_not_need_are_not(run: Run) -> None:
    code, _, said = run("list", REQUEST_QUEUE_URL="", OUTPUT_QUEUE_URL="ftp://x")
    assert code == Code.USAGE
    assert "REQUEST_QUEUE_URL is missing" in said
    assert "OUTPUT_QUEUE_URL is not a URL" in said
    assert "FUNCTION_NAME" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["redrive"], id="redrive nothing"),
        pytest.param(["redrive", "--all", "abcd"], id="all and one"),
        pytest.param(["discard", "abcd"], id="discard without a yes"),
        pytest.param(["show", "abc"], id="too short an id"),
        pytest.param(["list", "--limit", "0"], id="none"),
        pytest.param([], id="no verb"),
    ],
)
def test_wrong_usage_ends_with_2_and_touches_nothing(arguments: list[str], aws: LoopbackAws, run: Run) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(*arguments)
    assert aws.calls == []


def start(aws: LoopbackAws, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    told = {**os.environ, **environment(aws, folder), "AWS_ENDPOINT_URL": aws.url}
    command = [sys.executable, "-W", "error", "-m", "poller.dlq", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_everything_back_in_its_queue(
    number: signal.Signals, aws: LoopbackAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbered(aws, 40)
    seen, go_on = threading.Event(), threading.Event()

    def receive(aws: LoopbackAws, queue: str, ask: dict[str, Any]) -> dict[str, Any]:
        if aws.calls.count("ReceiveMessage dead") == 3:
            seen.set()
            assert go_on.wait(60)
        return aws.receive(queue, ask)

    monkeypatch.setitem(loopback.OPERATIONS, "ReceiveMessage", receive)
    process = start(aws, tmp_path, "list")
    assert seen.wait(60)
    process.send_signal(number)
    go_on.set()  # the poll in flight hands out ten more
    _, said = process.communicate(timeout=60)
    assert process.returncode == Code.PARTLY
    assert "stopped by a signal" in said
    assert len(held(aws)) == 40
    assert all_visible(aws)
    assert max(message.count for message in aws.queues["dead"]) == 1


def test_a_reader_who_leaves_is_no_error_and_nothing_stays_hidden(aws: LoopbackAws, tmp_path: Path) -> None:
    numbered(aws, 30)
    process = start(aws, tmp_path, "list")
    assert process.stdout
    assert process.stdout.readline().startswith("id ")
    process.stdout.close()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert all_visible(aws)
