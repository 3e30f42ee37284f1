"""The roll calls of docs/rollcall.md show each answer there is."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_sample_roll_calls_show_each_answer_and_need_no_cloud(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "scripts" / "sample_rollcall.py", tmp_path],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    rows = {row["student_id"]: row for row in csv.DictReader((tmp_path / "section.csv").read_text().splitlines())}
    last = "2026-11-23T0900"
    assert {key: row[last] for key, row in rows.items()} == {
        "s1045": "absent",
        "eileen_collins": "present",
        "s1002": "without consent",
        "grace_hopper": "uncertain",
        "s1077": "present",
    }
    assert rows["s1077"]["2026-11-18T0900"] == "not enrolled"
    assert {path.suffix for path in tmp_path.glob("se*")} == {".csv", ".html", ".png"}
