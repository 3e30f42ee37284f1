"""What an operator does when something is wrong, on the deployed stage and under the roles its template gives."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from localcloud.deployment import role_credentials

pytestmark = pytest.mark.pipeline
ROOT = Path(__file__).parents[2]
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def move_the_request_aside(pipeline: Any, copies: int) -> None:
    """What SQS does when a request's deliveries are used up, or a redrive that died between sending and deleting."""
    sqs, told = pipeline.client("sqs"), pipeline.cloud.operator
    body = ""
    while pipeline.prefix not in body:  # the deployment's test event may come first
        (message,) = sqs.receive_message(QueueUrl=told["REQUEST_QUEUE_URL"], WaitTimeSeconds=10)["Messages"]
        body = message["Body"]
        sqs.delete_message(QueueUrl=told["REQUEST_QUEUE_URL"], ReceiptHandle=message["ReceiptHandle"])
    for _ in range(copies):
        sqs.send_message(QueueUrl=told["DEAD_LETTER_QUEUE_URL"], MessageBody=body)


@pytest.fixture(autouse=True)
def no_dead_letters(pipeline: Any) -> Iterator[None]:
    """None before, since the stage is shared, and none left behind."""
    url = pipeline.cloud.operator["DEAD_LETTER_QUEUE_URL"]
    pipeline.client("sqs").purge_queue(QueueUrl=url)
    yield
    pipeline.client("sqs").purge_queue(QueueUrl=url)


def test_a_dead_letter_that_lies_there_twice_is_redriven_and_processed_once(
    pipeline: Any, samples: Path, tmp_path: Path
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    shutil.copy(samples / "clips" / "truncated.mp4", clips / "cam.mp4")
    pipeline.upload(clips)
    move_the_request_aside(pipeline, copies=2)
    code, lines, _ = pipeline.operate("dlq", "list")
    assert (code, len(lines)) == (0, 3)
    first = lines[1].split()[0]
    code, shown, _ = pipeline.operate("dlq", "show", first)
    assert code == 0
    assert "cam.mp4" in "".join(shown)
    assert pipeline.operate("dlq", "redrive", first)[0] == 0
    (result,) = pipeline.tick_until(1)
    assert pipeline.operate("dlq", "redrive", "--all")[0] == 0  # at once, they would wait for each other's lock
    assert pipeline.waiting("DEAD_LETTER_QUEUE_URL") == 0
    while pipeline.waiting("REQUEST_QUEUE_URL") or pipeline.waiting("OUTPUT_QUEUE_URL"):
        pipeline.tick()
    assert pipeline.files() == [result]
    assert len(list(pipeline.results.glob("*.csv"))) == 1
    assert not [line for line in pipeline.log if line["event"] == "kept_both"]


def test_what_cannot_be_read_is_not_redriven_but_discarded_with_a_copy(pipeline: Any) -> None:
    pipeline.send('{"Records": [{"eventVer')
    while pipeline.waiting("REQUEST_QUEUE_URL"):
        pipeline.tick()
    code, lines, said = pipeline.operate("dlq", "redrive", "--all")
    assert (code, lines) == (1, [])
    assert "not JSON" in said
    ident = pipeline.operate("dlq", "list")[1][1].split()[0]
    assert pipeline.operate("dlq", "discard", ident, "--yes")[0] == 0
    (copy,) = pipeline.results.glob(".discarded-*.message")
    assert "eventVer" in copy.read_text()
    assert pipeline.waiting("DEAD_LETTER_QUEUE_URL") == 0


def test_the_pollers_role_may_examine_and_not_touch_dead_letters(pipeline: Any) -> None:
    pipeline.results.mkdir(mode=0o700)
    code, lines, _ = pipeline.operate("doctor", as_poller=True)
    assert code < 2, "\n".join(lines)
    assert {line.split()[0] for line in lines if " queue " in line or "function" in line} == {"ok"}
    code, _, said = pipeline.operate("dlq", "list", as_poller=True)
    assert code == 3
    assert "operator's role" in said


def test_the_operators_role_sees_all_queues_and_the_function(pipeline: Any) -> None:
    pipeline.results.mkdir(mode=0o700)
    code, lines, _ = pipeline.operate("doctor")
    assert code < 2, "\n".join(lines)


MARK = "<!-- run by tests/pipeline/test_operator_tools.py -->"


def profile(name: str, credentials: Mapping[str, str]) -> str:
    keys = "".join(f"{key.lower()} = {value}\n" for key, value in credentials.items())
    return f"[profile {name}]\n{keys}"


def test_the_pages_commands_work_as_they_stand_there(pipeline: Any, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    blocks = re.findall(re.escape(MARK) + r"\n```sh\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    pipeline.results.mkdir(mode=0o700)
    told = pipeline.cloud.poller
    keys = {name: value for name, value in told.items() if name in KEYS}
    settings = {
        name: value
        for name, value in told.items()
        if name not in (*KEYS, "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
    }
    settings |= {"RESULTS_DIR": str(pipeline.results), "AWS_PROFILE": "smart-classroom"}
    (tmp_path / "poller.env").write_text("".join(f"export {name}={shlex.quote(v)}\n" for name, v in settings.items()))
    operator = role_credentials(pipeline.cloud.port, pipeline.cloud.operator["OPERATOR_ROLE_ARN"], "operator")
    config = profile("smart-classroom", keys) + profile("smart-classroom-operator", operator)
    (tmp_path / "config").write_text(config)
    script = "\n".join(["set -e", *blocks]).replace("/etc/smart-classroom/poller.env", str(tmp_path / "poller.env"))
    script = script.replace("poller.doctor\n", "poller.doctor || test $? -eq 1\n")  # warnings depend on the machine
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
    environment = {**clean, "PATH": path, "PYTHONPATH": str(ROOT), "AWS_CONFIG_FILE": str(tmp_path / "config")}
    ran = subprocess.run(
        ["sh", "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "takes us for the role smart-classroom-poller" in ran.stdout
    assert "dlq: 0 dead letters" in ran.stderr
    shown = {line[9:28].strip() for line in page.split("```text\n")[1].split("\n\n")[0].splitlines() if line[0] != " "}
    assert shown == {line[9:28].strip() for line in ran.stdout.split("\n\n")[0].splitlines() if line[0] != " "}
