"""A local AWS account that `serverless` itself deploys stages into: any stage, as often as a test likes.

Knows nothing of what a stage consists of. The surprising rule: `serverless` writes into the working tree, so that its
runs take turns.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import localcloud
from localcloud.credentials import without_aws
from localcloud.deployment import client, install_tools, role_credentials
from localcloud.node import node_environment
from localcloud.places import one_at_a_time

ROOT = Path(__file__).parents[2]
DIGEST = f"sha256:{'a' * 64}"
PLAIN = "requireTls=false"  # the local AWS speaks plain HTTP, S3's own messages to the queue included


@dataclass(frozen=True)
class Account:
    """The account of a running local cloud, which has the stage `local` in it already."""

    cloud: localcloud.Cloud
    _clients: dict[str, Any] = field(default_factory=dict)

    def serverless(self, verb: str, stage: str, *parameters: str) -> subprocess.CompletedProcess[str]:
        """`serverless VERB --stage STAGE --param=…`, with the image pinned. Both streams are in `stdout`."""
        command = [ROOT / "node_modules" / ".bin" / "serverless", verb, "--stage", stage]
        settings = [f"--param={parameter}" for parameter in (f"imageDigest={DIGEST}", *parameters)]
        with one_at_a_time():
            install_tools()
            return subprocess.run(
                [*command, *settings],
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )

    @cached_property
    def environment(self) -> dict[str, str]:
        """The operator's, with a Node that is new enough."""
        quick = {"NODE_NO_WARNINGS": "1", "SLS_AWS_MONITORING_FREQUENCY": "200", "SLS_NOTIFICATIONS_MODE": "off"}
        return node_environment({**without_aws(os.environ), **self.cloud.operator, **quick})

    def client(self, service: str) -> Any:
        """A client with every right."""
        if service not in self._clients:
            self._clients[service] = client(service, self.cloud.operator)
        return self._clients[service]

    def as_role(self, role: str, service: str) -> Any:
        """A client with the rights of the role called `role`."""
        arn = self.client("iam").get_role(RoleName=role)["Role"]["Arn"]
        return client(service, {**self.cloud.operator, **role_credentials(self.cloud.port, arn, "tests")})
