"""A page's commands typed as a reader would type them, with an `aws` that judges instead of one that acts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

JUDGE = Path(__file__).with_name("judging_aws.py")


def typed(script: str, folder: Path, told: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `script` in `folder`, with the variables that the page says are there."""
    aws = folder / "bin" / "aws"
    aws.parent.mkdir(exist_ok=True)
    aws.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{JUDGE}" "$@"\n')
    aws.chmod(0o755)
    environment = {**os.environ, **told, "PATH": f"{aws.parent}:{os.environ['PATH']}"}
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
