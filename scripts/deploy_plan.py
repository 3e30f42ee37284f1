#!/usr/bin/env python3
"""What scripts/deploy.sh has to know before it does anything: what the stage keeps, and what AWS would refuse.

deploy_plan.py --stage S --region R --account A    the given parameters come on standard input, NAME=VALUE, a line each;
                                                   NAME= goes back to the default

Prints assignments for a shell to evaluate: `problems` and `told` (lines for people), `passed` (NAME=VALUE lines for
serverless), `architecture` and `repository`. The surprising rule: serverless itself renders the stage for it, twice if
something is kept, so that no default, range or name is known here.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import boto3
from aws_limits import Concurrency, function, too_long, too_much
from botocore.exceptions import BotoCoreError, ClientError
from kept_parameters import NEVER, Deployed, Kept, Rendered, compare, read_back, refused, untold
from stack_env import StackMissing, StackUnreadable, read_stack

ROOT = Path(__file__).resolve().parent.parent
SERVERLESS = ROOT / "node_modules" / ".bin" / "serverless"


class Refused(Exception):
    """serverless.yml does not take these parameters; its reasons, a line each."""


def render(stage: str, parameters: Mapping[str, str]) -> Rendered:
    """The stage as `serverless package` makes it, without network. Raises `Refused`."""
    settings = [f"--param={name}={value}" for name, value in parameters.items()]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "localcloud.with_node", str(SERVERLESS), "package", "--stage", stage]
        command += ["--package", folder, *settings]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = done.stdout + done.stderr
            reasons = dict.fromkeys(re.findall(r"JS function errored with: (.*?),?$", said, re.MULTILINE))
            raise Refused("\n".join(reasons) or said.strip())
        return read_package(Path(folder))


def read_package(folder: Path) -> Rendered:
    """What `serverless package` has left in `folder`."""
    template = json.loads((folder / "cloudformation-template-update-stack.json").read_text())
    custom = json.loads((folder / "serverless-state.json").read_text())["service"]["custom"]
    return Rendered(custom["parameters"], frozenset(custom["writtenDown"]), template)


def concurrency(client: Any, name: str) -> Concurrency:
    """What the account has, and what the function of that name has reserved of it."""
    limits = client.get_account_settings()["AccountLimit"]
    try:
        own = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions", 0)
    except client.exceptions.ResourceNotFoundException:
        own = 0
    return Concurrency(limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"], own)


def look(stage: str, region: str, known: Collection[str]) -> Deployed:
    """What the stage was deployed with. Raises `StackUnreadable`."""
    try:
        return read_back(read_stack(stage, region), known)
    except StackMissing:
        return NEVER


def plan(stage: str, region: str, account: str, given: Mapping[str, str]) -> dict[str, str]:
    """The variables that deploy.sh evaluates. Raises `Refused`, `StackUnreadable`, `BotoCoreError`."""
    passed = {"region": region, "account": account, **{name: value for name, value in given.items() if value}}
    rendered = render(stage, passed)
    if reasons := refused(given, rendered.parameters):
        raise Refused("\n".join(reasons))
    deployed = look(stage, region, rendered.parameters)
    differences = compare(deployed, given, rendered)
    told = [*map(str, differences), *_untold(untold(deployed, given, rendered))]
    if kept := {each.name: each.value for each in differences if isinstance(each, Kept)}:
        passed |= kept
        rendered = render(stage, passed)
    problems = too_long(rendered.template, account, region, rendered.parameters["suffix"])
    name, reserved = function(rendered.template)
    if reserved:
        try:
            problems += too_much(reserved, concurrency(boto3.client("lambda", region_name=region), name))
        except ClientError as error:  # these credentials may deploy without being allowed to ask
            told.append(f"has not checked the account's concurrency: {error}")
    return _variables(problems, told, passed, rendered.parameters)


def _untold(names: list[str]) -> list[str]:
    if not names:
        return []
    return [f"cannot see what an earlier version deployed of {', '.join(names)}: not given, they get their defaults"]


def _variables(
    problems: Iterable[str],
    told: Iterable[str] = (),
    passed: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> dict[str, str]:
    return {
        "problems": "\n".join(f"  - {each}" for each in problems),
        "told": "\n".join(f"     {each}" for each in told),
        "passed": "\n".join(f"{name}={value}" for name, value in (passed or {}).items()),
        **{name: (parameters or {}).get(name, "") for name in ("architecture", "repository")},
    }


def main() -> int:
    """Print the assignments; on trouble say why on standard error and return 1."""
    parser = argparse.ArgumentParser(description="Say what a deployment would keep and what AWS would refuse.")
    for option in ("--stage", "--region", "--account"):
        parser.add_argument(option, required=True)
    arguments = parser.parse_args()
    given = dict(line.split("=", 1) for line in sys.stdin.read().splitlines() if line)
    try:
        variables = plan(arguments.stage, arguments.region, arguments.account, given)
    except Refused as reasons:
        variables = _variables(str(reasons).splitlines())
    except (StackUnreadable, BotoCoreError) as error:
        print(f"deploy_plan: {error}", file=sys.stderr)
        return 1
    print("".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
