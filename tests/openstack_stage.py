"""A stage's outputs as an OpenStack VM is told of them, and the program that tells it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

SCRIPTS = Path(__file__).parents[1] / "scripts"
ACCOUNT = "https://sqs.us-east-1.amazonaws.com/123456789012"
OUTPUTS = {
    "Region": "us-east-1",
    "InputBucket": "clips",
    "OutputBucket": "results",
    "GalleryBucket": "gallery",
    "StudentTable": "student_table",
    "JobTable": "job_table",
    "RequestQueueUrl": f"{ACCOUNT}/requests",
    "OutputQueueUrl": f"{ACCOUNT}/outputs",
    "DeadLetterQueueUrl": f"{ACCOUNT}/dead-letters",
    "OutputDeadLetterQueueUrl": f"{ACCOUNT}/output-dead-letters",
    "FunctionName": "smart-classroom",
    "FunctionTimeout": "300",
    "Trigger": "poller",
    "SectionRule": "{section}/{session}/",
    "PollerRoleArn": "arn:aws:iam::123456789012:role/smart-classroom-poller-us-east-1",
    "OperatorRoleArn": "arn:aws:iam::123456789012:role/smart-classroom-operator-us-east-1",
    "InstructorRoleArn": "arn:aws:iam::123456789012:role/smart-classroom-instructor-us-east-1",
    "PrivacyRoleArn": "arn:aws:iam::123456789012:role/smart-classroom-privacy-us-east-1",
    "ConsoleRoleArn": "arn:aws:iam::123456789012:role/smart-classroom-console-us-east-1",
}


def openstack_vm() -> ModuleType:
    """scripts/openstack_vm.py, which finds stack_env.py beside itself."""
    for name in ("stack_env", "openstack_vm"):
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules["openstack_vm"]


def heat_parameters(values: Mapping[str, str]) -> dict[str, str]:
    """`values` and what the administrator of a cloud adds."""
    return {
        **values,
        "image": "debian-12",
        "flavor": "small",
        "key_name": "mine",
        "network": "campus",
        "ssh_cidr": "10.0.0.0/8",
    }
