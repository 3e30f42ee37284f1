"""Becomes the command in its arguments, with a Node that is new enough on PATH.

python -m localcloud.with_node npx serverless package --stage prod
"""

from __future__ import annotations

import os
import sys

from localcloud.errors import LocalCloudError
from localcloud.node import node_environment


def main() -> None:
    """Never returns: the command takes this process over."""
    try:
        environment = node_environment(os.environ)
    except LocalCloudError as error:
        sys.exit(f"localcloud: {error}")
    os.environ.update(environment)  # execvp looks the command up there
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606


if __name__ == "__main__":
    main()
