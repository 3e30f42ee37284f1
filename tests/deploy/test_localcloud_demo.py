"""scripts/demo.sh leaves nothing running when it is interrupted or its terminal goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localcloud import emulator

pytestmark = pytest.mark.pipeline

ROOT = Path(__file__).parents[2]
# A shell cannot trap what its starter ignores, as one that runs these tests in the background does with SIGINT.
LISTENING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"


def started(folder: Path, sign: Path) -> subprocess.Popen[bytes]:
    """A demo that has come as far as `sign`, a file that it writes something into."""
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENING, ROOT / "scripts" / "demo.sh"],
        env={**os.environ, "DEMO_OUTPUT": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (sign.exists() and sign.stat().st_size):
        assert process.poll() is None
        time.sleep(0.05)
    return process


def left_of(process: subprocess.Popen[bytes], state: Path) -> list[str]:
    """The live processes of the demo's own group and of its cloud."""
    rows = subprocess.run(["ps", "-A", "-ww", "-o", "pgid=,stat=,command="], capture_output=True, text=True, check=True)
    live = [row for row in rows.stdout.splitlines() if not row.split()[1].startswith("Z")]
    return [row for row in live if row.split()[0] == str(process.pid) or emulator.mark(state) in row]


def test_a_demo_whose_terminal_closes_leaves_no_cloud(tmp_path: Path) -> None:
    state = tmp_path / "localcloud"
    process = started(tmp_path, state / "running.json")
    os.killpg(process.pid, signal.SIGHUP)
    assert process.wait(timeout=60) == 129
    assert left_of(process, state) == []
    assert not (state / "running.json").exists()


def test_ctrl_c_while_the_poller_ticks_leaves_nothing_running(tmp_path: Path) -> None:
    state = tmp_path / "localcloud"
    process = started(tmp_path, tmp_path / "poller.log")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert left_of(process, state) == []
    assert not (state / "running.json").exists()
