#!/usr/bin/env python3
"""Prints what an OpenStack VM for the poller has to be told: Heat's parameters, or the whole of cloud-init's user-data.

Knows a stage's outputs (through stack_env.py) and the files in openstack/, no OpenStack. The surprising rule: Heat and
this program fill in the very same user-data.yaml, where a name between @ that nobody knows is an error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import stack_env

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "scripts" / "install_poller.sh"
USER_DATA = ROOT / "openstack" / "user-data.yaml"
OUTPUTS = (
    "Region",
    "RequestQueueUrl",
    "OutputQueueUrl",
    "DeadLetterQueueUrl",
    "OutputDeadLetterQueueUrl",
    "FunctionName",
    "FunctionTimeout",
    "Trigger",
)
LIMIT = 65535 * 3 // 4  # OpenStack takes that many bytes in base64


class Unfit(Exception):
    """The user-data cannot be what OpenStack takes."""


def parameters(outputs: Mapping[str, str], installer_url: str, wheel: Path) -> dict[str, str]:
    """What the stage and the installer determine, by the names of the Heat template's parameters."""
    return {
        **{name: outputs[name] for name in OUTPUTS},
        "installer_url": installer_url.rstrip("/"),
        "script_sha256": _sha256(SCRIPT),
        "wheel_name": wheel.name,
        "wheel_sha256": _sha256(wheel),
    }


def environment_file(values: Mapping[str, str]) -> str:
    """An environment file for `openstack stack create -e` (JSON is YAML)."""
    return json.dumps({"parameters": values}, indent=2) + "\n"


def user_data(values: Mapping[str, str], volume: str = "") -> str:
    """user-data.yaml with everything filled in. `volume`: the id of the results' volume, empty for none.

    Raises `Unfit` for a value that would not stay in its place, and for more than OpenStack takes.
    """
    filling = {**values, "volume": volume}
    if astray := [name for name, value in filling.items() if not re.fullmatch(r"[\w.~:/%+-]*", value)]:
        raise Unfit(f"{', '.join(astray)}: letters, digits and . _ ~ : / % + - are all that is expected here")
    filled = re.sub(r"@(\w+)@", lambda found: filling[found[1]], USER_DATA.read_text(encoding="utf-8"))
    if len(filled.encode()) > LIMIT:
        raise Unfit(f"user-data of {len(filled.encode())} bytes; OpenStack takes {LIMIT}")
    return filled


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main() -> int:
    """Print it; on trouble say why on standard error and return 1."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    parser = argparse.ArgumentParser(description="Print what an OpenStack VM for the poller has to be told.")
    parser.add_argument("what", choices=("parameters", "user-data"), help="for Heat, or for a server made by hand")
    parser.add_argument("--stage", default=stack_env.MAIN_STAGE, help="default: %(default)s")
    parser.add_argument("--region", default=region, help="default: AWS_REGION, else us-east-1")
    parser.add_argument("--installer-url", required=True, help="the folder from which the VM fetches script and wheel")
    parser.add_argument("--wheel", type=Path, required=True, help="the wheel as it lies there")
    parser.add_argument("--volume", default="", help="user-data only: id of the results' volume (default: none)")
    arguments = parser.parse_args()
    try:
        outputs = stack_env.read_outputs(arguments.stage, arguments.region)
        stack_env.environment(outputs)  # refuses half a stack
        values = parameters(outputs, arguments.installer_url, arguments.wheel)
        heat = arguments.what == "parameters"
        print(environment_file(values) if heat else user_data(values, arguments.volume), end="")
    except (stack_env.StackUnreadable, Unfit, OSError) as error:
        print(f"openstack_vm: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
