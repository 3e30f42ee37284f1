"""The real program, in a subprocess, against SQS and a function on a loopback port."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from poller import tick
from poller.clock import SystemClock
from poller.history import HISTORY, LAST_SUCCESS
from poller.logs import FIELDS
from poller.replies import HINT_ENDPOINT
from poller.settings_table import TABLE
from poller.tally import EXIT_MEANS
from tests.contract.poller.loopback_aws import LoopbackAws, loopback_aws
from tests.unit.poller.poller_fakes import all_done, csv_files, event, record, result
from wire.result_json import write_result
from wire.s3_event import read_notification

ROOT = Path(__file__).parents[3]
REQUIRED = [row.names[0] for row in TABLE if row.default is None]
EMPTY: dict[str, list[object]] = {"requests": [], "output": [], "dead": [], "output-dead": []}
SECRET = "ada-lovelace"  # stands in keys; must never be logged


@pytest.fixture
def aws() -> Iterator[LoopbackAws]:
    with loopback_aws() as running:
        running.on_invoke = serve
        yield running


def serve(aws: LoopbackAws, body: str) -> tuple[int, dict[str, str], bytes]:
    """A function that sends one result for each upload and answers for all."""
    for upload in read_notification(body).uploads:
        aws.put("output", write_result(result(upload.key, upload.version_id)))
    return 200, {}, all_done(body)


def environment(aws: LoopbackAws, folder: Path, **changes: str) -> dict[str, str]:
    return {**os.environ, **aws.environment(folder), "POLLER_RECEIVE_S": "1", "POLLER_WAIT_S": "1", **changes}


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(aws: LoopbackAws, tmp_path: Path) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **changes: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-m", "poller.tick", *arguments]
        environ = environment(aws, tmp_path, **changes)
        running.append(subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, object]]]:
    _, text = process.communicate(timeout=60)
    assert SECRET not in text
    return process.returncode, [json.loads(line) for line in text.splitlines()]


def until(condition: Callable[[], object]) -> None:
    """Wait for another process; a minute without it is a failure."""
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


class HastyClock(SystemClock):
    """A second passes in a tenth of one."""

    def monotonic(self) -> float:
        return super().monotonic() * 10


class LeapingClock(SystemClock):
    """The real time, until `leap`: then ten thousand seconds are over at once."""

    def __init__(self) -> None:
        self._leapt_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._leapt_s

    def leap(self) -> None:
        self._leapt_s = 10_000.0


class InProcess:
    """`main` in this process, on a hasty clock."""

    def __init__(self, aws: LoopbackAws, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._aws, self._folder, self._capsys = aws, folder, capsys

    def tick(self, *arguments: str, **changes: str) -> tuple[int, list[dict[str, object]]]:
        """The exit code and the log's lines."""
        self._capsys.readouterr()
        code = tick.main(arguments, environment(self._aws, self._folder, **changes))
        text = self._capsys.readouterr().err
        assert SECRET not in text
        return code, [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def inside(
    aws: LoopbackAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[InProcess]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    monkeypatch.setattr(tick, "SystemClock", HastyClock)
    there = set(threading.enumerate())
    yield InProcess(aws, tmp_path, capsys)
    for left in set(threading.enumerate()) - there:  # else it logs into the next test; the program would have ended
        if "process_request_thread" not in left.name:  # those are the loopback's, and last as long as a connection
            left.join(60)
            assert not left.is_alive(), left.name
    root.handlers[:] = before[0]
    root.setLevel(before[1])


def events(lines: list[dict[str, object]]) -> list[object]:
    return [line["event"] for line in lines]


def test_uploads_become_files_and_every_queue_is_empty(aws: LoopbackAws, inside: InProcess, tmp_path: Path) -> None:
    for n in range(12):
        aws.put("requests", event(record(f"room/{SECRET}-{n}.mp4")))
    code, lines = inside.tick(POLLER_RECEIVE_S="30")
    assert code == 0
    assert len(csv_files(tmp_path)) == 12
    assert aws.queues == EMPTY
    assert len(aws.invoked) == 12
    summary = lines[-1]
    assert (summary["event"], summary["received"], summary["done"], summary["results"]) == ("summary", 12, 12, 12)
    assert summary["failed"] == 0
    assert set().union(*lines) <= FIELDS | {"at", "level", "event"}


def test_a_finished_tick_gives_one_sign_of_life(aws: LoopbackAws, inside: InProcess) -> None:
    assert inside.tick("--drain-only")[0] == 0
    (told,) = aws.metrics
    assert told["Namespace"] == "SmartClassroom"
    (metric,) = told["MetricData"]
    assert metric["Dimensions"] == [{"Name": "FunctionName", "Value": "smart-classroom"}]
    assert (metric["MetricName"], metric["Value"]) == ("FinishedTicks", 1)


def test_a_tick_that_left_messages_over_has_finished_all_the_same(aws: LoopbackAws, inside: InProcess) -> None:
    aws.on_invoke = lambda aws, body: None
    aws.put("requests", event())
    assert inside.tick()[0] == 1
    assert len(aws.metrics) == 1


@pytest.mark.parametrize("fault", ["denied", "broken"])
def test_a_sign_of_life_that_is_refused_is_a_warning_and_no_trouble(
    aws: LoopbackAws, inside: InProcess, tmp_path: Path, fault: str
) -> None:
    aws.broken_with["metrics"] = fault
    code, lines = inside.tick("--drain-only")
    assert code == 0
    (warning,) = [line for line in lines if line["event"] == "sign_of_life_failed"]
    assert (warning["level"], warning["operation"]) == ("WARNING", "put_metric_data")
    assert lines[-1]["exit_code"] == 0
    assert (tmp_path / LAST_SUCCESS).exists()


def test_a_client_for_the_sign_of_life_that_cannot_be_made_is_no_trouble(
    aws: LoopbackAws, inside: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", "nonsense")
    code, lines = inside.tick("--drain-only")
    assert code == 0
    assert "sign_of_life_failed" in events(lines)


def test_a_tick_in_trouble_gives_no_sign_of_life_but_leaves_its_line(
    aws: LoopbackAws, inside: InProcess, tmp_path: Path
) -> None:
    aws.broken_with["output"] = "denied"
    assert inside.tick("--drain-only")[0] == 3
    assert aws.metrics == []
    assert not (tmp_path / LAST_SUCCESS).exists()
    assert [json.loads(line)["exit_code"] for line in (tmp_path / HISTORY).read_text().splitlines()] == [3]


def test_a_tick_that_finds_the_lock_taken_leaves_no_trace(aws: LoopbackAws, inside: InProcess, tmp_path: Path) -> None:
    lock = os.open(tmp_path / ".tick.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert inside.tick()[0] == 0
    os.close(lock)
    assert aws.metrics == []
    assert [path.name for path in tmp_path.iterdir()] == [".tick.lock"]


def test_the_summary_and_the_history_say_how_long_messages_waited(
    aws: LoopbackAws, inside: InProcess, tmp_path: Path
) -> None:
    aws.put("requests", event(), waited_s=600)
    aws.put("output", write_result(result("other.mp4")), waited_s=7200)
    _, lines = inside.tick()
    kept = json.loads((tmp_path / HISTORY).read_text())
    for told in (lines[-1], kept):
        assert 600 <= told["request_wait_s"] < 900  # type: ignore[operator]
        assert 7200 <= told["result_wait_s"] < 7500  # type: ignore[operator]


@pytest.mark.parametrize("name", [HISTORY, LAST_SUCCESS])
def test_a_disk_that_takes_no_history_is_disk_trouble(
    aws: LoopbackAws, inside: InProcess, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    code, lines = inside.tick("--drain-only")
    assert code == 4
    assert events(lines)[-2:] == ["disk_trouble", "summary"]
    assert "directory" in str(lines[-2]["hint"])
    assert aws.metrics == []


def test_a_tick_that_a_signal_stopped_leaves_its_line_and_is_no_success(
    aws: LoopbackAws, start: Start, tmp_path: Path
) -> None:
    aws.on_invoke = lambda aws, body: (429, {"x-amzn-errortype": "TooManyRequestsException"}, b"{}")
    aws.put("requests", event())
    process = start(POLLER_RECEIVE_S="600", POLLER_BOUND_S="960")
    until(lambda: aws.invoked)
    process.send_signal(signal.SIGTERM)
    assert finish(process)[0] == 0
    kept = json.loads((tmp_path / HISTORY).read_text())
    assert (kept["exit_code"], kept["stopped"]) == (0, True)
    assert not (tmp_path / LAST_SUCCESS).exists()
    assert aws.metrics == []


def test_the_status_of_a_real_tick_is_well(aws: LoopbackAws, start: Start, tmp_path: Path) -> None:
    for n in range(2):
        aws.put("requests", event(record(f"{SECRET}-{n}.mp4")))
    assert finish(start())[0] == 0
    told = {"RESULTS_DIR": str(tmp_path), "PATH": ""}
    for arguments in ([], ["--json"]):
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-m", "poller.status", *arguments],
            cwd=ROOT,
            env=told,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert SECRET not in ran.stdout
    shown = json.loads(ran.stdout)
    assert (shown["well"], shown["running"], shown["outcomes_today"]) == (True, False, {"no_face": 2})
    assert shown["ticks"][0]["counts"]["done"] == 2


def test_two_pollers_share_a_queue_and_do_nothing_twice(aws: LoopbackAws, start: Start, tmp_path: Path) -> None:
    for n in range(10):
        aws.put("requests", event(record(f"{n}.mp4")))
    folders = [tmp_path / "one", tmp_path / "two"]
    ticks = [start(RESULTS_DIR=str(folder), POLLER_CONCURRENCY="2") for folder in folders]
    assert [finish(process)[0] for process in ticks] == [0, 0]
    assert len(aws.invoked) == 10
    assert sum(len(csv_files(folder)) for folder in folders) == 10
    assert aws.queues == EMPTY


@pytest.mark.fault(23)
def test_throttled_work_waits_for_a_slot_and_is_no_failure(aws: LoopbackAws, start: Start, tmp_path: Path) -> None:
    running = threading.Semaphore(2)
    throttled: list[int] = []

    def on_invoke(aws: LoopbackAws, body: str) -> tuple[int, dict[str, str], bytes]:
        if not running.acquire(blocking=False):
            throttled.append(1)
            return 429, {"x-amzn-errortype": "TooManyRequestsException"}, b'{"Message": "Rate exceeded"}'
        time.sleep(0.3)
        running.release()
        return serve(aws, body)

    aws.on_invoke = on_invoke
    for n in range(6):
        aws.put("requests", event(record(f"{n}.mp4")))
    code, lines = finish(start())
    assert code == 0
    assert throttled
    assert (lines[-1]["done"], lines[-1]["failed"]) == (6, 0)
    assert len(csv_files(tmp_path)) == 6


@pytest.mark.fault(15)
def test_bad_messages_are_buried_and_do_not_hold_up_their_neighbours(
    aws: LoopbackAws, inside: InProcess, tmp_path: Path
) -> None:
    mixed = event(record("a.mp4"), f"rubbish {SECRET}", record("c.mp4"))
    for body in ("nonsense", '{"Event": "s3:TestEvent"}', mixed, event(record("d.mp4"))):
        aws.put("requests", body)
    aws.put("output", f"no result {SECRET}")
    code, lines = inside.tick()
    assert code == 0
    assert len(csv_files(tmp_path)) == 3
    requests, output = aws.queues["dead"], aws.queues["output-dead"]
    assert {message.body: message.attributes["queue"] for message in requests} == {
        "nonsense": "requests",
        mixed: "requests",
    }
    assert [(message.body, message.attributes["queue"]) for message in output] == [(f"no result {SECRET}", "output")]
    assert all(message.attributes["reason"] for message in requests + output)
    assert lines[-1]["dead_lettered"] == 3


@pytest.mark.fault(24)
def test_a_failed_function_leaves_its_message_and_says_so(aws: LoopbackAws, inside: InProcess) -> None:
    payload = json.dumps({"errorType": "Runtime.ExitError", "errorMessage": SECRET}).encode()
    aws.on_invoke = lambda aws, body: (200, {"x-amz-function-error": "Unhandled"}, payload)
    aws.put("requests", event(record(f"{SECRET}.mp4")))
    code, lines = inside.tick()
    assert code == 1
    assert lines[-1]["failed"] >= 1  # type: ignore[operator]
    assert len(aws.queues["requests"]) == 1


@pytest.mark.fault(21)
def test_a_dropped_connection_is_not_asked_again_in_this_tick(aws: LoopbackAws, inside: InProcess) -> None:
    aws.on_invoke = lambda aws, body: None
    aws.put("requests", event())
    code, lines = inside.tick()
    assert code == 1
    assert lines[-1]["held"] == 1
    assert len(aws.invoked) == 1
    assert aws.hidden_for[-1] > 290


@pytest.mark.parametrize(("queue", "fault"), [("requests", "denied"), ("output", "missing")])
def test_a_queue_that_refuses_us_ends_the_tick_without_a_hot_loop(
    aws: LoopbackAws, inside: InProcess, queue: str, fault: str
) -> None:
    aws.broken_with[queue] = fault
    code, lines = inside.tick()
    assert code == 3
    assert aws.calls.count(f"ReceiveMessage {queue}") == 1
    assert any(line["event"] == "aws_trouble" and line["hint"] for line in lines)


def test_only_draining_takes_no_requests(aws: LoopbackAws, inside: InProcess, tmp_path: Path) -> None:
    aws.put("requests", event())
    aws.put("output", write_result(result()))
    code, _ = inside.tick("--drain-only")
    assert code == 0
    assert len(csv_files(tmp_path)) == 1
    assert aws.invoked == []
    assert "ReceiveMessage requests" not in aws.calls


def test_where_the_queue_invokes_a_tick_files_results_and_takes_no_requests(
    aws: LoopbackAws, inside: InProcess, tmp_path: Path
) -> None:
    aws.put("requests", event())
    aws.put("output", write_result(result()))
    code, lines = inside.tick(POLLER_TRIGGER="queue")
    assert code == 0
    assert len(csv_files(tmp_path)) == 1
    assert aws.invoked == []
    assert {call.split()[1] for call in aws.calls} == {"output"}
    assert (lines[0]["event"], lines[0]["trigger"]) == ("tick", "queue")
    assert len(aws.metrics) == 1, "no sign of life"


def test_where_the_queue_invokes_a_tick_waits_for_results_as_long_as_it_would_take_requests(
    aws: LoopbackAws, inside: InProcess, tmp_path: Path
) -> None:
    late = threading.Timer(0.5, aws.put, ["output", write_result(result())])
    late.start()
    code, lines = inside.tick(POLLER_TRIGGER="queue", POLLER_RECEIVE_S="40")  # 4 s: the clock is hasty
    late.join()
    assert (code, lines[-1]["results"]) == (0, 1)
    assert len(csv_files(tmp_path)) == 1


def test_a_tick_that_waits_for_results_stops_when_it_is_told_to(aws: LoopbackAws, start: Start) -> None:
    process = start(POLLER_TRIGGER="queue", POLLER_RECEIVE_S="600")
    until(lambda: "ReceiveMessage output" in aws.calls)
    process.send_signal(signal.SIGTERM)
    code, lines = finish(process)
    assert code == 0
    assert "grace_over" not in {line["event"] for line in lines}


@pytest.mark.fault(41)
def test_a_second_tick_ends_at_once_and_the_lock_outlives_the_first(
    aws: LoopbackAws, start: Start, tmp_path: Path
) -> None:
    lock = os.open(tmp_path / ".tick.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    code, lines = finish(start())
    assert (code, [line["event"] for line in lines]) == (0, ["another_tick_runs"])
    assert aws.calls == []
    os.close(lock)
    assert finish(start())[0] == 0
    assert (tmp_path / ".tick.lock").exists()


@pytest.mark.fault(41)
def test_two_ticks_at_once_do_the_work_once(aws: LoopbackAws, start: Start, tmp_path: Path) -> None:
    go_on = threading.Event()

    def on_invoke(aws: LoopbackAws, body: str) -> tuple[int, dict[str, str], bytes]:
        assert go_on.wait(60)
        return serve(aws, body)

    aws.on_invoke = on_invoke
    aws.put("requests", event())
    first = start()
    until(lambda: aws.invoked)
    code, lines = finish(start())
    assert (code, lines[-1]["event"]) == (0, "another_tick_runs")
    go_on.set()
    assert finish(first)[0] == 0
    assert len(aws.invoked) == 1
    assert len(csv_files(tmp_path)) == 1


@pytest.mark.fault(42)
def test_sigterm_lets_running_work_finish(aws: LoopbackAws, start: Start) -> None:
    terminated = threading.Event()

    def on_invoke(aws: LoopbackAws, body: str) -> tuple[int, dict[str, str], bytes]:
        assert terminated.wait(60)
        return serve(aws, body)

    aws.on_invoke = on_invoke
    aws.put("requests", event())
    process = start(POLLER_RECEIVE_S="600", POLLER_BOUND_S="960")
    until(lambda: aws.invoked)
    process.send_signal(signal.SIGTERM)
    terminated.set()
    code, lines = finish(process)
    assert code == 0
    assert "terminating" in [line["event"] for line in lines]
    assert lines[-1]["done"] == 1
    assert aws.queues["requests"] == []


@pytest.mark.fault(42)
def test_sigterm_hands_back_throttled_work_at_once(aws: LoopbackAws, start: Start) -> None:
    aws.on_invoke = lambda aws, body: (429, {"x-amzn-errortype": "TooManyRequestsException"}, b"{}")
    aws.put("requests", event())
    process = start(POLLER_RECEIVE_S="600", POLLER_BOUND_S="960")
    until(lambda: aws.invoked)
    process.send_signal(signal.SIGTERM)
    code, lines = finish(process)
    assert code == 0
    assert lines[-1]["not_started"] >= 1  # type: ignore[operator]
    assert lines[-1]["failed"] == 0
    assert aws.hidden_for[-1] == 0


class Credentials:
    """A profile whose `credential_process` says that it runs, and answers only when it is let go."""

    def __init__(self, folder: Path) -> None:
        self._asked, self._release = folder / "asked", folder / "release"
        answer = json.dumps({"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b"})
        script = folder / "process.sh"
        script.write_text(
            f"touch {self._asked}\nfor n in $(seq 600); do\n[ -e {self._release} ] && break\nsleep 0.1\n"
            f"done\necho '{answer}'\n"
        )
        config = folder / "config"
        config.write_text(f"[profile slow]\ncredential_process = sh {script}\n")
        self.environment = {
            "AWS_CONFIG_FILE": str(config),
            "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
            "AWS_PROFILE": "slow",
            "AWS_ACCESS_KEY_ID": "",
            "AWS_SECRET_ACCESS_KEY": "",
        }

    def asked(self) -> bool:
        return self._asked.exists()

    def release(self) -> None:
        self._release.touch()


@pytest.fixture
def slow_credentials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Credentials]:
    credentials = Credentials(tmp_path_factory.mktemp("credentials"))
    yield credentials
    credentials.release()


@pytest.mark.fault(42)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_is_a_normal_stop(
    aws: LoopbackAws, start: Start, slow_credentials: Credentials, number: signal.Signals
) -> None:
    process = start(**slow_credentials.environment)
    until(slow_credentials.asked)
    process.send_signal(number)
    time.sleep(0.2)
    slow_credentials.release()
    code, lines = finish(process)
    assert code == 0
    assert events(lines) == ["tick", "terminating", "summary"]
    assert aws.calls == []


HASTY = "from poller import stopping, tick; stopping.GRACE_S = stopping.MARGIN_S = 0.5; tick.run()"


@pytest.mark.fault(27)
@pytest.mark.parametrize("end", ["bound", "signal"])
def test_credentials_that_never_come_do_not_outlive_the_hard_bound(
    aws: LoopbackAws, tmp_path: Path, slow_credentials: Credentials, end: str
) -> None:
    code = HASTY if end == "signal" else HASTY.replace("MARGIN_S = 0.5", "MARGIN_S = -16")
    changes = {"FUNCTION_TIMEOUT_S": "1", "POLLER_BOUND_S": "17", **slow_credentials.environment}
    environ = environment(aws, tmp_path, **changes)
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True
    ) as process:
        if end == "signal":
            until(slow_credentials.asked)
            process.send_signal(signal.SIGTERM)
        code_of_exit = process.wait(60)
        took = time.monotonic() - began
        slow_credentials.release()  # the orphan holds our pipe
        lines = [json.loads(line) for line in process.communicate()[1].splitlines()]
    assert code_of_exit == 1
    assert took < 8
    assert events(lines)[-2:] == ["bound_reached", "summary"]
    assert lines[-1]["exit_code"] == 1


@pytest.mark.fault(42)
@pytest.mark.parametrize("delay_s", [0.1, 0.2, 0.3])
def test_an_early_signal_prints_no_traceback(aws: LoopbackAws, start: Start, delay_s: float) -> None:
    process = start(POLLER_RECEIVE_S="600", POLLER_BOUND_S="960")
    time.sleep(delay_s)
    process.send_signal(signal.SIGTERM)
    code, _ = finish(process)
    assert code in (0, 1, -signal.SIGTERM)


@pytest.mark.parametrize("missing", ["nothing is set", "one is missing"])
def test_missing_settings_are_all_named_and_the_code_is_two(aws: LoopbackAws, start: Start, missing: str) -> None:
    names = REQUIRED if missing == "nothing is set" else ["FUNCTION_NAME"]
    code, lines = finish(start(**dict.fromkeys(names, ""), AWS_DEFAULT_REGION=""))
    assert code == 2
    assert [str(line["hint"]).split()[0] for line in lines] == names
    assert aws.calls == []


def test_a_results_directory_that_is_a_file_is_disk_trouble(
    aws: LoopbackAws, inside: InProcess, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    code, lines = inside.tick(RESULTS_DIR=str(tmp_path / "file"))
    assert code == 4
    assert (lines[-1]["event"], lines[-1]["level"]) == ("disk_trouble", "ERROR")
    assert "not a directory" in str(lines[-1]["hint"])
    assert aws.calls == []


@pytest.mark.fault(37)
def test_a_full_disk_keeps_the_result_in_the_queue(aws: LoopbackAws, tmp_path: Path) -> None:
    aws.put("output", write_result(result(reason="x" * 20_000)))
    limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 4; exec "$0" -m poller.tick --drain-only', sys.executable]
    environ = environment(aws, tmp_path) | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(limited, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 4, done.stderr
    assert "ulimit" in done.stderr
    assert len(aws.queues["output"]) == 1


def test_the_help_names_every_setting_and_every_exit_code() -> None:
    shown = subprocess.run(
        [sys.executable, "-W", "error", "-m", "poller.tick", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(row.names[0] in shown and row.about in shown for row in TABLE)
    assert all(f"  {code.value}  {meaning}" in shown for code, meaning in EXIT_MEANS.items())


def test_importing_the_tick_or_the_status_loads_nothing_heavy() -> None:
    script = "import sys, poller.tick, poller.status; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in ran.stdout.split()}
    assert "poller" in loaded
    assert not loaded & {
        "numpy",
        "dlib",
        "PIL",
        "av",
        "boto3",
        "botocore",
        "tenacity",
        "recognition",
        "face_recognition",
    }


def test_importing_the_clients_loads_nothing_heavy_either() -> None:
    script = "import sys, poller.aws; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in ran.stdout.split()}
    assert "boto3" in loaded
    assert not loaded & {"numpy", "dlib", "PIL", "av", "recognition", "face_recognition"}


def test_a_tick_leaves_the_signal_handlers_as_it_found_them(aws: LoopbackAws, inside: InProcess) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    aws.put("requests", event())
    assert inside.tick()[0] == 0
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.fault(43)
def test_stale_temporary_files_are_removed_at_the_start(inside: InProcess, tmp_path: Path) -> None:
    stale = tmp_path / ".tmp-0123456789abcdef.part"
    stale.write_bytes(b"half")
    os.utime(stale, (1000, 1000))
    code, lines = inside.tick("--drain-only")
    assert code == 0
    assert not stale.exists()
    assert "stale_removed" in events(lines)


def test_a_lock_that_is_a_symlink_is_not_followed(inside: InProcess, tmp_path: Path) -> None:
    (tmp_path / ".tick.lock").symlink_to(tmp_path / "victim")
    code, lines = inside.tick("--drain-only")
    assert code == 4
    assert "symlink" in str(lines[-1]["hint"])
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize(("plant", "hint"), [(os.mkfifo, "pipe"), (os.mkdir, "directory")])
def test_a_lock_that_is_no_file_is_disk_trouble_and_not_waited_for(
    inside: InProcess, tmp_path: Path, plant: Callable[[Path], None], hint: str
) -> None:
    plant(tmp_path / ".tick.lock")
    code, lines = inside.tick("--drain-only")
    assert code == 4
    assert hint in str(lines[-1]["hint"])


def test_planted_temporary_directories_stay_and_do_no_harm(inside: InProcess, tmp_path: Path) -> None:
    planted = tmp_path / ".tmp-0123456789abcdef.part"
    planted.mkdir()
    os.utime(planted, (1000, 1000))
    assert inside.tick("--drain-only")[0] == 0
    assert planted.is_dir()


@pytest.mark.parametrize(("mode", "warned"), [(0o755, True), (0o750, True), (0o700, False)])
def test_a_results_directory_that_others_may_look_into_is_used_and_warned_of(
    aws: LoopbackAws, inside: InProcess, tmp_path: Path, mode: int, warned: bool
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    folder.chmod(mode)
    aws.put("output", write_result(result()))
    code, lines = inside.tick("--drain-only", RESULTS_DIR=str(folder))
    assert code == 0
    assert ("results_dir_open" in events(lines)) == warned
    assert [path.stat().st_mode & 0o777 for path in folder.glob("*.csv")] == [0o600]


def test_a_results_directory_behind_a_symlink_is_the_operators_choice_and_used(
    aws: LoopbackAws, inside: InProcess, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "results").symlink_to(tmp_path / "disk")
    aws.put("output", write_result(result()))
    code, lines = inside.tick("--drain-only", RESULTS_DIR=str(tmp_path / "results"))
    assert code == 0
    assert "results_dir_open" not in events(lines)
    assert len(csv_files(tmp_path / "disk")) == 1


def test_settings_are_read_from_the_environment_that_is_passed_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert tick.main([], {}) == 2
    assert len(capsys.readouterr().err.splitlines()) == len(REQUIRED)


def test_an_endpoint_that_is_no_url_is_aws_trouble(inside: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    code, lines = inside.tick()
    assert code == 3
    assert events(lines)[-2:] == ["aws_trouble", "summary"]
    assert lines[-2]["hint"] == HINT_ENDPOINT


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets a blocked function go on, at the end of the test at the latest."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.fault(42)
def test_the_grace_ends_and_running_work_stays_hidden(
    aws: LoopbackAws, inside: InProcess, release: threading.Event
) -> None:
    def on_invoke(aws: LoopbackAws, body: str) -> tuple[int, dict[str, str], bytes]:
        os.kill(os.getpid(), signal.SIGTERM)
        release.wait(60)
        return serve(aws, body)

    aws.on_invoke = on_invoke
    aws.put("requests", event())
    code, lines = inside.tick(POLLER_RECEIVE_S="600", POLLER_BOUND_S="960")
    assert code == 1
    assert aws.hidden_for[-1] > 200
    assert len(aws.queues["requests"]) == 1
    assert events(lines)[-2:] == ["grace_over", "summary"]


@pytest.fixture
def overtaken(
    aws: LoopbackAws, inside: InProcess, release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """A request whose function is running when the bound passes, and not a moment earlier; the settings to tick with.

    The window is long and the clock leaps only in the function's hand, so that no load can end the tick before.
    """
    clock = LeapingClock()
    monkeypatch.setattr(tick, "SystemClock", lambda: clock)

    def on_invoke(aws: LoopbackAws, body: str) -> tuple[int, dict[str, str], bytes]:
        clock.leap()
        release.wait(60)
        return serve(aws, body)

    aws.on_invoke = on_invoke
    aws.put("requests", event())
    return {"POLLER_RECEIVE_S": "600", "POLLER_BOUND_S": "960"}


def test_the_bound_is_hard(aws: LoopbackAws, inside: InProcess, overtaken: dict[str, str]) -> None:
    code, lines = inside.tick(**overtaken)
    assert code == 1
    assert len(aws.queues["requests"]) == len(aws.invoked) == 1
    assert events(lines)[-2:] == ["bound_reached", "summary"]


@pytest.mark.fault(41)
def test_a_tick_that_leaves_threads_behind_keeps_the_lock_until_the_program_ends(
    inside: InProcess, overtaken: dict[str, str]
) -> None:
    _, before = inside.tick(**overtaken)
    assert "bound_reached" in events(before)
    code, lines = inside.tick("--drain-only")
    assert (code, events(lines)) == (0, ["another_tick_runs"])


def test_a_tick_that_ended_well_gives_the_lock_back(aws: LoopbackAws, inside: InProcess) -> None:
    for version in ("v1", "v2"):
        aws.put("output", write_result(result(version=version)))
        assert inside.tick("--drain-only")[0] == 0
    assert aws.queues["output"] == []
