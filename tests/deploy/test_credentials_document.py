"""docs/credentials.md: what needs no AWS is typed here; its `aws` commands are judged by botocore's models."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.typed import typed
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


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder after everything that is marked was typed, in its order, in one shell."""
    folder = tmp_path_factory.mktemp("classroom-ca")
    blocks = RUN_HERE.findall(PAGE)
    assert len(blocks) == 10
    done = typed("\n".join(blocks), folder, TOLD)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "machine.pem: OK" in done.stdout
    return folder


def extensions(certificate: Path) -> list[str]:
    command = ["openssl", "x509", "-in", certificate, "-noout", "-text"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Version: 3" in shown
    assert "ecdsa-with-SHA256" in shown
    return re.findall(r"X509v3 (?:Basic Constraints|Key Usage|Extended Key Usage):(?: critical)?\s*\n\s*(.*)", shown)


def test_the_certificates_are_such_as_roles_anywhere_takes(ca: Path) -> None:
    assert extensions(ca / "ca.pem") == ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"]
    assert extensions(ca / "machine.pem") == ["CA:FALSE", "Digital Signature", "TLS Web Client Authentication"]


def test_nobody_else_can_read_what_is_secret(ca: Path) -> None:
    for name in ("ca.key", "machine.key", "credentials"):
        assert stat.S_IMODE((ca / name).stat().st_mode) == 0o600, name


def test_a_certificate_that_ends_soon_is_told(ca: Path) -> None:
    (check,) = (block for block in RUN_HERE.findall(PAGE) if "-checkend" in block)
    sign = "openssl x509 -req -in machine.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 13 -out machine.pem"
    soon = ca / "soon"
    soon.mkdir()
    for name in ("machine.csr", "ca.pem", "ca.key"):
        shutil.copy(ca / name, soon)
    done = typed(f"{sign}\n{check}", soon, TOLD)
    assert done.returncode == 1
    assert "Certificate will expire" in done.stdout


def test_the_machine_may_assume_the_stages_two_roles_and_nothing_else(ca: Path) -> None:
    (statement,) = json.loads((ca / "assume.json").read_text())["Statement"]
    assert statement["Resource"] == [TOLD["POLLER_ROLE_ARN"], TOLD["OPERATOR_ROLE_ARN"]]
    assert set(statement["Action"]) == {"sts:AssumeRole", "sts:SetSourceIdentity"}


def test_the_machines_role_trusts_one_anchor_and_one_name(ca: Path) -> None:
    (statement,) = json.loads((ca / "trust.json").read_text())["Statement"]
    assert statement["Principal"] == {"Service": "rolesanywhere.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:PrincipalTag/x509Subject/CN": "classroom-vm-1"}
    assert ":trust-anchor/" in statement["Condition"]["ArnEquals"]["aws:SourceArn"]


def test_the_roles_of_the_stack_let_a_session_with_a_source_identity_in(resources: dict[str, Any]) -> None:
    for role in ("PollerRole", "OperatorRole"):
        (statement,) = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert set(statement["Action"]) == {"sts:AssumeRole", "sts:SetSourceIdentity"}


def test_the_profile_comes_from_a_process_that_cannot_hang(ca: Path) -> None:
    profiles = configparser.ConfigParser()
    profiles.read(ca / "config")
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
    assert typed(command, tmp_path, TOLD).returncode != 0
