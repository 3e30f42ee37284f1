"""What AWS would refuse of a template, known before anything is done. Real names: tests/deploy/test_deploy_plan.py."""

from __future__ import annotations

from typing import Any

import pytest
from aws_limits import Concurrency, function, too_long, too_much

ACCOUNT, REGION = "123456789012", "us-east-1"


def bucket(name: Any) -> dict[str, Any]:
    return {"Resources": {"Clips": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}}}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text + "-${AWS::AccountId}-${AWS::Region}"}


def test_a_name_may_be_as_long_as_aws_takes_and_no_longer() -> None:
    stage = "s" * (63 - len(f"clips-x-{ACCOUNT}-{REGION}") + 1)
    assert too_long(bucket(sub(f"clips-{stage}")), ACCOUNT, REGION, f"-{stage}") == []
    (said,) = too_long(bucket(sub(f"clips-{stage}s")), ACCOUNT, REGION, f"-{stage}s")
    assert said.startswith("a shorter --stage: clips-sss")
    assert said.endswith("(AWS::S3::Bucket) is 1 characters longer than AWS takes")


def test_a_longer_region_leaves_less_to_the_stage() -> None:
    template = bucket(sub("clips-" + "s" * 33))
    assert too_long(template, ACCOUNT, REGION, "-s") == []
    assert too_long(template, ACCOUNT, "ap-southeast-2", "-s")


def test_of_all_names_with_the_stage_the_longest_is_named_once() -> None:
    template = {
        "Resources": {
            **bucket("x-dev" + "y" * 60)["Resources"],
            "Other": {**bucket("x-dev" + "y" * 70)["Resources"]["Clips"]},
        }
    }
    (said,) = too_long(template, ACCOUNT, REGION, "-dev")
    assert "is 12 characters longer" in said


def test_a_name_that_no_stage_makes_shorter_is_called_just_that() -> None:
    (said,) = too_long(bucket("y" * 64), ACCOUNT, REGION, "")
    assert said.startswith("a shorter name: yyy")


@pytest.mark.parametrize(
    ("reserved", "account", "fits"),
    [
        (10, Concurrency(limit=1000, unreserved=110, own=0), True),
        (11, Concurrency(limit=1000, unreserved=110, own=0), False),
        (11, Concurrency(limit=1000, unreserved=110, own=1), True),  # what the stage has it gives back
        (10, Concurrency(limit=10, unreserved=10, own=0), False),  # a new account
        (10, Concurrency(limit=50, unreserved=40, own=10), True),  # it has that already, however AWS came to agree
    ],
)
def test_a_hundred_must_stay_unreserved(reserved: int, account: Concurrency, fits: bool) -> None:
    assert bool(too_much(reserved, account)) is not fits


def test_who_reserves_too_much_is_told_what_to_say() -> None:
    (said,) = too_much(10, Concurrency(limit=10, unreserved=10, own=0))
    assert "functionConcurrency=10 would leave 0 of the account's 10 unreserved" in said
    assert "--param reserveConcurrency=false" in said


@pytest.mark.parametrize(("reserves", "counted"), [(10, 10), ({"Ref": "AWS::NoValue"}, 0), (None, 0)])
def test_a_function_that_reserves_nothing_asks_for_nothing(reserves: object, counted: int) -> None:
    properties = {"FunctionName": "f", "ReservedConcurrentExecutions": reserves}
    assert function({"Resources": {"RecognitionLambdaFunction": {"Properties": properties}}}) == ("f", counted)
