"""docs/credentials.md: what needs no AWS is typed here; its `aws` commands are judged by botocore's models."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.openstack_stage import OUTPUTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "credentials.md").read_text(encoding="utf-8")
RUN_HERE = re.compile(r"<!-- run by tests/deploy/test_credentials_document\.py -->\n```sh\n(.*?)```", re.DOTALL)
TOLD = {
    "AWS_REGION": OUTPUTS["Region"],
    "POLLER_ROLE_ARN": OUTPUTS["PollerRoleArn"],
    "OPERATOR_ROLE_ARN": OUTPUTS["OperatorRoleArn"],
    "vm": "classroom-vm-1",
}
pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it as a reader would, with an `aws` that judges."""
    aws = folder / "bin" / "aws"
    aws.parent.mkdir(exist_ok=True)
    aws.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "tests" / "deploy" / "judging_aws.py"}" "$@"\n')
    aws.chmod(0o755)
    told = {**os.environ, **TOLD, "PATH": f"{aws.parent}:{os.environ['PATH']}"}
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder after everything that is marked was typed, in its order, in one shell."""
    folder = tmp_path_factory.mktemp("classroom-ca")
    blocks = RUN_HERE.findall(PAGE)
    assert len(blocks) == 10
    done = run("\n".join(blocks), folder)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "machine.pem: OK" in done.stdout
    return folder


def extensions(certificate: Path) -> list[str]:
    command = ["openssl", "x509", "-in", certificate, "-noout", "-text"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Version: 3" in shown
    assert "ecdsa-with-SHA256" in shown
    return re.findall(r"X509v3 (?:Basic Constraints|Key Usage|Extended Key Usage):(?: critical)?\s*\n\s*(.*)", shown)


def test_the_certificates_are_such_as_roles_anywhere_takes(typed: Path) -> None:
    assert extensions(typed / "ca.pem") == ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"]
    assert extensions(typed / "machine.pem") == ["CA:FALSE", "Digital Signature", "TLS Web Client Authentication"]


def test_nobody_else_can_read_what_is_secret(typed: Path) -> None:
    for name in ("ca.key", "machine.key", "credentials"):
        assert stat.S_IMODE((typed / name).stat().st_mode) == 0o600, name


def test_a_certificate_that_ends_soon_is_told(typed: Path) -> None:
    (check,) = (block for block in RUN_HERE.findall(PAGE) if "-checkend" in block)
    sign = "openssl x509 -req -in machine.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 13 -out machine.pem"
    soon = typed / "soon"
    soon.mkdir()
    for name in ("machine.csr", "ca.pem", "ca.key"):
        shutil.copy(typed / name, soon)
    done = run(f"{sign}\n{check}", soon)
    assert done.returncode == 1
    assert "Certificate will expire" in done.stdout


def test_the_machine_may_assume_the_stages_two_roles_and_nothing_else(typed: Path) -> None:
    (statement,) = json.loads((typed / "assume.json").read_text())["Statement"]
    assert statement["Resource"] == [TOLD["POLLER_ROLE_ARN"], TOLD["OPERATOR_ROLE_ARN"]]
    assert set(statement["Action"]) == {"sts:AssumeRole", "sts:SetSourceIdentity"}


def test_the_machines_role_trusts_one_anchor_and_one_name(typed: Path) -> None:
    (statement,) = json.loads((typed / "trust.json").read_text())["Statement"]
    assert statement["Principal"] == {"Service": "rolesanywhere.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:PrincipalTag/x509Subject/CN": "classroom-vm-1"}
    assert ":trust-anchor/" in statement["Condition"]["ArnEquals"]["aws:SourceArn"]


def test_the_roles_of_the_stack_let_a_session_with_a_source_identity_in(resources: dict[str, Any]) -> None:
    for role in ("PollerRole", "OperatorRole"):
        (statement,) = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert set(statement["Action"]) == {"sts:AssumeRole", "sts:SetSourceIdentity"}


def test_the_profile_comes_from_a_process_that_cannot_hang(typed: Path) -> None:
    profiles = configparser.ConfigParser()
    profiles.read(typed / "config")
    assert profiles["profile smart-classroom"]["role_arn"] == TOLD["POLLER_ROLE_ARN"]
    assert profiles["profile smart-classroom"]["source_profile"] == "classroom-machine"
    process = profiles["profile classroom-machine"]["credential_process"]
    assert process.startswith("timeout 20 /usr/local/bin/aws_signing_helper credential-process ")
    for option in ("certificate", "private-key", "trust-anchor-arn", "profile-arn", "role-arn"):
        assert f" --{option} " in process


@pytest.mark.parametrize(
    "command",
    [
        "aws rolesanywhere create-trust-anchors --name x",
        "aws rolesanywhere create-profile --name x",
        "aws rolesanywhere create-profile --name x --role-arns y --durations 3600",
        "aws iam put-user-policy --user-name x --policy-name y --policy-document file://absent.json",
    ],
)
def test_a_command_that_aws_would_not_take_is_found_out(command: str, tmp_path: Path) -> None:
    assert run(command, tmp_path).returncode != 0
