#!/usr/bin/env python3
"""Prints a deployed stage's names as `export NAME=value` lines: `eval "$(scripts/stack_env.py --stage prod)"`.

Knows CloudFormation's outputs and nothing else of AWS. The surprising rule: it prints all of them or none, because half
an environment is worse than an error.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

SERVICE = "smart-classroom"
MAIN_STAGE = "prod"
ENVIRONMENT_NAMES = {  # CloudFormation output: environment variable
    "Region": "AWS_REGION",
    "InputBucket": "INPUT_BUCKET",
    "OutputBucket": "OUTPUT_BUCKET",
    "GalleryBucket": "GALLERY_BUCKET",
    "StudentTable": "STUDENT_TABLE",
    "JobTable": "JOB_TABLE",
    "RequestQueueUrl": "REQUEST_QUEUE_URL",
    "OutputQueueUrl": "OUTPUT_QUEUE_URL",
    "DeadLetterQueueUrl": "DEAD_LETTER_QUEUE_URL",
    "OutputDeadLetterQueueUrl": "OUTPUT_DEAD_LETTER_QUEUE_URL",
    "FunctionName": "FUNCTION_NAME",
    "FunctionTimeout": "FUNCTION_TIMEOUT_S",
    "Trigger": "POLLER_TRIGGER",
    "SectionRule": "SECTION_RULE",
    "PollerRoleArn": "POLLER_ROLE_ARN",
    "OperatorRoleArn": "OPERATOR_ROLE_ARN",
    "InstructorRoleArn": "INSTRUCTOR_ROLE_ARN",
    "PrivacyRoleArn": "PRIVACY_ROLE_ARN",
    "ConsoleRoleArn": "CONSOLE_ROLE_ARN",
}


class StackUnreadable(Exception):
    """The stage's stack is missing, unfinished or of another version."""


class StackMissing(StackUnreadable):
    """There is no such stack."""


def stack_name(stage: str) -> str:
    """The main stage's stack carries the service's plain name, every other one a suffix."""
    return SERVICE if stage == MAIN_STAGE else f"{SERVICE}-{stage}"


def environment(outputs: Mapping[str, str]) -> dict[str, str]:
    """The environment that `outputs` stand for. Raises `StackUnreadable` naming every output that is missing."""
    missing = sorted(ENVIRONMENT_NAMES.keys() - outputs.keys())
    if missing:
        raise StackUnreadable(f"the stack lacks the outputs {', '.join(missing)}: deploy this version of it")
    return {name: outputs[output] for output, name in ENVIRONMENT_NAMES.items()}


def export_lines(variables: Mapping[str, str]) -> str:
    """`variables` for a shell to evaluate, a line each."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def read_stack(stage: str, region: str) -> dict[str, Any]:
    """The stack as CloudFormation describes it. Raises `StackUnreadable` with what to do about it."""
    name = stack_name(stage)
    try:
        answer = boto3.client("cloudformation", region_name=region).describe_stacks(StackName=name)
    except ClientError as error:
        if "does not exist" in str(error):
            raise StackMissing(
                f"no stack {name} in {region}: `scripts/deploy.sh --stage {stage} --region {region}` makes it"
            ) from error
        raise StackUnreadable(f"stack {name} in {region}: {error}") from error
    except BotoCoreError as error:
        raise StackUnreadable(f"stack {name} in {region}: {error}") from error
    return dict(answer["Stacks"][0])


def read_outputs(stage: str, region: str) -> dict[str, str]:
    """The stack's outputs. Raises `StackUnreadable` with what to do about it."""
    return {output["OutputKey"]: output["OutputValue"] for output in read_stack(stage, region).get("Outputs", [])}


def main() -> int:
    """Print the environment; on trouble say why on standard error and return 1."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    parser = argparse.ArgumentParser(description="Print a deployed stage's names as export lines.")
    parser.add_argument("--stage", default=MAIN_STAGE, help="default: %(default)s")
    parser.add_argument("--region", default=region, help="default: AWS_REGION, else us-east-1")
    arguments = parser.parse_args()
    try:
        print(export_lines(environment(read_outputs(arguments.stage, arguments.region))), end="")
    except StackUnreadable as error:
        print(f"stack_env: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
