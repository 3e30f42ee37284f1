"""What the stage parameter `trigger` changes in the template, and that it changes nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from poller.settings_table import TABLE
from tests.deploy.test_template import arn, role_statements

Render = Callable[..., dict[str, Any]]

QUEUE = "trigger=queue"
CONSUME = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}
NO_VALUE = {"Ref": "AWS::NoValue"}


@pytest.fixture(scope="module")
def by_poller(resources: dict[str, Any]) -> dict[str, Any]:
    """The main stage's resources as they are unless somebody asks for another trigger."""
    return resources


@pytest.fixture(scope="module")
def by_queue(render: Render) -> dict[str, Any]:
    return dict(render("prod", QUEUE)["Resources"])


def consumption(resources: dict[str, Any]) -> dict[str, Any]:
    (statement,) = resources["FunctionConsumesPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    return dict(statement)


@pytest.mark.parametrize(("stage", "known"), [("prod", []), ("local", ["W3037"])])
def test_cfn_lint_finds_nothing_where_the_queue_is_the_trigger(
    stage: str, known: list[str], package: Callable[..., Path]
) -> None:
    file = package(stage, QUEUE) / "cloudformation-template-update-stack.json"
    command = [Path(sys.executable).parent / "cfn-lint", "--ignore-checks", "W3005", *known, "--", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_mapping_hands_the_function_one_request_at_a_time_and_hears_which_failed(by_queue: dict[str, Any]) -> None:
    mapping = by_queue["RequestMapping"]["Properties"]
    assert mapping["EventSourceArn"] == arn("RequestQueue")
    assert mapping["FunctionName"] == {"Ref": "RecognitionLambdaFunction"}
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping.get("Enabled", True) is True


@pytest.mark.parametrize("at_once", [2, 1000])
def test_the_mapping_asks_for_as_many_invocations_as_the_function_may_have(at_once: int, render: Render) -> None:
    resources = render("prod", QUEUE, f"functionConcurrency={at_once}")["Resources"]
    assert resources["RequestMapping"]["Properties"]["ScalingConfig"] == {"MaximumConcurrency": at_once}
    assert resources["RecognitionLambdaFunction"]["Properties"]["ReservedConcurrentExecutions"] == at_once


@pytest.mark.parametrize("at_once", ["1", "1001", "ten"])
def test_a_concurrency_that_no_mapping_can_have_is_refused_before_anything_is_deployed(
    at_once: str, package: Callable[..., Path]
) -> None:
    with pytest.raises(AssertionError, match=r"functionConcurrency is a whole number from 2 to 1000.*" + at_once):
        package("prod", QUEUE, f"functionConcurrency={at_once}")


def test_an_unknown_trigger_is_refused_by_naming_the_known_ones(package: Callable[..., Path]) -> None:
    with pytest.raises(AssertionError, match="trigger is poller or queue, not 'both'"):
        package("prod", "trigger=both")


@pytest.mark.parametrize("timeout_s", [300, 60])
def test_a_queue_with_a_mapping_hides_a_message_for_six_times_the_functions_timeout(
    timeout_s: int, render: Render
) -> None:
    resources = render("prod", QUEUE, f"functionTimeout={timeout_s}")["Resources"]
    assert resources["RecognitionLambdaFunction"]["Properties"]["Timeout"] == timeout_s
    assert resources["RequestQueue"]["Properties"]["VisibilityTimeout"] == 6 * timeout_s


def test_where_the_poller_invokes_the_queue_hides_a_message_as_long_as_its_lease(by_poller: dict[str, Any]) -> None:
    (lease_s,) = [int(str(row.default)) for row in TABLE if row.field == "visibility_s"]
    assert by_poller["RequestQueue"]["Properties"]["VisibilityTimeout"] == lease_s


def test_the_function_may_consume_requests_only_where_a_mapping_does_it_in_its_name(
    by_poller: dict[str, Any], by_queue: dict[str, Any]
) -> None:
    assert consumption(by_queue) == {
        "Sid": "ConsumeRequests",
        "Effect": "Allow",
        "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "Resource": arn("RequestQueue"),
    }
    assert by_queue["FunctionConsumesPolicy"]["Properties"]["Roles"] == [{"Ref": "FunctionRole"}]
    assert role_statements(by_queue, "FunctionRole") == role_statements(by_poller, "FunctionRole")


def test_the_mapping_is_made_after_the_right_that_aws_looks_for(by_queue: dict[str, Any]) -> None:
    assert "FunctionConsumesPolicy" in by_queue["RequestMapping"]["DependsOn"]


def test_a_poller_that_only_drains_may_neither_take_requests_nor_invoke(by_queue: dict[str, Any]) -> None:
    allowed = role_statements(by_queue, "PollerRole")
    assert allowed["ConsumeQueues"] == (CONSUME, [arn("OutputQueue")])
    assert allowed["SetAsideWithAReason"] == ({"sqs:SendMessage"}, [arn("OutputDeadLetterQueue")])
    (policy,) = by_queue["PollerRole"]["Properties"]["Policies"]
    effects = {item["Sid"]: item["Effect"] for item in policy["PolicyDocument"]["Statement"]}
    assert effects.pop("AskForRecognition") == "Deny"
    assert set(effects.values()) == {"Allow"}


def test_whoever_invokes_the_poller_may_see_depths_and_give_signs_of_life(
    by_poller: dict[str, Any], by_queue: dict[str, Any]
) -> None:
    for sid in ("SeeDepths", "GiveSignsOfLife"):
        assert role_statements(by_queue, "PollerRole")[sid] == role_statements(by_poller, "PollerRole")[sid]


def test_a_failure_that_the_function_reports_raises_an_alarm_although_it_is_no_error(by_queue: dict[str, Any]) -> None:
    assert by_queue["RequestMapping"]["Properties"]["MetricsConfig"] == {"Metrics": ["EventCount"]}
    alarm = by_queue["FailedRequestsAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "FailedInvokeEventCount")
    assert alarm["Dimensions"] == [{"Name": "EventSourceMappingUUID", "Value": {"Ref": "RequestMapping"}}]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_the_trigger_changes_nothing_else(by_poller: dict[str, Any], by_queue: dict[str, Any]) -> None:
    added = {"RequestMapping", "FunctionConsumesPolicy", "FailedRequestsAlarm"}
    assert by_queue.keys() - by_poller.keys() == added
    assert by_poller.keys() <= by_queue.keys()
    differ = {name for name in by_poller if by_poller[name] != by_queue[name]}
    assert differ == {"RequestQueue", "PollerRole"}


@pytest.mark.parametrize("trigger", ["poller", "queue"])
def test_the_poller_is_told_the_trigger_by_an_output(trigger: str, render: Render) -> None:
    assert render("prod", f"trigger={trigger}")["Outputs"]["Trigger"] == {"Value": trigger}


def test_an_account_with_nothing_to_spare_bounds_the_mapping_all_the_same(render: Render) -> None:
    resources = render("prod", QUEUE, "reserveConcurrency=false")["Resources"]
    assert resources["RecognitionLambdaFunction"]["Properties"]["ReservedConcurrentExecutions"] == NO_VALUE
    assert resources["RequestMapping"]["Properties"]["ScalingConfig"] == {"MaximumConcurrency": 10}
