"""What the image's files promise each other: one place for dlib's flags and version, and no service left out."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
BUILD = (ROOT / "scripts" / "build_dlib.sh").read_text(encoding="utf-8")


def found(pattern: str, text: str) -> str:
    (match,) = re.findall(pattern, text, re.MULTILINE)
    return str(match)


def test_the_compilers_flags_are_said_in_one_place() -> None:
    places = [ROOT / "Dockerfile", *(ROOT / "scripts").glob("*.sh"), *(ROOT / "scripts").glob("*.py")]
    saying = [place.name for place in places if re.search(r"-march|-mcpu|CXXFLAGS", place.read_text(encoding="utf-8"))]
    assert saying == ["build_dlib.sh"]


def test_the_dlib_that_is_compiled_is_the_one_that_the_tests_run_on() -> None:
    development = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    assert found(r"^dlib-bin==(\d+\.\d+\.\d+)", development) == found(r"^version=(\S+)", BUILD)


def test_the_image_keeps_every_aws_service_that_the_function_calls() -> None:
    kept = set(found(r'^ARG AWS_SERVICES="([^"]*)"', DOCKERFILE).split())
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "recognition").rglob("*.py"))
    called = set(re.findall(r'\bclient\("([a-z0-9-]+)"\)', sources))
    assert {"s3", "dynamodb"} <= called <= kept


def test_everything_the_dockerfile_copies_is_let_through_to_the_build() -> None:
    copied = {
        name.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
        if not name.startswith("--")
    }
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == allowed


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with a shell's tools and nothing to compile or build images with."""
    for name in ("sh", "dirname", "uname", "sed"):
        (tmp_path / name).symlink_to(f"/bin/{name}" if Path(f"/bin/{name}").exists() else f"/usr/bin/{name}")
    return str(tmp_path)


def test_compiling_without_the_tools_names_each_of_them_and_where_it_comes_from(bare_path: str) -> None:
    script = ROOT / "scripts" / "build_dlib.sh"
    done = subprocess.run(
        [script, "--into", "/nowhere"], env={"PATH": bare_path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    for hint in ("scripts/setup.sh", "g++ make", "binutils"):
        assert hint in done.stderr


def build_image(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "build_image.sh", *arguments], env=variables, capture_output=True, text=True, check=False
    )


def test_building_the_image_without_a_tool_names_the_three(bare_path: str) -> None:
    done = build_image(PATH=bare_path)
    assert done.returncode == 2
    assert "docker, podman or buildah" in done.stderr


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("docker", "buildx build --provenance=false --load --platform linux/arm64 --build-arg BASE_IMAGE=b -v a:b"),
        ("buildah", "build --format docker --layers --platform linux/arm64 --build-arg BASE_IMAGE=b -v a:b"),
    ],
)
def test_the_build_gets_platform_base_and_options(bare_path: str, tmp_path: Path, tool: str, words: str) -> None:
    (tmp_path / tool).write_text('#!/bin/sh\necho "$*"\n')
    (tmp_path / tool).chmod(0o755)
    options = ("--platform", "linux/arm64", "--base", "b", "--tag", "t", "--", "-v", "a:b")
    assert build_image(*options, PATH=bare_path).stdout == f"{words} --tag t .\n"
