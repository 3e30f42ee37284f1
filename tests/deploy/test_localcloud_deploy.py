"""scripts/deploy.sh from end to end on a local AWS; docker alone is played, by a program that pushes a manifest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class Operator:
    """Whoever types scripts/deploy.sh. `calls`: what docker was asked."""

    cloud: localcloud.Cloud
    folder: Path

    @property
    def calls(self) -> str:
        return (self.folder / "calls").read_text()

    def types(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        mine = {"CALLS": str(self.folder / "calls"), "IMAGE_TOOL": "docker", **variables}
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        command = [ROOT / "scripts" / "deploy.sh", "--stage", "dev", "--tag", "t1", *options]
        environment = {**os.environ, **self.cloud.operator, **mine, "PATH": path}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def deploys(self, *options: str) -> subprocess.CompletedProcess[str]:
        done = self.types(*options)
        assert done.returncode == 0, done.stderr
        return done

    def client(self, service: str) -> Any:
        return client(service, self.cloud.operator)


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("operator")
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAMBDA_ACCOUNT_CONCURRENCY", "1000")  # ministack's own is a matter of this machine's memory
        with localcloud.running(folder / "state") as cloud:
            yield Operator(cloud, folder)


@pytest.fixture(scope="module")
def first(operator: Operator) -> subprocess.CompletedProcess[str]:
    """The stage's first deployment, with parameters of its own; the local AWS has no TLS."""
    given = ("requireTls=false", "alarmEmail=ops@example.org", "functionConcurrency=7")
    return operator.deploys("--platform", "linux/amd64", *(word for each in given for word in ("--param", each)))


def test_a_dry_run_says_what_would_be_done_and_does_nothing(operator: Operator) -> None:
    said = operator.deploys("--stage", "new", "--dry-run", "--param", "requireTls=false")
    assert said.stdout == ""
    assert "3. deploy the stage new" in said.stderr
    assert "with requireTls=false" in said.stderr
    assert "keeps" not in said.stderr
    names = [each["StackName"] for each in operator.client("cloudformation").describe_stacks()["Stacks"]]
    assert "smart-classroom-new" not in names


def test_deploy_builds_pushes_and_deploys_the_very_image_it_pushed(
    operator: Operator, first: subprocess.CompletedProcess[str]
) -> None:
    (image,) = operator.client("ecr").describe_images(repositoryName="smart-classroom")["imageDetails"]
    function = operator.client("lambda").get_function(FunctionName="smart-classroom-dev")
    account = operator.cloud.operator["POLLER_ROLE_ARN"].split(":")[4]
    uri = function["Code"]["ImageUri"]
    assert uri == f"{account}.dkr.ecr.us-east-1.amazonaws.com/smart-classroom@{image['imageDigest']}"
    assert function["Configuration"]["Architectures"] == ["x86_64"]
    assert "--provenance=false --load --platform linux/amd64" in operator.calls
    verbs = [line.split()[0] for line in operator.calls.splitlines()]
    assert verbs[-4:] == ["info", "buildx", "login", "push"]
    assert f"smart-classroom-input-dev-{account}" in first.stdout
    assert "export FUNCTION_NAME=smart-classroom-dev" in first.stdout
    assert "export POLLER_TRIGGER=poller" in first.stdout
    assert "install_poller.sh --settings stage.env" in first.stdout


def test_a_stage_is_deployed_again_as_it_was(operator: Operator, first: subprocess.CompletedProcess[str]) -> None:
    again = operator.deploys()
    assert "build the image for linux/amd64" in again.stderr
    for kept in ("requireTls=false", "alarmEmail=ops@example.org", "functionConcurrency=7", "architecture=x86_64"):
        assert f"keeps {kept} from the stage (--param {kept.split('=')[0]}= for the default" in again.stderr
    assert "No changes to deploy" in again.stderr


def test_an_earlier_image_is_deployed_by_its_digest_without_a_container_tool(
    operator: Operator, first: subprocess.CompletedProcess[str]
) -> None:
    (image,) = operator.client("ecr").describe_images(repositoryName="smart-classroom")["imageDetails"]
    before = operator.calls
    done = operator.types("--digest", image["imageDigest"], IMAGE_TOOL="no-such-tool")
    assert done.returncode == 0, done.stderr
    assert f"1. deploy the stage dev with the image {image['imageDigest']} of smart-classroom" in done.stderr
    assert "No changes to deploy" in done.stderr
    assert operator.calls == before


def test_an_image_that_is_not_there_is_refused_by_its_digest(operator: Operator) -> None:
    done = operator.types("--dry-run", "--digest", f"sha256:{'b' * 64}")
    assert done.returncode == 1
    assert "that image in the repository smart-classroom" in done.stderr


def test_a_parameter_goes_back_to_its_default_when_it_is_asked_to(
    operator: Operator, first: subprocess.CompletedProcess[str]
) -> None:
    said = operator.deploys("--dry-run", "--param", "alarmEmail=", "--platform", "linux/arm64")
    assert "changes alarmEmail from ops@example.org to none" in said.stderr
    assert "changes architecture from x86_64 to arm64" in said.stderr
    assert "build the image for linux/arm64" in said.stderr
    assert "keeps functionConcurrency=7" in said.stderr


def test_all_that_is_in_the_way_is_named_at_once_before_anything_is_done(operator: Operator) -> None:
    options = ("--stage", "a-stage-with-a-long-name", "--param", "functionConcurrency=950")
    done = operator.types(*options, IMAGE_TOOL="no-such-tool")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 4, done.stderr
    assert "a shorter --stage: smart-classroom-gallery-a-stage-with-a-long-name" in done.stderr
    assert "--param reserveConcurrency=false" in done.stderr
    assert "no-such-tool" in done.stderr


def test_a_pushed_index_is_refused_before_anything_is_deployed(operator: Operator) -> None:
    kind = "application/vnd.oci.image.index.v1+json"
    ecr = operator.client("ecr")
    ecr.create_repository(repositoryName="indices")
    index = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": []})
    ecr.put_image(repositoryName="indices", imageTag="t1", imageManifest=index, imageManifestMediaType=kind)
    command = [sys.executable, ROOT / "scripts" / "image_registry.py", "digest", "indices", "t1"]
    done = subprocess.run(
        [*command, "--region", "us-east-1"],
        env={**os.environ, **operator.cloud.operator},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "--provenance=false" in done.stderr
