"""The environments that speak to the emulator, of whom there is one each.

Nothing here is a secret: the operator's key is the emulator's built-in one. The surprising rule: every environment
closes the door to the user's real AWS configuration, so that a slip on this machine can never reach an account.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

REGION = "us-east-1"
ROOT_KEY = "test"  # ministack's built-in root
DIRECT = "127.0.0.1,localhost"


def loopback(port: int) -> str:
    """The emulator's address."""
    return f"http://127.0.0.1:{port}"


def operator_environment(port: int) -> dict[str, str]:
    """What an operator on this machine has: everything is allowed."""
    return {
        "AWS_ENDPOINT_URL": loopback(port),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "AWS_SESSION_TOKEN": "",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": DIRECT,
        "no_proxy": DIRECT,  # where both are set, Python and curl believe this one
    }


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` less all that could lead to a real account."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def write_environment(path: Path, environment: Mapping[str, str]) -> None:
    """Write `environment` as lines for a shell to source, readable by its owner only."""
    lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("unset AWS_PROFILE AWS_SESSION_TOKEN\n" + lines)


def read_environment(text: str) -> dict[str, str]:
    """The variables in the `export NAME=value` lines of `text`; other lines do not count."""
    words = (shlex.split(line) for line in text.splitlines() if line.startswith("export "))
    return dict(assignment.split("=", 1) for _, assignment in words)
