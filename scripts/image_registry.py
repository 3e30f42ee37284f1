#!/usr/bin/env python3
"""What scripts/deploy.sh asks of ECR, so that no machine needs the aws command line: one verb, one line of output.

image_registry.py account                 the account's number, which also proves that the credentials work
image_registry.py registry REPOSITORY     make the repository if need be: its registry's host
image_registry.py password                for `docker login --username AWS --password-stdin`
image_registry.py digest REPOSITORY TAG   the pushed image's digest, sha256:…; by a digest: is there such an image
"""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

SINGLE_IMAGE = (  # Lambda refuses an index, which is what a push with an attestation makes
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)


class NotAnImage(Exception):
    """The push made an image index, which Lambda refuses: build with --provenance=false."""

    def __str__(self) -> str:
        return self.__doc__ or ""


def account(region: str) -> str:
    """The number of the account that the credentials belong to."""
    return str(boto3.client("sts", region_name=region).get_caller_identity()["Account"])


def registry(ecr: Any, repository: str) -> str:
    """The host that `repository`, made and scanned on push if it is new, lives on."""
    try:
        answer = ecr.create_repository(
            repositoryName=repository,
            imageScanningConfiguration={"scanOnPush": True},
            encryptionConfiguration={"encryptionType": "AES256"},
        )["repository"]
    except ecr.exceptions.RepositoryAlreadyExistsException:
        answer = ecr.describe_repositories(repositoryNames=[repository])["repositories"][0]
    return str(answer["repositoryUri"]).split("/", 1)[0]


def password(ecr: Any) -> str:
    """A password for the user AWS, good for twelve hours."""
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().split(":", 1)[1]


def digest(ecr: Any, repository: str, tag: str) -> str:
    """The digest of what `tag`, or a digest, names. Raises `NotAnImage` for an image index."""
    key = "imageDigest" if tag.startswith("sha256:") else "imageTag"
    image = ecr.describe_images(repositoryName=repository, imageIds=[{key: tag}])["imageDetails"][0]
    if image.get("imageManifestMediaType", SINGLE_IMAGE[0]) not in SINGLE_IMAGE:
        raise NotAnImage
    return str(image["imageDigest"])


ASK: dict[str, Callable[..., str]] = {"registry": registry, "password": password, "digest": digest}


def main() -> int:
    """Print the answer; on trouble say why on standard error and return 1."""
    parser = argparse.ArgumentParser(description="Ask ECR, for scripts/deploy.sh.")
    parser.add_argument("verb", choices=["account", *ASK])
    parser.add_argument("names", nargs="*", help="REPOSITORY [TAG]")
    parser.add_argument("--region", required=True)
    arguments = parser.parse_args()
    try:
        if arguments.verb == "account":
            print(account(arguments.region))
        else:
            print(ASK[arguments.verb](boto3.client("ecr", region_name=arguments.region), *arguments.names))
    except (BotoCoreError, ClientError, NotAnImage) as error:
        print(f"image_registry: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
