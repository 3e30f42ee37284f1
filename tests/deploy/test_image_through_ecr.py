"""The built image by the road of a real deployment: scripts/deploy.sh builds and pushes it to ECR, the stack runs it.

ECR, Lambda and the rest are the local cloud's; podman plays the engine, with its own configuration, and Lambda's own
emulator stands in for Lambda inside the container. scripts/test_image.sh sets LAMBDA_RIE_BINARY (that emulator) and
BASE_IMAGE. The surprising rule: a registries.conf tells podman another address for pulls only, so a stand-in takes the
log-in and hands pushes on with the address changed; everything else is the real podman.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import localcloud
from localcloud import emulator
from localcloud.credentials import read_environment
from localcloud.deployment import client, role_credentials
from tests.stage import Stage

ROOT = Path(__file__).parents[2]
RIE = os.environ.get("LAMBDA_RIE_BINARY", "")
PODMAN = shutil.which("podman")
DOCKER_SDK = "docker==7.1.0"  # what ministack speaks to a container engine with
ACCOUNT = "000000000000"
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
GATEWAY = "10.0.2.2"  # this machine's loopback, seen from a slirp4netns network
PLATFORM = "linux/arm64" if platform.machine() in ("arm64", "aarch64") else "linux/amd64"
STAND_IN = """#!/bin/sh
case $1 in
login) grep -q . ;;
push) exec {podman} push --quiet --tls-verify=false "$2" "docker://127.0.0.1:{port}/${{2#{registry}/}}" ;;
*) exec {podman} "$@" ;;
esac
"""
pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(not RIE, reason="LAMBDA_RIE_BINARY names no Lambda emulator: scripts/test_image.sh"),
    pytest.mark.skipif(not PODMAN, reason="podman is not installed"),
]


@pytest.fixture
def podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """podman with its service on a socket, told that the registry is on loopback: at this port, which is free."""
    port = emulator.free_port(0)
    (tmp_path / "registries.conf").write_text(
        f'[[registry]]\nprefix = "{REGISTRY}"\nlocation = "127.0.0.1:{port}"\ninsecure = true\n'
    )
    # runc, no systemd, few open files: podman then runs inside a container as well.
    (tmp_path / "containers.conf").write_text(
        '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
        '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
    )
    (stand_in := tmp_path / "bin" / "podman").parent.mkdir()
    stand_in.write_text(STAND_IN.format(podman=PODMAN, registry=REGISTRY, port=port))
    stand_in.chmod(0o755)
    socket = f"unix://{tmp_path}/podman.sock"
    flags = f"--network slirp4netns:allow_host_loopback=true --add-host host.docker.internal:{GATEWAY}"
    told = {
        "PATH": f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}",
        "IMAGE_TOOL": "podman",
        "CONTAINERS_CONF": str(tmp_path / "containers.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(tmp_path / "registries.conf"),
        "DOCKER_HOST": socket,
        "MINISTACK_DOCKER_TIMEOUT": "300",
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",  # else a matter of this machine's memory
        "LAMBDA_DOCKER_FLAGS": f"{flags} --read-only --tmpfs /tmp -v {RIE}:/usr/local/bin/aws-lambda-rie:ro",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    service = subprocess.Popen(["podman", "system", "service", "--time", "0", socket])
    try:
        yield port
    finally:
        service.terminate()
        service.wait()


@pytest.fixture
def stage(podman: int, tmp_path: Path) -> Iterator[Stage]:
    """The stage `dev`, deployed by scripts/deploy.sh with the image it built and pushed."""
    python = emulator.install()
    subprocess.run([python, "-m", "pip", "install", "--quiet", DOCKER_SDK], check=True)
    with localcloud.running(tmp_path / "cloud", port=podman) as cloud:
        environment = {**os.environ, **cloud.operator}
        options = ["--stage", "dev", "--platform", PLATFORM, "--tag", "t1"]
        plain = ["--param", "requireTls=false", "--param", "functionConcurrency=1"]  # the local AWS has no TLS
        before = time.monotonic()
        done = subprocess.run(
            [ROOT / "scripts" / "deploy.sh", *options, *plain],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        print(f"built (from layers), pushed and deployed in {time.monotonic() - before:.0f} s")
        command: list[str | Path] = [sys.executable, ROOT / "scripts" / "stack_env.py", "--stage", "dev"]
        names = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        operator = {**cloud.operator, **read_environment(names)}
        allow_batches(operator)
        poller = {**operator, **role_credentials(podman, operator["POLLER_ROLE_ARN"], "poller")}
        yield Stage(replace(cloud, operator=operator, poller=poller), tmp_path)


def allow_batches(operator: dict[str, str]) -> None:
    """What resources/only_local.yml does for the stage `local`: ministack authorises batch calls by their own names."""
    actions = ["sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch", "cloudwatch:PutMetricData"]
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    client("iam", operator).put_role_policy(
        RoleName=operator["POLLER_ROLE_ARN"].rsplit("/", 1)[1],
        PolicyName="only-local",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )


def recognition(stage: Stage, *arguments: str | Path) -> None:
    told = {**os.environ, **stage.cloud.operator, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "recognition", *arguments], env=told, cwd=stage.folder, check=True)


def test_uploads_become_roll_calls_with_the_function_in_its_container(stage: Stage, samples: Path) -> None:
    recognition(stage, "enrol", samples / "photographs", "--consent-by", "the tests")
    recognition(stage, "publish")
    expected = {"collins.mp4": "eileen_collins", "hopper.mp4": "grace_hopper", "truncated.mp4": ""}
    for name in expected:
        stage.client("s3").upload_file(str(samples / "clips" / name), stage.cloud.operator["INPUT_BUCKET"], name)
    results = stage.tick_until(len(expected))
    assert {result.upload.key: "".join(one.student_id for one in result.students) for result in results} == expected
    assert all(stage.csv_of(result) for result in results)

    function = client("lambda", stage.cloud.operator).get_function(FunctionName=stage.cloud.operator["FUNCTION_NAME"])
    assert function["Code"]["ImageUri"].startswith(f"{REGISTRY}/smart-classroom@sha256:")
    ran = subprocess.run(["podman", "ps", "--format", "{{.Image}}"], capture_output=True, text=True, check=True).stdout
    assert function["Code"]["ImageUri"] in ran.split()
