"""What of a rendered template AWS would refuse only after minutes: names that are too long, concurrency it has not.

No AWS, no files: it is told what the account has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

UNRESERVED = 100  # what AWS keeps of an account's concurrency for functions that reserve none
LONGEST = {  # characters, by AWS' own rules
    ("AWS::S3::Bucket", "BucketName"): 63,
    ("AWS::Lambda::Function", "FunctionName"): 64,
    ("AWS::IAM::Role", "RoleName"): 64,
    ("AWS::SQS::Queue", "QueueName"): 80,
    ("AWS::DynamoDB::Table", "TableName"): 255,
    ("AWS::SNS::Topic", "TopicName"): 256,
    ("AWS::CloudWatch::Alarm", "AlarmName"): 255,
    ("AWS::CloudWatch::Dashboard", "DashboardName"): 255,
    ("AWS::Logs::LogGroup", "LogGroupName"): 512,
}


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Of an account, in invocations at once: all, those that no function has reserved, those this function has."""

    limit: int
    unreserved: int
    own: int


def too_long(template: Mapping[str, Any], account: str, region: str, suffix: str) -> list[str]:
    """What to shorten if a name is longer than AWS takes. Of all that carry the stage's name the longest is told."""
    over = sorted(_over(template, account, region), reverse=True)
    by_stage = [each for each in over if suffix and suffix in each[1]]
    others = [each for each in over if each not in by_stage]
    return [
        *(f"a shorter --stage: {_told(*each)}" for each in by_stage[:1]),
        *(f"a shorter name: {_told(*each)}" for each in others),
    ]


def _told(over: int, name: str, kind: str) -> str:
    return f"{name} ({kind}) is {over} characters longer than AWS takes"


def _over(template: Mapping[str, Any], account: str, region: str) -> Iterator[tuple[int, str, str]]:
    for resource in template["Resources"].values():
        for (kind, key), longest in LONGEST.items():
            if resource["Type"] == kind and key in resource.get("Properties", {}):
                name = _meant(resource["Properties"][key], account, region)
                if len(name) > longest:
                    yield len(name) - longest, name, kind


def _meant(name: Any, account: str, region: str) -> str:
    text = str(name["Fn::Sub"] if isinstance(name, dict) else name)
    return text.replace("${AWS::AccountId}", account).replace("${AWS::Region}", region)


def function(template: Mapping[str, Any]) -> tuple[str, int]:
    """The function's name and how many invocations it reserves, 0 if none."""
    properties = template["Resources"]["RecognitionLambdaFunction"]["Properties"]
    reserved = properties.get("ReservedConcurrentExecutions")
    return str(properties["FunctionName"]), reserved if isinstance(reserved, int) else 0


def too_much(reserved: int, account: Concurrency) -> list[str]:
    """What to do if the account has not that much to reserve."""
    left = account.unreserved + account.own - reserved
    if reserved <= account.own or left >= UNRESERVED:
        return []
    return [
        f"concurrency to reserve: functionConcurrency={reserved} would leave {max(left, 0)} of the account's "
        f"{account.limit} unreserved, and AWS keeps {UNRESERVED}. Say --param reserveConcurrency=false, "
        "or ask for more (Service Quotas, Lambda, Concurrent executions)"
    ]
