"""What every test may ask for: real models, the demo's material, and no way to reach a real cloud."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recognition.enrol import Enrolment, enrol
from recognition.enrolment.folders import read_folders
from recognition.identify import Identifier
from recognition.roster import Consent

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
LONG = ("vm", "pipeline", "quality")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes share the suite (`-n`), the files with long tests go first, lest one ends alone."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    rank: dict[Path, int] = {}
    for item in items:
        mine = next((n for n, mark in enumerate(LONG) if item.get_closest_marker(mark)), len(LONG))
        rank[item.path] = min(mine, rank.get(item.path, mine))
    items.sort(key=lambda item: rank[item.path])


@pytest.fixture(autouse=True)
def no_real_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials nobody has, and no profile, so that a test that forgets its endpoint cannot touch an account."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def identifier() -> Identifier:
    """The real models, loaded once."""
    from recognition.bootstrap import identifier

    return identifier()


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's material: `photographs/<student_id>/` of two students, and `clips/`. Made once for all processes."""
    mine = tmp_path_factory.getbasetemp()
    everybodys = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    out, made = everybodys / "samples", everybodys / "samples-made"
    with (everybodys / "samples.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            subprocess.run([sys.executable, ROOT / "scripts" / "sample_clips.py", out], check=True, capture_output=True)
            made.touch()
    return out


@pytest.fixture(scope="session")
def enrolment(samples: Path, identifier: Identifier) -> Enrolment:
    """What the sample students' enrolment comes to, which no test changes."""
    return enrol(read_folders(samples / "photographs", Consent("office", "2026-01-01")), identifier)


@pytest.fixture(scope="session")
def course() -> Path:
    """The original course workload, where it stands beside the checkout."""
    folder = SHARED_DATA / "course"
    if not folder.is_dir():
        pytest.skip("the course data is not beside this checkout")
    return folder
