"""Every script explains itself on -h, and says clearly what is missing. None of this sets anything up."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
NAMES = sorted(path.name for path in SCRIPTS.glob("*.sh"))


def run(name: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **settings}
    return subprocess.run(
        [SCRIPTS / name, *arguments], capture_output=True, text=True, env=environment, timeout=60, check=False
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_script_prints_its_usage_on_h(name: str) -> None:
    said = run(name, "-h")
    assert said.returncode == 0, said.stderr
    assert said.stdout.lower().startswith("usage:")
    assert name in said.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_script_is_executable_and_stops_at_the_first_error(name: str) -> None:
    text = (SCRIPTS / name).read_text(encoding="utf-8")
    assert os.access(SCRIPTS / name, os.X_OK)
    assert "\nset -eu" in text


def test_enrolling_without_a_stage_names_both_missing_settings(tmp_path: Path) -> None:
    said = run("enrol.sh", str(tmp_path), "--consent-by", "the registrar")
    assert said.returncode == 2
    assert "GALLERY_BUCKET" in said.stderr
    assert "STUDENT_TABLE" in said.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Usage:"),
        (("nowhere",), "nowhere is not a folder"),
        (("--consent-by",), "needs a value"),
        (("--ignore", "shoe size", "--students-csv"), "--students-csv needs a value"),
        (("nowhere", "--gate", "warn", "elsewhere"), "one folder only, not also elsewhere"),
        (("-x",), "-x"),
    ],
)
def test_enrolling_with_a_wrong_command_line_says_what_is_wrong(arguments: tuple[str, ...], message: str) -> None:
    said = run("enrol.sh", *arguments)
    assert said.returncode == 2
    assert message in said.stderr


def test_uploading_without_a_bucket_names_the_setting(tmp_path: Path) -> None:
    said = run("upload_workload.sh", str(tmp_path))
    assert said.returncode == 2
    assert "INPUT_BUCKET" in said.stderr


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        ([], "must hold the folders clips/ and photographs/<student id>/"),
        (["clips"], "must hold the folders clips/ and photographs/<student id>/"),
        (["clips", "photographs"], "holds no student"),
        (["clips", "photographs/ada"], "clips is empty"),
    ],
)
def test_the_demo_explains_the_layout_that_a_folder_lacks(tmp_path: Path, folders: list[str], message: str) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    said = run("demo.sh", str(tmp_path))
    assert said.returncode == 2
    assert message in said.stderr


def test_the_demo_never_replaces_a_folder_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    said = run("demo.sh", DEMO_OUTPUT=str(tmp_path))
    assert said.returncode == 2
    assert "not empty" in said.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_benchmark_that_is_not_there_is_answered_with_the_list() -> None:
    said = run("bench.sh", "no_such_benchmark")
    assert said.returncode == 2
    assert "no_such_benchmark" in said.stderr
    assert "Benchmarks:" in said.stderr


def test_a_python_that_is_too_old_is_refused_by_its_name(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    (clone / "scripts").mkdir(parents=True)
    (clone / "scripts" / "setup.sh").write_bytes((SCRIPTS / "setup.sh").read_bytes())
    old = tmp_path / "old-python"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    for path in (clone / "scripts" / "setup.sh", old):
        path.chmod(0o755)
    said = subprocess.run(
        [clone / "scripts" / "setup.sh"], capture_output=True, text=True, env={**os.environ, "PYTHON": str(old)}
    )
    assert said.returncode == 2
    assert f"PYTHON={old} is older than 3.10" in said.stderr
