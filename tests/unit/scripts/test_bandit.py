"""bandit checks what ruff's S rules do not, so that every one of its tests runs once, in one program or the other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bandit.core import extension_loader

ROOT = Path(__file__).resolve().parents[3]
# They say only that pickle or subprocess is imported; S301 and S602 to S607 judge each use.
REFUSED = {"B403", "B404"}


def configured() -> set[str]:
    (section,) = re.findall(r"^\[tool\.bandit\]\n(.*?)^\]", (ROOT / "pyproject.toml").read_text("utf-8"), re.M | re.S)
    return set(re.findall(r'"(B\d+)"', section))


def bandit(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bandit", "-q", "-r", "-c", str(ROOT / "pyproject.toml"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_bandit_runs_exactly_the_tests_that_ruff_lacks() -> None:
    listed = [sys.executable, "-m", "ruff", "rule", "--all", "--output-format", "json"]
    rules = json.loads(subprocess.run(listed, capture_output=True, text=True, timeout=60, check=True).stdout)
    stable = {str(rule["code"]).replace("S", "B", 1) for rule in rules if "Stable" in rule["status"]}
    offered = {*extension_loader.MANAGER.plugins_by_id, *extension_loader.MANAGER.blacklist_by_id}
    assert configured() == offered - stable - REFUSED


@pytest.mark.parametrize(
    ("line", "identifier"),
    [("import telnetlib", "B401"), ("import xml.sax", "B406"), ("owner = 'x'  # \u202e\u2066", "B613")],
)
def test_bandit_finds_what_it_is_there_for(tmp_path: Path, line: str, identifier: str) -> None:
    (tmp_path / "planted.py").write_text(f"{line}\n", encoding="utf-8")
    said = bandit(tmp_path)
    assert said.returncode == 1
    assert identifier in said.stdout


def test_bandit_passes_what_ruff_judges(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text("import subprocess\n\nassert subprocess\n", encoding="utf-8")
    assert bandit(tmp_path).returncode == 0
