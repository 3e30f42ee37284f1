"""What a deployment keeps of a stage. That it can read every parameter back: tests/deploy/test_deploy_plan.py."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kept_parameters import NEVER, Changed, Deployed, Kept, Rendered, compare, read_back, refused, untold

DEFAULTS = {
    "region": "us-east-1",
    "account": "123456789012",
    "functionMemory": "3008",
    "trigger": "poller",
    "alarmEmail": "",
    "detector": "hog",
}


def rendered(*written_down: str, **given: str) -> Rendered:
    return Rendered({**DEFAULTS, **given}, frozenset(written_down), {})


def stack(record: dict[str, str] | None, **more: str) -> dict[str, Any]:
    """A stack as CloudFormation describes it; without a record it is an earlier version's."""
    outputs = {"FunctionName": "smart-classroom", "Region": "eu-central-1", "Trigger": "queue"}
    if record is not None:
        outputs["Parameters"] = json.dumps(record)
    return {
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in more.items()],
    }


def test_what_nobody_gives_stays_as_it_is_deployed() -> None:
    deployed = {"functionMemory": "1769", "alarmEmail": "ops@example.org", "trigger": "poller"}
    assert compare(Deployed(deployed), [], rendered()) == [
        Kept("functionMemory", "1769", "3008"),
        Kept("alarmEmail", "ops@example.org", ""),
    ]


def test_what_is_given_changes_the_stage() -> None:
    deployed = {"functionMemory": "1769", "trigger": "queue"}
    given = {"functionMemory": "2048", "trigger": ""}  # the second goes back to its default
    assert compare(Deployed(deployed), given, rendered(functionMemory="2048")) == [
        Changed("functionMemory", "1769", "2048"),
        Changed("trigger", "queue", "poller"),
    ]


def test_what_is_written_down_for_the_stage_changes_it() -> None:
    differences = compare(Deployed({"functionMemory": "1769"}), [], rendered("functionMemory"))
    assert differences == [Changed("functionMemory", "1769", "3008")]


def test_having_none_gives_way_to_a_default() -> None:
    assert compare(Deployed({"alarmEmail": ""}), [], rendered(alarmEmail="all@example.org")) == [
        Changed("alarmEmail", "", "all@example.org")
    ]


def test_nothing_is_said_of_what_stays_the_same() -> None:
    assert compare(Deployed({"trigger": "poller", "alarmEmail": ""}), ["trigger"], rendered()) == []


@pytest.mark.parametrize(
    ("difference", "line"),
    [
        (
            Kept("trigger", "queue", "poller"),
            "keeps trigger=queue from the stage (--param trigger= for the default: poller)",
        ),
        (
            Kept("alarmEmail", "a@b.c", ""),
            "keeps alarmEmail=a@b.c from the stage (--param alarmEmail= for the default: none)",
        ),
        (Changed("alarmEmail", "a@b.c", ""), "changes alarmEmail from a@b.c to none"),
    ],
)
def test_the_plan_says_how_to_go_back(difference: object, line: str) -> None:
    assert str(difference) == line


def test_a_stage_tells_its_parameters_by_its_record_and_its_stacks_own() -> None:
    told = read_back(stack({"functionMemory": "1769"}, AlarmEmail="ops@example.org"), DEFAULTS)
    assert told == Deployed({"functionMemory": "1769", "alarmEmail": "ops@example.org", "trigger": "queue"})


def test_a_stage_from_before_the_record_tells_what_it_can_and_the_rest_is_named() -> None:
    told = read_back(stack(None, AlarmEmail="ops@example.org"), DEFAULTS)
    assert told == Deployed({"alarmEmail": "ops@example.org", "trigger": "queue"}, complete=False)
    assert untold(told, [], rendered()) == ["functionMemory", "detector"]
    assert untold(told, ["detector"], rendered("functionMemory")) == []


def test_a_parameter_that_a_later_version_has_is_not_missed() -> None:
    told = read_back(stack({"functionMemory": "1769"}), DEFAULTS)
    assert untold(told, [], rendered()) == []


def test_a_parameter_that_this_version_does_not_have_any_more_is_left_out() -> None:
    assert read_back(stack({"brightness": "11"}), DEFAULTS) == Deployed({"trigger": "queue"})


def test_a_stack_whose_first_deployment_failed_has_nothing_to_keep() -> None:
    failed = stack(None, AlarmEmail="ops@example.org")
    failed["Outputs"] = [{"OutputKey": "ServerlessDeploymentBucketName", "OutputValue": "b"}]
    assert read_back(failed, DEFAULTS) == NEVER
    assert compare(NEVER, [], rendered()) == untold(NEVER, [], rendered()) == []


def test_a_name_that_would_be_passed_over_is_refused() -> None:
    assert refused(["trigger", "almEmail", "region"], DEFAULTS) == [
        "no --param almEmail: there is no such parameter: docs/deploy.md lists them",
        "no --param region: --region says it",
    ]
