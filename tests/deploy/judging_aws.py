"""`aws`, as far as it can be without AWS: judges a command by botocore's own models, and answers with a made-up value.

For the commands of docs/. A service, operation, option or document that AWS does not know ends it with status 2.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.model import Shape
from botocore.session import get_session
from botocore.validate import ParamValidator

GLOBAL = ("region", "query", "output")
SERVICES = {"s3api": "s3"}  # where the command line has a name of its own
ROLES_ANYWHERE = "arn:aws:rolesanywhere:us-east-1:123456789012"
ANCHOR = f"{ROLES_ANYWHERE}:trust-anchor/11111111-2222-3333-4444-555555555555"
ANSWERS = {
    "trustAnchor.trustAnchorArn": ANCHOR,
    "trustAnchors[?name=='smart-classroom'].trustAnchorArn": ANCHOR,
    "profile.profileArn": f"{ROLES_ANYWHERE}:profile/66666666-7777-8888-9999-000000000000",
    "Role.Arn": "arn:aws:iam::123456789012:role/smart-classroom-machine",
    "AccessKey.[AccessKeyId,SecretAccessKey]": "AKIAIOSFODNN7EXAMPLE\twJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}


def value(shape: Shape, words: list[str]) -> Any:
    """An option's words as the parameter of that shape."""
    if shape.type_name == "boolean":
        return True
    text = words[0]
    if text.startswith("file://"):
        text = Path(text.removeprefix("file://")).read_text()
        json.loads(text)  # every file that the pages write is a document
    if shape.type_name == "structure":
        return json.loads(text)
    if shape.type_name == "integer":
        return int(text)
    if shape.type_name == "timestamp":
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    return words if shape.type_name == "list" else text


def main(service: str, operation: str, *options: str) -> str:
    """Judge the command. Returns the answer."""
    model = get_session().get_service_model(SERVICES.get(service, service))
    (name,) = (known for known in model.operation_names if xform_name(known, "-") == operation)
    shape = model.operation_model(name).input_shape
    members = {xform_name(member, "-"): member for member in shape.members}
    given: dict[str, list[str]] = {}
    for word in options:
        if word.startswith("--"):
            given[word.removeprefix("--")] = []
        else:
            list(given.values())[-1].append(word)
    query = given.get("query", [""])[0]
    told = {
        members[option]: value(shape.members[members[option]], words)
        for option, words in given.items()
        if option not in GLOBAL
    }
    report = ParamValidator().validate(told, shape)
    if report.has_errors():
        raise ValueError(report.generate_report())
    return ANSWERS.get(query, "")


if __name__ == "__main__":
    try:
        print(main(*sys.argv[1:]))
    except (ValueError, KeyError, IndexError, OSError) as error:
        sys.exit(f"aws {' '.join(sys.argv[1:])}: {error!r}")
