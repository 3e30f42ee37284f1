"""What a template grants its roles, permission by permission, and the taking away of one of them.

Knows CloudFormation's and IAM's forms and nothing of this product. The surprising rule: AWS authorises a batch call by
the single action's name, and so does this module; the local AWS wants the batch call's own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tests.deploy.uses import Permission

Resources = Mapping[str, Any]
Document = dict[str, Any]


def permissions(resources: Resources, role: str) -> set[Permission]:
    """All that the role may do. A wildcard action counts as it is, so that no use will ever be found for it."""
    return {permission for document in policies(resources, role).values() for permission, _ in _grants(document)}


def policies(resources: Resources, role: str) -> dict[str, Document]:
    """The role's inline policies by name, those included that stand beside it in the template."""
    own = list(resources[role]["Properties"]["Policies"])
    for item in resources.values():
        if item["Type"] == "AWS::IAM::Policy" and {"Ref": role} in item["Properties"]["Roles"]:
            own.append(item["Properties"])
    return {policy["PolicyName"]: policy["PolicyDocument"] for policy in own}


def without(document: Document, taken: Collection[Permission]) -> Document:
    """The same policy less these permissions, each that is left in a statement of its own."""
    return {**document, "Statement": [grant for permission, grant in _grants(document) if permission not in taken]}


def _grants(document: Document) -> Iterator[tuple[Permission, Document]]:
    for statement in document["Statement"]:
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                permission = Permission(action.removesuffix("Batch"), _logical_id(resource))
                if statement["Effect"] == "Allow":
                    yield permission, {**statement, "Sid": "", "Action": action, "Resource": resource}


def _logical_id(resource: Any) -> str:
    """Whose ARN it is: `{"Fn::GetAtt": [X, "Arn"]}`, `{"Fn::Sub": "${X.Arn}/*"}` or `*`."""
    if isinstance(resource, str):
        return resource
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    text = str(resource["Fn::Sub"])
    assert text.startswith("${"), json.dumps(resource)
    return text[2:].split(".")[0]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
