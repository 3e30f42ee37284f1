"""The whole pipeline: a local cloud with the real stack deployed on it, the real scripts, the real poller."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import localcloud
from tests.stage import ROOT, Stage
from wire.result_message import Result


@dataclass
class Pipeline(Stage):
    """A deployed stage, driven as its users drive it: by its scripts, its command lines, its cron entry.

    Several tests share one stage: `prefix` keeps each test's uploads apart.
    """

    def run(self, *command: str | Path, environment: Mapping[str, str] | None = None) -> str:
        """Run a command as the operator. Returns what it printed."""
        told = {**os.environ, **self.cloud.operator, "PYTHONPATH": str(ROOT), **(environment or {})}
        ran = subprocess.run(command, env=told, cwd=self.folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def recognition(self, *arguments: str | Path) -> str:
        return self.run(sys.executable, "-m", "recognition", *arguments)

    def upload(self, folder: Path, *options: str) -> str:
        return self.run(ROOT / "scripts" / "upload_workload.sh", folder, "--prefix", self.prefix, *options)

    def key_of(self, result: Result) -> str:
        """The key without this test's prefix."""
        assert result.upload.key.startswith(self.prefix)
        return result.upload.key.removeprefix(self.prefix)


@pytest.fixture(scope="session")
def cloud() -> Iterator[localcloud.Cloud]:
    with localcloud.running(concurrency=2) as running:
        yield running


@pytest.fixture
def pipeline(cloud: localcloud.Cloud, tmp_path: Path, samples: Path) -> Pipeline:
    """The stage with the two sample students published, and an empty results folder."""
    made = Pipeline(cloud, tmp_path)
    made.recognition("enrol", samples / "photographs", "--consent-by", "the tests")
    made.recognition("publish", "--drop")  # the stage is shared, its students are not
    return made


@pytest.fixture
def course_pipeline(cloud: localcloud.Cloud, tmp_path: Path, course: Path) -> Pipeline:
    """The stage with the course's legacy gallery and its eight students published."""
    made = Pipeline(cloud, tmp_path)
    made.recognition("import-legacy", course / "encoding", course / "student_data.json", "--consent-by", "the tests")
    made.recognition("publish", "--drop")  # the stage is shared, its students are not
    return made
