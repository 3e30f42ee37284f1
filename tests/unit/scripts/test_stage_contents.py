"""A stack whose removal failed half-way; whole stages are in tests/deploy/test_removal.py."""

from __future__ import annotations

from typing import Any

import pytest
import stage_contents

TEMPLATE = {"Clips": {"DeletionPolicy": "Delete"}, "Students": {}, "Function": {}}


class Formation:
    """A stack whose bucket is gone and whose table could not be deleted."""

    def get_template(self, **_: str) -> dict[str, Any]:
        return {"TemplateBody": {"Resources": TEMPLATE}}

    def describe_stack_resources(self, **_: str) -> dict[str, Any]:
        return {
            "StackResources": [
                resource("Clips", "AWS::S3::Bucket", "clips", "DELETE_COMPLETE"),
                resource("Students", "AWS::DynamoDB::Table", "students", "DELETE_FAILED"),
                resource("Function", "AWS::Lambda::Function", "function", "DELETE_COMPLETE"),
            ]
        }


def resource(logical: str, kind: str, physical: str, status: str) -> dict[str, str]:
    return {
        "LogicalResourceId": logical,
        "ResourceType": kind,
        "PhysicalResourceId": physical,
        "ResourceStatus": status,
    }


def test_what_a_failed_removal_has_deleted_is_not_looked_into_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_contents, "read_outputs", lambda stage, region: {})
    monkeypatch.setattr(stage_contents.boto3, "client", lambda service, region_name: Formation())
    assert [(each.name, each.goes) for each in stage_contents.holders("dev", "us-east-1")] == [("students", True)]
