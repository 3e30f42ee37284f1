"""Renders serverless.yml as `serverless package` does: without credentials, and with no way to a network."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import localcloud
from localcloud.deployment import install_tools
from localcloud.node import node_environment
from localcloud.places import one_at_a_time
from tests.deploy.account import Account

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9"

Render = Callable[..., dict[str, Any]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder is the suite `deploy`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.deploy)


@pytest.fixture(scope="session")
def account() -> Iterator[Account]:
    """A local AWS account for tests that deploy stages of their own; the stage `local` is in it."""
    with localcloud.running() as cloud:
        yield Account(cloud)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`package("prod", "name=value", …)`: the folder with what would be deployed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    home = tmp_path_factory.mktemp("home")
    offline = {"HOME": str(home), "HTTPS_PROXY": NOWHERE, "HTTP_PROXY": NOWHERE, "AWS_ENDPOINT_URL": NOWHERE}
    environment = node_environment({**clean, **offline, "AWS_EC2_METADATA_DISABLED": "true", "NODE_NO_WARNINGS": "1"})

    @cache
    def render(stage: str, *parameters: str) -> Path:
        folder = tmp_path_factory.mktemp("package") / "out"
        serverless = ROOT / "node_modules" / ".bin" / "serverless"
        command = [serverless, "package", "--stage", stage, "--package", folder]
        with one_at_a_time():
            install_tools()
            done = subprocess.run(
                [*command, *(f"--param={parameter}" for parameter in parameters)],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stdout + done.stderr
        return folder

    return render


@pytest.fixture(scope="session")
def render(package: Callable[..., Path]) -> Render:
    """`render("prod", "name=value", …)`: the CloudFormation template of that stage."""

    def template(stage: str, *parameters: str) -> dict[str, Any]:
        file = package(stage, *parameters) / "cloudformation-template-update-stack.json"
        return dict(json.loads(file.read_text()))

    return template


@pytest.fixture(scope="session")
def template(render: Render) -> dict[str, Any]:
    """The main stage's template."""
    return render("prod")


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    """The main stage's resources by logical id."""
    return dict(template["Resources"])
