"""scripts/deploy.sh from end to end on a local AWS; docker alone is played, by a program that pushes a manifest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import localcloud
from localcloud.deployment import client

pytestmark = pytest.mark.pipeline

ROOT = Path(__file__).parents[2]
DOCKER = f"""#!{sys.executable}
import json, os, sys
import boto3
with open(os.environ["CALLS"], "a") as calls:
    print(*sys.argv[1:], file=calls)
if sys.argv[1] == "login":
    assert sys.stdin.read().strip(), "no password came"
if sys.argv[1] == "push":
    name, tag = sys.argv[2].rsplit("/", 1)[1].split(":")
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps({{"schemaVersion": 2, "mediaType": kind, "config": {{}}, "layers": []}})
    boto3.client("ecr").put_image(
        repositoryName=name, imageTag=tag, imageManifest=manifest, imageManifestMediaType=kind
    )
"""


def test_deploy_builds_pushes_and_deploys_the_very_image_it_pushed(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    calls = tmp_path / "calls"
    with localcloud.running(tmp_path / "state") as cloud:
        mine = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "CALLS": str(calls), "IMAGE_TOOL": "docker"}
        plain = ["--param", "requireTls=false"]  # the local AWS has no TLS

        def deploy(*more: str) -> subprocess.CompletedProcess[str]:
            command = [ROOT / "scripts" / "deploy.sh", "--stage", "dev", "--tag", "t1", *plain, *more]
            environment = {**os.environ, **cloud.operator, **mine}
            return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

        said = deploy("--dry-run")
        assert (said.returncode, said.stdout) == (0, "")
        assert "3. deploy the stage dev" in said.stderr
        assert "--param=requireTls=false" in said.stderr
        assert client("ecr", cloud.operator).describe_repositories()["repositories"] == []
        done = deploy()
        assert done.returncode == 0, done.stderr
        image = client("ecr", cloud.operator).describe_images(repositoryName="smart-classroom")["imageDetails"][0]
        function = client("lambda", cloud.operator).get_function(FunctionName="smart-classroom-dev")

    account = cloud.operator["POLLER_ROLE_ARN"].split(":")[4]
    uri = function["Code"]["ImageUri"]
    assert uri == f"{account}.dkr.ecr.us-east-1.amazonaws.com/smart-classroom@{image['imageDigest']}"
    verbs = [line.split()[0] for line in calls.read_text().splitlines()]
    assert verbs == ["info", "info", "buildx", "login", "push"]
    assert "--provenance=false --load --platform linux/arm64" in calls.read_text()
    assert f"smart-classroom-input-dev-{account}" in done.stdout
    assert "export FUNCTION_NAME=smart-classroom-dev" in done.stdout
    assert "export POLLER_TRIGGER=poller" in done.stdout
    assert "install_poller.sh --settings stage.env" in done.stdout


def test_a_pushed_index_is_refused_before_anything_is_deployed(tmp_path: Path) -> None:
    kind = "application/vnd.oci.image.index.v1+json"
    with localcloud.running(tmp_path) as cloud:
        ecr = client("ecr", cloud.operator)
        ecr.create_repository(repositoryName="smart-classroom")
        index = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": []})
        ecr.put_image(repositoryName="smart-classroom", imageTag="t1", imageManifest=index, imageManifestMediaType=kind)
        command = [sys.executable, ROOT / "scripts" / "image_registry.py", "digest", "smart-classroom", "t1"]
        done = subprocess.run(
            [*command, "--region", "us-east-1"],
            env={**os.environ, **cloud.operator},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "--provenance=false" in done.stderr
