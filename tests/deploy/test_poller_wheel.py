"""The wheel for the VM: `pip install .` brings the poller and its bytes, and nothing of the function's."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.wheel import ROOT, build_wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_every_module_of_poller_and_wire_and_no_other(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    ours = [path for folder in ("poller", "wire") for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert names == {path.relative_to(ROOT).as_posix() for path in ours if path.suffix != ".pyc"}


def test_the_wheel_asks_for_boto3_and_tenacity_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(metadata).decode().splitlines()
    required = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    assert {requirement.split("<")[0].split(">")[0].strip() for requirement in required} == {"boto3", "tenacity"}


def test_the_unpacked_wheel_ticks_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    told = {"PYTHONPATH": str(tmp_path / "site"), "PATH": ""}
    tick = [sys.executable, "-m", "poller.tick"]
    ran = subprocess.run(tick, cwd=tmp_path, env=told, capture_output=True, text=True, check=False)
    assert ran.returncode == 2, ran.stderr
    assert "REQUEST_QUEUE_URL is missing" in ran.stderr
    where = subprocess.run(
        [sys.executable, "-c", "import poller.aws; print(poller.__file__)"],
        cwd=tmp_path,
        env=told,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(tmp_path / "site") in where.stdout
