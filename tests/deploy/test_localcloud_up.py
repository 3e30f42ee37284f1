"""localcloud really deploys the stack, enforces its roles, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import localcloud
from localcloud import emulator, processes
from localcloud.cloud import renew
from localcloud.deployment import client
from localcloud.record import found

pytestmark = pytest.mark.pipeline

ROOT = Path(__file__).parents[2]
TEST_EVENT = json.dumps({"call": 1, "body": json.dumps({"Event": "s3:TestEvent", "Service": "Amazon S3"})})


@pytest.fixture(scope="module")
def cloud() -> Iterator[localcloud.Cloud]:
    with localcloud.running() as cloud:
        yield cloud


def invoke(cloud: localcloud.Cloud, retries: dict[str, int] | None = None) -> dict[str, Any]:
    function = client("lambda", cloud.poller, retries)
    answer = function.invoke(FunctionName=cloud.poller["FUNCTION_NAME"], Payload=TEST_EVENT)
    assert "FunctionError" not in answer, answer["Payload"].read()
    return dict(json.loads(answer["Payload"].read()))


def receive(cloud: localcloud.Cloud, seconds: int = 5) -> list[dict[str, Any]]:
    queue = cloud.poller["REQUEST_QUEUE_URL"]
    answer = client("sqs", cloud.poller).receive_message(QueueUrl=queue, WaitTimeSeconds=seconds)
    return list(answer.get("Messages", []))


def test_an_upload_becomes_a_request(cloud: localcloud.Cloud) -> None:
    key = "room 1/a+b é.mp4"
    client("s3", cloud.operator).put_object(Bucket=cloud.operator["INPUT_BUCKET"], Key=key, Body=b"clip")
    keys: list[str] = []
    while not keys:
        bodies = [json.loads(message["Body"]) for message in receive(cloud)]
        keys = [record["s3"]["object"]["key"] for body in bodies for record in body.get("Records", [])]
    assert keys == ["room+1/a%2Bb+%C3%A9.mp4"]


def test_the_real_handler_answers_through_entry_sh(cloud: localcloud.Cloud) -> None:
    assert invoke(cloud) == {"answer": 1, "done": [], "refused": [], "in_work": []}


def test_the_functions_log_can_be_read(cloud: localcloud.Cloud) -> None:
    invoke(cloud)
    command = [sys.executable, "-m", "localcloud", "logs", "--state", cloud.state]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "REPORT RequestId" in said.stdout


def test_the_poller_may_not_do_the_operators_work(cloud: localcloud.Cloud) -> None:
    with pytest.raises(ClientError, match="not authorized"):
        client("s3", cloud.poller).put_object(Bucket=cloud.operator["INPUT_BUCKET"], Key="a", Body=b"")
    with pytest.raises(ClientError, match="not authorized"):
        client("dynamodb", cloud.poller).scan(TableName=cloud.operator["STUDENT_TABLE"])


def test_the_poller_may_set_a_message_aside(cloud: localcloud.Cloud) -> None:
    for name in ("DEAD_LETTER_QUEUE_URL", "OUTPUT_DEAD_LETTER_QUEUE_URL"):
        client("sqs", cloud.poller).send_message(QueueUrl=cloud.poller[name], MessageBody="why")


def test_renewing_gives_every_role_new_credentials_that_work_and_nothing_else_new(cloud: localcloud.Cloud) -> None:
    renewed = renew(cloud.state)
    assert renewed is not None
    assert renewed == found(cloud.state)
    assert (renewed.pid, renewed.operator) == (cloud.pid, cloud.operator)
    assert renewed.poller["AWS_SESSION_TOKEN"] != cloud.poller["AWS_SESSION_TOKEN"]
    assert renewed.console["AWS_SESSION_TOKEN"] in (cloud.state / "console.env").read_text()
    assert invoke(renewed) == invoke(cloud)


def test_where_nothing_is_up_there_is_nothing_to_renew(tmp_path: Path) -> None:
    assert renew(tmp_path) is None
    assert renew(tmp_path / "nowhere") is None


def test_the_emulator_listens_on_loopback_only(cloud: localcloud.Cloud) -> None:
    port = f"{cloud.port:04X}"
    lines = [
        line.split() for file in ("tcp", "tcp6") for line in Path(f"/proc/net/{file}").read_text().splitlines()[1:]
    ]
    listening = {line[1].split(":")[0] for line in lines if line[1].endswith(f":{port}") and line[3] == "0A"}
    assert listening == {"0100007F"}


def test_two_clouds_side_by_side_do_not_meet(cloud: localcloud.Cloud, tmp_path: Path) -> None:
    with localcloud.running(tmp_path, concurrency=1) as other:
        client("s3", other.operator).put_object(Bucket=other.operator["INPUT_BUCKET"], Key="theirs", Body=b"")
        mine = client("s3", cloud.operator).list_objects_v2(Bucket=cloud.operator["INPUT_BUCKET"])
        assert "theirs" not in {item["Key"] for item in mine.get("Contents", [])}
        limit = client("lambda", other.operator).get_function_concurrency(FunctionName=other.operator["FUNCTION_NAME"])
        assert limit["ReservedConcurrentExecutions"] == 1


def test_a_stack_that_is_not_there_is_named_with_what_makes_it(cloud: localcloud.Cloud) -> None:
    command = [sys.executable, ROOT / "scripts" / "stack_env.py", "--stage", "nowhere"]
    said = subprocess.run(command, env={**os.environ, **cloud.operator}, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "no stack smart-classroom-nowhere" in said.stderr
    assert "scripts/deploy.sh --stage nowhere" in said.stderr


def test_more_calls_than_the_stage_allows_are_refused(tmp_path: Path) -> None:
    with localcloud.running(tmp_path, concurrency=1) as cloud, ThreadPoolExecutor(8) as pool:

        def call(_: int) -> str:
            try:
                invoke(cloud, {"total_max_attempts": 1})  # else boto3 tries again until it is let in
            except ClientError as error:
                return str(error.response["Error"]["Code"])
            return "ok"

        assert set(pool.map(call, range(8))) == {"ok", "TooManyRequestsException"}


def test_down_leaves_no_process_and_no_credentials(tmp_path: Path) -> None:
    cloud = localcloud.up(tmp_path)
    invoke(cloud)
    assert members(cloud.pid), "the function's process is in the emulator's group"
    assert localcloud.down(tmp_path)
    assert not members(cloud.pid)
    assert not list(tmp_path.glob("*.env"))
    assert localcloud.found(tmp_path) is None


@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_cloud_in_the_foreground_ends_with_its_command(stop: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "localcloud", "up", "--state", tmp_path]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    while "Ctrl-C" not in process.stdout.readline():
        assert process.poll() is None
    cloud = localcloud.found(tmp_path)
    assert cloud
    process.send_signal(signal.Signals[stop])
    assert process.wait(timeout=20) == {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}[stop]
    process.stdout.close()
    assert not members(cloud.pid)


def test_a_second_up_is_refused(cloud: localcloud.Cloud) -> None:
    with pytest.raises(localcloud.LocalCloudError, match="already up"):
        localcloud.up(cloud.state)


def test_of_two_ups_at_once_one_is_refused_and_the_other_can_be_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "localcloud", "up", "--detach", "--state", tmp_path]
    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 1], said
    assert "already up" in "".join(said)
    cloud = localcloud.found(tmp_path)
    assert cloud
    assert localcloud.down(tmp_path)
    assert not members(cloud.pid)
    everyone = subprocess.run(["ps", "-A", "-ww", "-o", "command="], capture_output=True, text=True, check=True).stdout
    assert emulator.mark(tmp_path) not in everyone


def test_ctrl_c_during_the_deployment_leaves_no_emulator(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "localcloud", "up", "--state", tmp_path]
    process = subprocess.Popen(command, cwd=ROOT)
    while not (tmp_path / "logs" / "deploy.log").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    everyone = subprocess.run(["ps", "-A", "-ww", "-o", "command="], capture_output=True, text=True, check=True).stdout
    assert emulator.mark(tmp_path) not in everyone


def members(group: int) -> list[str]:
    """The live processes of a process group."""
    processes.alive(group)  # reaps it if it is ours
    time.sleep(0.1)
    rows = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    return [row for row in rows.splitlines() if row.split()[0] == str(group) and not row.split()[1].startswith("Z")]
