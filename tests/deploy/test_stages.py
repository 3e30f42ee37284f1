"""What an operator may set for a stage: who is told of its alarms, and what it takes of the account's concurrency."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Render = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("address", ["", "operator@example.org"])
def test_the_alarms_go_to_an_address_if_one_is_given(
    address: str, package: Callable[..., Path], render: Render
) -> None:
    parameters = [f"alarmEmail={address}"] if address else []
    state = json.loads((package("dev", *parameters) / "serverless-state.json").read_text())
    handed = {item["ParameterKey"]: item["ParameterValue"] for item in state["service"]["provider"]["stackParameters"]}
    assert handed["AlarmEmail"] == address
    template = render("dev", *parameters)
    subscription = template["Resources"]["AlarmSubscription"]
    assert subscription["Properties"] == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }
    condition = template["Conditions"][subscription["Condition"]]
    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}


@pytest.mark.parametrize(("reserve", "reserved"), [("true", 10), ("false", {"Ref": "AWS::NoValue"})])
def test_a_stage_reserves_its_concurrency_unless_the_account_has_none_to_spare(
    reserve: str, reserved: object, render: Render
) -> None:
    resources = render("dev", f"reserveConcurrency={reserve}")["Resources"]
    assert resources["RecognitionLambdaFunction"]["Properties"]["ReservedConcurrentExecutions"] == reserved


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("reserveConcurrency=no", "reserveConcurrency is true or false, not 'no'"),
        ("functionConcurrency=0", "functionConcurrency is a whole number from 1 to 1000, not '0'"),
        ("functionTimeout=901", "functionTimeout is a whole number from 1 to 900 (seconds), not '901'"),
        ("consoleOrigin=https://*", "consoleOrigin is addresses like https://console.school.example, not 'https://*'"),
        ("architecture=arm", "architecture is arm64 or x86_64, not 'arm'"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name_before_anything_is_deployed(
    parameter: str, said: str, package: Callable[..., Path]
) -> None:
    with pytest.raises(AssertionError) as refused:
        package("dev", parameter)
    assert said in str(refused.value)
