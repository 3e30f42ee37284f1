"""entry.sh: one way in for Lambda, its emulator and the local zip, and a clear word everywhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "entry.sh"
HANDLER = "handler.face_recognition_handler"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with a `python3` that says how it was called."""
    program(tmp_path / "python3", 'echo "python3 $*"')
    return tmp_path


def program(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def enter(tools: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "LAMBDA_RIE": str(tools / "absent"), **variables}
    return subprocess.run([ENTRY, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_on_lambda_the_runtime_client_gets_the_handler(tools: Path) -> None:
    done = enter(tools, HANDLER, AWS_LAMBDA_RUNTIME_API="127.0.0.1:9001")
    assert (done.returncode, done.stdout) == (0, f"python3 -m awslambdaric {HANDLER}\n")


def test_off_lambda_the_emulator_is_put_around_the_runtime_client(tools: Path) -> None:
    emulator = program(tools / "rie", 'echo "rie $*"')
    done = enter(tools, HANDLER, LAMBDA_RIE=str(emulator))
    assert (done.returncode, done.stdout) == (0, f"rie python3 -m awslambdaric {HANDLER}\n")


def test_on_lambda_an_installed_emulator_stays_out_of_it(tools: Path) -> None:
    emulator = program(tools / "rie", "echo rie")
    done = enter(tools, HANDLER, AWS_LAMBDA_RUNTIME_API="127.0.0.1:9001", LAMBDA_RIE=str(emulator))
    assert done.stdout.startswith("python3 ")


def test_with_neither_it_says_what_is_missing(tools: Path) -> None:
    done = enter(tools, HANDLER)
    assert done.returncode == 69
    assert "AWS_LAMBDA_RUNTIME_API is not set" in done.stderr


def test_without_a_handler_it_says_so(tools: Path) -> None:
    done = enter(tools)
    assert done.returncode == 64
    assert "name the handler" in done.stderr


def test_sigterm_reaches_the_runtime_client_and_not_a_shell_around_it(tools: Path) -> None:
    ready = tools / "ready"
    program(tools / "python3", f"trap 'exit 7' TERM; : > {ready}; while :; do sleep 0.05; done")
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}
    process = subprocess.Popen([ENTRY, HANDLER], env=environment)
    while not ready.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 7


def test_the_local_bootstrap_hands_the_real_entry_the_interpreter_it_was_told(tools: Path) -> None:
    variables = {"SMART_CLASSROOM_PYTHON": str(tools / "python3"), "LAMBDA_TASK_ROOT": str(ROOT), "_HANDLER": HANDLER}
    environment = {"PATH": "/usr/bin:/bin", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", **variables}
    done = subprocess.run([ROOT / "bootstrap"], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"python3 -m awslambdaric {HANDLER}\n")


def test_the_local_bootstrap_without_an_interpreter_says_who_names_it() -> None:
    done = subprocess.run(
        [ROOT / "bootstrap"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "python -m localcloud up" in done.stderr
