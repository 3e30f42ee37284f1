"""More of what the deployed stack must say: that nothing escapes the checks by its name, and that numbers fit together.

Beside `test_template.py`, which looks at each thing by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from poller.settings import Settings
from tests.deploy.test_template import DEAD, OURS, of_type

ROOT = Path(__file__).parents[2]
Resources = dict[str, Any]
# Rights that would stand beside the roles' own policies, where no check looks for them.
SIDE_DOORS = {
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::User",
    "AWS::IAM::AccessKey",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
}
NAME = re.compile("(Bucket|Queue|Table|Role|Topic|Alarm)Name")
PROGRAMS = ("recognition", "poller", "wire", "localcloud", "scripts")


def test_no_bucket_queue_or_table_escapes_the_checks_by_its_name(resources: Resources) -> None:
    assert of_type(resources, "AWS::S3::Bucket").keys() == {*OURS, "ServerlessDeploymentBucket"}
    assert of_type(resources, "AWS::SQS::Queue").keys() == {*DEAD, *DEAD.values()}
    assert of_type(resources, "AWS::DynamoDB::Table").keys() == {"StudentTable", "JobTable"}


def test_nobody_gets_rights_past_the_roles_own_policies(resources: Resources) -> None:
    assert not {item["Type"] for item in resources.values()} & SIDE_DOORS
    for role in of_type(resources, "AWS::IAM::Role").values():
        assert not {"ManagedPolicyArns", "PermissionsBoundary"} & role["Properties"].keys()


def test_the_frameworks_own_bucket_is_private_encrypted_and_reached_over_tls_only(resources: Resources) -> None:
    bucket = resources["ServerlessDeploymentBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (deny,) = resources["ServerlessDeploymentBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Action"]) == ("Deny", "s3:*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_every_alarm_says_what_silence_means_and_only_a_due_sign_of_life_makes_it_one(resources: Resources) -> None:
    silence = {
        name: a["Properties"]["TreatMissingData"] for name, a in of_type(resources, "AWS::CloudWatch::Alarm").items()
    }
    assert {name for name, meaning in silence.items() if meaning == "breaching"} == {"SignOfLifeAlarm"}
    assert set(silence.values()) == {"breaching", "notBreaching"}


def test_each_dead_letter_queue_has_an_alarm_at_its_first_message(resources: Resources) -> None:
    watched = {}
    for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values():
        told = alarm["Properties"]
        if told["MetricName"] == "ApproximateNumberOfMessagesVisible":
            (dimension,) = told["Dimensions"]
            watched[dimension["Value"]["Fn::GetAtt"][0]] = (told["ComparisonOperator"], told["Threshold"])
    assert watched == dict.fromkeys(DEAD.values(), ("GreaterThanThreshold", 0))


def test_results_outlive_the_clips_they_come_from_but_not_for_ever(resources: Resources) -> None:
    (clips,) = resources["InputBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (results,) = resources["OutputBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert results["Status"] == "Enabled"
    assert results["ExpirationInDays"] >= clips["ExpirationInDays"]
    assert results["NoncurrentVersionExpiration"]["NoncurrentDays"] > 0


def settings_for(template: dict[str, Any]) -> Settings:
    """The poller's settings where nobody changes any: what the stage tells, and the poller's own defaults."""
    queues = ("REQUEST_QUEUE_URL", "OUTPUT_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "OUTPUT_DEAD_LETTER_QUEUE_URL")
    told = {name: f"https://sqs.us-east-1.amazonaws.com/000000000000/{name}" for name in queues}
    timeout = str(template["Outputs"]["FunctionTimeout"]["Value"])
    named = {"FUNCTION_NAME": "f", "RESULTS_DIR": "/r", "AWS_REGION": "us-east-1", "FUNCTION_TIMEOUT_S": timeout}
    return Settings.from_environment({**told, **named})


def test_the_pollers_lease_and_bound_outlast_the_functions_timeout(template: dict[str, Any]) -> None:
    timeout_s = template["Resources"]["RecognitionLambdaFunction"]["Properties"]["Timeout"]
    settings = settings_for(template)
    assert settings.lease_cap_s > timeout_s
    assert settings.bound_s >= settings.receive_s + timeout_s


@pytest.mark.parametrize("queue", DEAD)
def test_a_queue_hides_a_message_for_as_long_as_the_pollers_lease(queue: str, template: dict[str, Any]) -> None:
    assert template["Resources"][queue]["Properties"]["VisibilityTimeout"] == settings_for(template).visibility_s


def test_a_long_poll_is_as_long_as_sqs_allows_and_within_the_visibility(template: dict[str, Any]) -> None:
    for queue in DEAD:
        waits_s = template["Resources"][queue]["Properties"]["ReceiveMessageWaitTimeSeconds"]
        assert settings_for(template).wait_s == waits_s == 20


def names_in(resources: Resources) -> Iterator[tuple[str, str]]:
    """Logical id and physical name, as the template types it."""
    for logical, item in resources.items():
        for key, value in item.get("Properties", {}).items():
            if NAME.fullmatch(key):
                yield logical, value["Fn::Sub"] if isinstance(value, dict) else value


def test_no_name_is_typed_twice_in_the_template_but_the_one_that_cannot_be_a_reference(resources: Resources) -> None:
    text = json.dumps(resources)
    twice = {logical for logical, name in names_in(resources) if len(re.findall(f'{re.escape(name)}"', text)) > 1}
    assert twice == {"InputBucket"}, "queue policy and bucket would wait for each other"


def test_no_program_types_a_name_that_the_stack_gives(resources: Resources) -> None:
    files = [*ROOT.glob("*.py"), *(file for folder in PROGRAMS for file in (ROOT / folder).rglob("*"))]
    texts = {file: file.read_text() for file in files if file.suffix in (".py", ".sh")}
    installer = ROOT / "scripts" / "install_poller.sh"
    texts[installer] = texts[installer].replace("\nunit=smart-classroom-poller\n", "\n")  # systemd's name, not a role's
    names = {name.split("-${")[0] for _, name in names_in(resources)}
    assert len(names) > len(OURS) + len(DEAD)
    assert [
        (name, file) for name in names for file, text in texts.items() if re.search(rf"[\"'/=]{name}\b", text)
    ] == []
