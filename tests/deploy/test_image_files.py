"""What the image's files promise each other: one place for dlib's flags and version, and no service left out."""

from __future__ import annotations

import platform
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


def test_another_machines_dlib_is_only_ever_made_into_a_wheel(bare_path: str) -> None:
    other = "aarch64" if platform.machine() == "x86_64" else "x86_64"
    command = [ROOT / "scripts" / "build_dlib.sh", "--machine", other]
    done = subprocess.run(command, env={"PATH": bare_path}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--wheel" in done.stderr


def test_proving_the_image_without_the_tools_names_each_of_them(bare_path: str) -> None:
    done = subprocess.run(
        [ROOT / "scripts" / "test_image.sh"], env={"PATH": bare_path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    for program in ("mmdebstrap", "buildah", "bwrap"):
        assert program in done.stderr


def stand_in(program: Path, body: str) -> None:
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def build_image(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts" / "build_image.sh", *arguments], env=variables, capture_output=True, text=True, check=False
    )


def test_building_the_image_without_a_tool_names_the_three(bare_path: str) -> None:
    done = build_image(PATH=bare_path)
    assert done.returncode == 2
    assert "docker, podman or buildah" in done.stderr


NATIVE = "linux/arm64" if platform.machine() in ("arm64", "aarch64") else "linux/amd64"


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("docker", "buildx build --provenance=false --load"),
        ("buildah", f"build --format docker --layers --build-arg BUILDPLATFORM={NATIVE}"),
    ],
)
def test_the_build_gets_platform_labels_base_and_options(bare_path: str, tmp_path: Path, tool: str, words: str) -> None:
    stand_in(tmp_path / tool, 'echo "$*"')
    version = found(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text())
    labels = f"--label org.opencontainers.image.version={version}"
    base = "--build-arg BASE_IMAGE=b@sha256:1 --label org.opencontainers.image.base.name=b@sha256:1"
    done = build_image("--base", "b@sha256:1", "--tag", "t", "--", "-v", "a:b", PATH=bare_path)
    assert done.stdout == f"{words} --platform {NATIVE} {labels} {base} -v a:b --tag t .\n"
    assert "not pinned" not in done.stderr


def test_the_image_says_which_commit_it_was_built_from(bare_path: str, tmp_path: Path) -> None:
    stand_in(tmp_path / "buildah", 'echo "$*"')
    stand_in(tmp_path / "git", 'case $1 in rev-parse) echo abc ;; status) echo " M handler.py" ;; esac')
    assert "--label org.opencontainers.image.revision=abc-modified " in build_image(PATH=bare_path).stdout


def test_a_base_without_a_digest_is_remarked_upon(bare_path: str, tmp_path: Path) -> None:
    stand_in(tmp_path / "buildah", 'echo "$*"')
    done = build_image(PATH=bare_path, BASE_IMAGE="python:3.13-slim")
    assert "--build-arg BASE_IMAGE=python:3.13-slim " in done.stdout
    assert "not pinned" in done.stderr


def test_another_processors_image_is_refused_where_nothing_emulates_it(bare_path: str, tmp_path: Path) -> None:
    stand_in(tmp_path / "buildah", 'echo "$*"')
    (tmp_path / "uname").unlink()
    other = "aarch64" if NATIVE == "linux/amd64" else "x86_64"
    stand_in(tmp_path / "uname", f"case $1 in -s) echo Linux ;; *) echo {other} ;; esac")
    done = build_image("--platform", NATIVE, PATH=bare_path)
    assert done.returncode == 2
    assert "qemu-user-static" in done.stderr
