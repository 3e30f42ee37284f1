"""docs/runbook.md: its `aws` commands are judged by botocore's models, its names are held to the code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.deploy.typed import typed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
RUN_HERE = re.compile(r"<!-- run by tests/deploy/test_runbook\.py -->\n```sh\n(.*?)```", re.DOTALL)
TOLD = {
    "AWS_REGION": "us-east-1",
    "INPUT_BUCKET": "clips",
    "OUTPUT_BUCKET": "results",
    "STUDENT_TABLE": "student_table",
    "clip": "cse546/monday/cam 1.mp4",
    "before": "2026-11-23T09:00:00Z",
}


def test_every_aws_command_of_the_page_is_one_that_aws_knows(tmp_path: Path) -> None:
    blocks = RUN_HERE.findall(PAGE)
    assert len(blocks) == 3
    done = typed("\n".join(blocks), tmp_path, TOLD)
    assert done.returncode == 0, done.stderr


def test_a_command_that_aws_does_not_know_is_found_out(tmp_path: Path) -> None:
    wrong = RUN_HERE.findall(PAGE)[0].replace("describe-images", "describe-picture")
    assert typed(wrong, tmp_path, TOLD).returncode != 0


def test_every_alarm_has_its_line(resources: Mapping[str, Any]) -> None:
    alarms = {
        str(each["Properties"]["AlarmName"]).removeprefix("smart-classroom-")
        for each in resources.values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    }
    section = PAGE.split("## When an alarm comes")[1].split("\n## ")[0]
    rows = set(re.findall(r"^\| `([a-z-]+)`", section, re.MULTILINE))
    assert rows == alarms | {"failed-requests"}  # that one is there with trigger=queue only
