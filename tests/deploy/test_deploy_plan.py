"""scripts/deploy_plan.py on the real serverless.yml: each of its parameters can be read back from a stage."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import deploy_plan  # noqa: E402
from aws_limits import too_long  # noqa: E402
from kept_parameters import NEVER, TOLD_OTHERWISE, Deployed, compare, read_back  # noqa: E402

OTHERS = {  # of every parameter a value that is not its default
    "tableSuffix": "_other",
    "repository": "other",
    "architecture": "x86_64",
    "functionName": "other",
    "trigger": "queue",
    "functionConcurrency": "7",
    "reserveConcurrency": "false",
    "functionTimeout": "120",
    "functionMemory": "1769",
    "detector": "hog+cnn",
    "sectionRule": "{session}/{section}/",
    "searchBeyondSection": "true",
    "logLevel": "WARN",
    "logRetentionDays": "14",
    "clipRetentionDays": "31",
    "resultRetentionDays": "400",
    "recordRetentionDays": "200",
    "deletionPolicy": "Retain",
    "replacePolicy": "Retain",
    "requireTls": "false",
    "pollerPrincipal": "arn:aws:iam::123456789012:role/machine",
    "alarmEmail": "ops@example.org",
    "consoleOrigin": "https://console.school.example",
}


def described(folder: Path) -> dict[str, Any]:
    """The stack that a package makes, as CloudFormation would describe it."""
    template = json.loads((folder / "cloudformation-template-update-stack.json").read_text())
    provider = json.loads((folder / "serverless-state.json").read_text())["service"]["provider"]
    outputs = {key: item["Value"] for key, item in template["Outputs"].items()}
    return {
        "Parameters": provider["stackParameters"],
        "Outputs": [{"OutputKey": key, "OutputValue": str(value)} for key, value in outputs.items()],
    }


@pytest.fixture(scope="module")
def other(package: Callable[..., Path]) -> Path:
    """The package of a stage with every parameter set."""
    return package("dev", *(f"{name}={value}" for name, value in OTHERS.items()))


@pytest.fixture(scope="module")
def plain(package: Callable[..., Path]) -> deploy_plan.Rendered:
    """What a deployment would set to which nothing is given."""
    return deploy_plan.read_package(package("dev"))


def test_every_parameter_of_serverless_yml_is_tried_here(plain: deploy_plan.Rendered) -> None:
    assert OTHERS.keys() == plain.parameters.keys() - TOLD_OTHERWISE.keys()
    assert not [name for name, value in OTHERS.items() if value == plain.parameters[name]]


def test_the_page_lists_every_parameter(plain: deploy_plan.Rendered) -> None:
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "deploy.md").read_text(), re.MULTILINE)
    assert plain.parameters.keys() - {"suffix"} <= set(re.findall(r"`(\w+)`", " ".join(rows)))


def test_every_parameter_can_be_read_back_and_is_kept(other: Path, plain: deploy_plan.Rendered) -> None:
    deployed = read_back(described(other), plain.parameters)
    assert deployed == Deployed(OTHERS)
    assert {each.name: each.value for each in compare(deployed, [], plain)} == OTHERS


def test_a_stage_that_is_deployed_as_it_was_changes_nothing(package: Callable[..., Path]) -> None:
    prod = deploy_plan.read_package(package("prod"))
    assert compare(read_back(described(package("prod")), prod.parameters), [], prod) == []


def test_what_serverless_yml_says_of_a_stage_itself_is_told_from_the_defaults(package: Callable[..., Path]) -> None:
    prod = deploy_plan.read_package(package("prod"))
    assert {"deletionPolicy", "suffix"} <= prod.written_down
    assert "functionMemory" not in prod.written_down


def test_whom_a_stage_tells_and_trusts_is_in_no_output(other: Path) -> None:
    template = (other / "cloudformation-template-update-stack.json").read_text()
    assert OTHERS["alarmEmail"] not in template
    assert OTHERS["pollerPrincipal"] not in template


def test_what_serverless_yml_refuses_is_said_once_and_in_its_own_words() -> None:
    with pytest.raises(deploy_plan.Refused) as refused:
        deploy_plan.render("dev", {"functionTimeout": "901"})
    assert str(refused.value) == "functionTimeout is a whole number from 1 to 900 (seconds), not '901'"


@pytest.mark.parametrize(
    ("region", "stage", "fits"),
    [
        ("us-east-1", "s" * 16, True),
        ("us-east-1", "s" * 17, False),
        ("ap-southeast-2", "s" * 11, True),
        ("ap-southeast-2", "s" * 12, False),
    ],
)
def test_the_longest_name_of_a_stage_is_that_of_a_bucket(
    region: str, stage: str, fits: bool, render: Callable[..., dict[str, Any]]
) -> None:
    template = json.loads(json.dumps(render("dev")).replace("-dev", f"-{stage}"))
    said = too_long(template, "123456789012", region, f"-{stage}")
    name = f"smart-classroom-gallery-{stage}-123456789012-{region}"
    assert said == (
        [] if fits else [f"a shorter --stage: {name} (AWS::S3::Bucket) is 1 characters longer than AWS takes"]
    )


class Account:
    """Lambda's client for an account; `own`: what a function has reserved, None if there is no such function."""

    def __init__(self, own: int | None) -> None:
        self.own = own

    class exceptions:  # noqa: N801  # botocore's name
        class ResourceNotFoundException(Exception): ...

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}}

    def get_function_concurrency(self, FunctionName: str) -> dict[str, int]:  # noqa: N803  # botocore's name
        if self.own is None:
            raise self.exceptions.ResourceNotFoundException
        return {"ReservedConcurrentExecutions": self.own} if self.own else {}


@pytest.mark.parametrize(("own", "counted"), [(None, 0), (0, 0), (10, 10)])
def test_what_the_function_has_reserved_already_is_counted(own: int | None, counted: int) -> None:
    found = deploy_plan.concurrency(Account(own), "smart-classroom")
    assert (found.limit, found.unreserved, found.own) == (1000, 900, counted)


def planned(
    monkeypatch: pytest.MonkeyPatch, plain: deploy_plan.Rendered, deployed: Deployed, **refuses: str
) -> dict[str, str]:
    """The plan for a stage to which nothing is given. `refuses`: an operation of Lambda's and the error it answers."""

    class Lambda(Account):
        def get_account_settings(self) -> dict[str, Any]:
            for operation, code in refuses.items():
                raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
            return super().get_account_settings()

    monkeypatch.setattr(deploy_plan, "render", lambda stage, parameters: plain)
    monkeypatch.setattr(deploy_plan, "look", lambda stage, region, known: deployed)
    monkeypatch.setattr(deploy_plan.boto3, "client", lambda service, region_name: Lambda(None))
    return deploy_plan.plan("dev", "us-east-1", "123456789012", {})


def test_credentials_that_may_not_ask_for_the_concurrency_may_deploy_all_the_same(
    monkeypatch: pytest.MonkeyPatch, plain: deploy_plan.Rendered
) -> None:
    plan = planned(monkeypatch, plain, NEVER, GetAccountSettings="AccessDenied")
    assert plan["problems"] == ""
    assert "has not checked the account's concurrency" in plan["told"]
    assert "has not checked" not in planned(monkeypatch, plain, NEVER)["told"]


def test_a_stage_of_an_earlier_version_keeps_what_it_tells_and_the_plan_names_the_rest(
    monkeypatch: pytest.MonkeyPatch, plain: deploy_plan.Rendered
) -> None:
    earlier = Deployed({"alarmEmail": "ops@example.org", "trigger": "poller"}, complete=False)
    plan = planned(monkeypatch, plain, earlier)
    assert "alarmEmail=ops@example.org" in plan["passed"].splitlines()
    kept, forgotten = plan["told"].splitlines()
    assert "keeps alarmEmail=ops@example.org" in kept
    assert "functionMemory" in forgotten
    assert "trigger" not in forgotten
