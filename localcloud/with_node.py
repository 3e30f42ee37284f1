"""Becomes the command in its arguments, with a Node that is new enough on PATH.

`serverless package`, `deploy` and `remove` leave things in this folder's `.serverless`: of those one runs at a time.

python -m localcloud.with_node npx serverless package --stage prod
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from localcloud.errors import LocalCloudError
from localcloud.node import node_environment
from localcloud.places import hold_for_good

ALONE = ("package", "deploy", "remove")


def main() -> None:
    """Never returns: the command takes this process over."""
    try:
        environment = node_environment(os.environ)
    except LocalCloudError as error:
        sys.exit(f"localcloud: {error}")
    os.environ.update(environment)  # execvp looks the command up there
    if len(sys.argv) > 2 and Path(sys.argv[1]).name == "serverless" and sys.argv[2] in ALONE:
        hold_for_good()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606


if __name__ == "__main__":
    main()
