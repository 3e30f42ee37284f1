"""What statements cost in a fresh Python process: CPU seconds and peak memory after each of them, children included.

Knows nothing of what is run. The surprising rule: the process reports on itself (`bench.spent`), because what the
system says of an ended child starts with its parent's memory and leaves out grandchildren nobody waited for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

_PROGRAM = """
import json, sys
from bench.spent import cpu_s, peak_bytes

marks, names = [("python", cpu_s(), peak_bytes())], {}
for step, statement in json.loads(sys.argv[1]):
    exec(statement, names)
    marks.append((step, cpu_s(), peak_bytes()))
print(json.dumps(marks))
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A statement to run, by a name for the table."""

    name: str
    statement: str


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds and the peak of memory in bytes since the process began, when a step was done."""

    step: str
    cpu_s: float
    peak_bytes: int


def run_fresh(steps: Sequence[Step], environment: Mapping[str, str]) -> list[Spent]:
    """Run `steps` one after the other in a new process; the first entry is Python itself.

    `environment` must lead to this package (PYTHONPATH). Raises `click.ClickException` with the process's last words
    when a step fails.
    """
    listed = json.dumps([(step.name, step.statement) for step in steps])
    command = [sys.executable, "-W", "ignore", "-c", _PROGRAM, listed]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout.startswith("["):  # face_recognition ends with 0 when models are missing
        raise click.ClickException(f"a fresh process failed:\n{(done.stderr + done.stdout).strip()[-2000:]}")
    return [Spent(*mark) for mark in json.loads(done.stdout)]
