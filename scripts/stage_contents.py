#!/usr/bin/env python3
"""What is in a deployed stage's buckets, tables and queues, and the emptying of the buckets before the stage goes.

Used by scripts/remove.sh. The surprising rule: what goes and what stays is read from the deployed template's own
DeletionPolicy, never from a list here; and a bucket of the main stage is not emptied whatever its template says.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from stack_env import MAIN_STAGE, StackUnreadable, read_outputs, stack_name

KINDS = {"AWS::S3::Bucket": "bucket", "AWS::DynamoDB::Table": "table", "AWS::SQS::Queue": "queue"}


class NotEmptied(Exception):
    """S3 has kept some of a bucket's versions."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Something of the stage that holds data. `goes`: the stage's removal deletes it."""

    kind: str
    name: str
    goes: bool


def holders(stage: str, region: str) -> list[Holder]:
    """What holds data in the stage, of which a removal that failed may have left a part only.

    Raises `StackUnreadable` if there is no such stage.
    """
    read_outputs(stage, region)
    formation, name = boto3.client("cloudformation", region_name=region), stack_name(stage)
    template = formation.get_template(StackName=name)["TemplateBody"]
    resources = (json.loads(template) if isinstance(template, str) else template)["Resources"]
    listed = formation.describe_stack_resources(StackName=name)["StackResources"]
    return [
        Holder(
            KINDS[item["ResourceType"]],
            item["PhysicalResourceId"],
            resources[item["LogicalResourceId"]].get("DeletionPolicy", "Delete") == "Delete",
        )
        for item in listed
        if item["ResourceType"] in KINDS
        and item["LogicalResourceId"] != "ServerlessDeploymentBucket"
        and item["ResourceStatus"] != "DELETE_COMPLETE"
    ]


def content(holder: Holder, region: str) -> str:
    """How much it holds, in words."""
    if holder.kind == "bucket":
        return f"{sum(map(len, pages(holder.name, region)))} versions of objects"
    if holder.kind == "table":
        table = boto3.client("dynamodb", region_name=region).describe_table(TableName=holder.name)["Table"]
        return f"about {table['ItemCount']} items"  # counted by DynamoDB every six hours
    told = boto3.client("sqs", region_name=region).get_queue_attributes(
        QueueUrl=holder.name, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return f"about {told['Attributes']['ApproximateNumberOfMessages']} messages"


def pages(bucket: str, region: str) -> Iterator[list[dict[str, str]]]:
    """Every version and delete marker in the bucket, 1,000 at most at a time."""
    s3 = boto3.client("s3", region_name=region)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = (*page.get("Versions", []), *page.get("DeleteMarkers", []))
        yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]


def empty(bucket: str, region: str) -> int:
    """Delete every version in the bucket: how many there were. Raises `NotEmptied`."""
    s3, done = boto3.client("s3", region_name=region), 0
    for some in filter(None, pages(bucket, region)):
        kept = s3.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True}).get("Errors", [])
        if kept:
            raise NotEmptied(f"{bucket}: {len(kept)} versions stay, the first because of {kept[0].get('Message')}")
        done += len(some)
    return done


def main() -> int:
    """List or empty; on trouble say why on standard error and return 1."""
    parser = argparse.ArgumentParser(description="List what a stage holds, or empty the buckets that go with it.")
    parser.add_argument("verb", choices=["list", "empty"])
    parser.add_argument("--stage", required=True)
    parser.add_argument("--region", required=True)
    arguments = parser.parse_args()
    try:
        for holder in holders(arguments.stage, arguments.region):
            if arguments.verb == "list":
                fate = "goes" if holder.goes else "stays"
                print(f"  {fate:6}{holder.kind:8}{holder.name}: {content(holder, arguments.region)}")
            elif holder.kind == "bucket" and holder.goes and arguments.stage != MAIN_STAGE:
                print(f"  emptied {holder.name}: {empty(holder.name, arguments.region)} versions")
    except (StackUnreadable, NotEmptied, ClientError, BotoCoreError) as error:
        print(f"stage_contents: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
