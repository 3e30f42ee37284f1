"""scripts/demo.sh leaves no cloud behind when its terminal goes away."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from localcloud import emulator

pytestmark = pytest.mark.pipeline

ROOT = Path(__file__).parents[2]


def test_a_demo_whose_terminal_closes_leaves_no_cloud(tmp_path: Path) -> None:
    state = tmp_path / "localcloud"
    process = subprocess.Popen(
        [ROOT / "scripts" / "demo.sh"],
        env={**os.environ, "DEMO_OUTPUT": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (state / "running.json").exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGHUP)
    assert process.wait(timeout=60) == 129
    everyone = subprocess.run(["ps", "-A", "-ww", "-o", "command="], capture_output=True, text=True, check=True).stdout
    assert emulator.mark(state) not in everyone
    assert not (state / "running.json").exists()
