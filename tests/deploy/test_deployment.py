"""The image template really deployed, updated and removed by `serverless`, and every resource read back.

A stage goes through its life once, in the chain of fixtures; the tests look at what was seen on the way. Plain HTTP is
all that the local AWS speaks: the stage is deployed without its TLS policies, and gets them by an update.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from tests.deploy.account import DIGEST, PLAIN, Account
from tests.deploy.deployed import READERS, Deployed, look_at, physical_ids

pytestmark = pytest.mark.pipeline

STAGE = "dev"
MAIL = "alarmEmail=ops@example.org"
# What ministack says it has made and has not: `test_template.py` looks for these in the template.
DROPPED = {
    ("AWS::S3::Bucket", "LifecycleConfiguration"),
    ("AWS::DynamoDB::Table", "SSESpecification"),
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"),
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification"),
    ("AWS::Lambda::Function", "ReservedConcurrentExecutions"),
}


class Run(NamedTuple):
    """One run of `serverless` and what was there after it."""

    code: int
    said: str
    after: Deployed


def deploy(account: Account, *parameters: str) -> Run:
    done = account.serverless("deploy", STAGE, MAIL, *parameters)
    return Run(done.returncode, done.stdout, look_at(account, STAGE))


@pytest.fixture(scope="module")
def first(account: Account) -> Run:
    return deploy(account, PLAIN)


@pytest.fixture(scope="module")
def second(account: Account, first: Run) -> Run:
    return deploy(account, PLAIN)


@pytest.fixture(scope="module")
def failed(account: Account, second: Run) -> Run:
    """An update that fails half-way: the queue refuses plain HTTP, and S3 then may not be told to write to it."""
    return deploy(account, "clipRetentionDays=31")


class Secured(NamedTuple):
    """What `serverless` said of the update that adds the TLS policies, and the stage's things after it."""

    code: int
    said: str
    physical: dict[str, str]
    made: dict[str, str]


@pytest.fixture(scope="module")
def secured(account: Account, failed: Run) -> Secured:
    """The stage as AWS has it: with the policies that refuse plain HTTP, which is all that this test can speak."""
    done = account.serverless("deploy", STAGE, MAIL)
    physical = physical_ids(account, STAGE)
    readable = [name for kind in ("AWS::DynamoDB::Table", "AWS::IAM::Role") for name in failed.after.of_type(kind)]
    kinds = {name: failed.after.template["Resources"][name]["Type"] for name in readable}
    made = {name: READERS[kind](account.client, physical[name], {})[1] for name, kind in kinds.items()}
    return Secured(done.returncode, done.stdout, physical, made)


def test_the_image_template_deploys(first: Run) -> None:
    assert first.code == 0, first.said
    assert first.after.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def test_every_resource_of_the_template_is_there_with_every_property_it_names(first: Run) -> None:
    seen = first.after
    assert seen.found.keys() == seen.wanted.keys()
    differences = {
        f"{name}.{key}": (value, seen.found[name].get(key))
        for name, properties in seen.wanted.items()
        for key, value in properties.items()
        if (seen.template["Resources"][name]["Type"], key) not in DROPPED and seen.found[name].get(key) != value
    }
    assert differences == {}


def test_what_the_local_aws_drops_is_what_this_test_says_it_drops(first: Run) -> None:
    seen = first.after
    dropped = {
        (seen.template["Resources"][name]["Type"], key)
        for name, properties in seen.wanted.items()
        for key, value in properties.items()
        if seen.found[name].get(key) != value
    }
    assert dropped == DROPPED, "if ministack has learnt one, take it out of the list: it is read back from then on"


def test_the_function_runs_the_image_that_the_deployment_names(first: Run) -> None:
    assert first.after.found["RecognitionLambdaFunction"]["Code"]["ImageUri"].endswith(f"smart-classroom@{DIGEST}")
    assert first.after.found["RecognitionLambdaFunction"]["PackageType"] == "Image"


def test_every_output_names_what_was_deployed(first: Run) -> None:
    seen = first.after
    named = {name: seen.outputs[name] for name in seen.template["Outputs"] if name in seen.physical}
    assert named == {name: seen.physical[name] for name in named}
    assert len(named) == 5, "three buckets and two tables"
    urls = {name: seen.outputs[f"{name}Url"] for name in seen.of_type("AWS::SQS::Queue")}
    assert urls == {name: seen.physical[name] for name in urls}
    assert seen.outputs["FunctionName"] == seen.physical["RecognitionLambdaFunction"]
    assert seen.outputs["FunctionTimeout"] == str(seen.found["RecognitionLambdaFunction"]["Timeout"])
    for role in ("PollerRole", "OperatorRole", "InstructorRole", "PrivacyRole", "ConsoleRole"):
        assert seen.outputs[f"{role}Arn"].endswith(f":role/{seen.physical[role]}")


def test_a_second_deployment_without_a_change_touches_nothing(first: Run, second: Run) -> None:
    assert second.code == 0, second.said
    assert "No changes to deploy" in second.said
    assert second.after == first.after


def test_an_update_that_fails_half_way_leaves_what_was_there_before(second: Run, failed: Run) -> None:
    assert failed.code != 0
    assert "InputBucket" in failed.said, "it has failed where it was meant to"
    assert failed.after.status == "UPDATE_ROLLBACK_COMPLETE"
    assert failed.after.found == second.after.found
    assert failed.after.physical == second.after.physical
    assert failed.after.made == second.after.made


def test_after_a_failed_update_a_clip_still_becomes_a_request(account: Account, failed: Run) -> None:
    names = failed.after.outputs
    account.client("s3").put_object(Bucket=names["InputBucket"], Key="after.mp4", Body=b"clip")
    assert "after.mp4" in keys_in(account, names["RequestQueueUrl"])


def test_an_update_replaces_nothing(failed: Run, secured: Secured) -> None:
    assert secured.code == 0, secured.said
    assert {name: secured.physical[name] for name in failed.after.physical} == failed.after.physical
    assert secured.made == {name: failed.after.made[name] for name in secured.made}
    added = {
        failed.after.template["Resources"][name]["Type"] for name in secured.physical.keys() - failed.after.physical
    }
    assert added == {"AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"}


def test_every_bucket_and_queue_refuses_plain_http(account: Account, secured: Secured) -> None:
    function = account.as_role(secured.physical["FunctionRole"], "s3")  # its own policy allows it
    s3, sqs = account.client("s3"), account.client("sqs")
    for bucket in ("InputBucket", "OutputBucket", "GalleryBucket"):
        policy = json.loads(s3.get_bucket_policy(Bucket=secured.physical[bucket])["Policy"])
        assert [item["Condition"] for item in policy["Statement"]] == [{"Bool": {"aws:SecureTransport": "false"}}]
        with pytest.raises(ClientError, match="AccessDenied"):
            function.list_objects_v2(Bucket=secured.physical[bucket])
    for queue in ("RequestQueue", "OutputQueue", "DeadLetterQueue", "OutputDeadLetterQueue"):
        with pytest.raises(ClientError, match="AccessDenied"):
            sqs.send_message(QueueUrl=secured.physical[queue], MessageBody="plain")


def keys_in(account: Account, queue: str) -> set[str]:
    """Keys of the uploads that the queue tells of."""
    sqs, keys = account.client("sqs"), set()
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages"):
        bodies: list[dict[str, Any]] = [json.loads(message["Body"]) for message in messages]
        keys |= {record["s3"]["object"]["key"] for body in bodies for record in body.get("Records", [])}
    return keys
