"""The real `serverless deploy --stage local`, onto the emulator, and what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from localcloud.credentials import operator_environment, read_environment, without_aws
from localcloud.errors import LocalCloudError
from localcloud.node import node_environment
from localcloud.places import REPOSITORY, Places

STAGE = "local"
SESSION_S = 43_200


def check_concurrency(wanted: int) -> None:
    """Raise `LocalCloudError` for less than one clip at once: AWS takes 0, and then no clip is ever worked on."""
    if wanted < 1:
        raise LocalCloudError(f"a concurrency of {wanted} would let no clip through: 1 or more")


def install_tools() -> None:
    """Install what package-lock.json pins, unless it is there."""
    if (REPOSITORY / "node_modules" / ".bin" / "serverless").exists():
        return
    print("localcloud: installing the deployment tools with npm (once)", file=sys.stderr, flush=True)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    environment = node_environment(os.environ)
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LocalCloudError(f"npm ci failed: is there a network?\n{done.stderr.strip()}")


def deploy(port: int, places: Places, parameters: Mapping[str, str]) -> None:
    """Deploy the stage `local`; `parameters` override what serverless.yml says of it."""
    environment = node_environment(
        {
            **without_aws(os.environ),
            **operator_environment(port),
            "NODE_NO_WARNINGS": "1",
            "SLS_AWS_MONITORING_FREQUENCY": "200",
            "SLS_NOTIFICATIONS_MODE": "off",
        }
    )
    settings = [f"--param={name}={value}" for name, value in parameters.items()]
    command: list[str | Path] = [
        REPOSITORY / "node_modules" / ".bin" / "serverless",
        "deploy",
        "--stage",
        STAGE,
        *settings,
    ]
    log = places.logs / "deploy.log"
    with log.open("wb") as output:
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode != 0:
        raise LocalCloudError(f"serverless deploy failed, see {log}:\n{log.read_text()[-3000:]}")


def limit_concurrency(port: int, function: str, concurrency: int) -> None:
    """Reserve `concurrency` for `function`: ministack's CloudFormation reads the template's value and does nothing."""
    client("lambda", operator_environment(port)).put_function_concurrency(
        FunctionName=function, ReservedConcurrentExecutions=concurrency
    )


def stack_environment(port: int) -> dict[str, str]:
    """The deployed stage's names, as scripts/stack_env.py prints them."""
    command: list[str | Path] = [sys.executable, REPOSITORY / "scripts" / "stack_env.py", "--stage", STAGE]
    environment = {**without_aws(os.environ), **operator_environment(port)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LocalCloudError(done.stderr.strip())
    return read_environment(done.stdout)


def role_credentials(port: int, role: str, session: str) -> dict[str, str]:
    """Credentials of `role` for twelve hours; `session` names whose they are."""
    answer = client("sts", operator_environment(port)).assume_role(
        RoleArn=role, RoleSessionName=session, DurationSeconds=SESSION_S
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
        "AWS_SESSION_TOKEN": answer["SessionToken"],
    }


def client(service: str, environment: Mapping[str, str], retries: Mapping[str, int] | None = None) -> Any:
    """A boto3 client that uses `environment` and not this process's; `retries` as botocore's `Config` takes them."""
    return boto3.session.Session().client(
        service,
        region_name=environment["AWS_REGION"],
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment["AWS_SESSION_TOKEN"] or None,
        config=Config(proxies={}, retries=retries),
    )
