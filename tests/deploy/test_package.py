"""What is packed for the local stage, and what the lock file says of its sources."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_zip_holds_the_functions_files_and_nothing_else(package: Callable[..., Path]) -> None:
    with zipfile.ZipFile(package("local") / "recognition.zip") as archive:
        names = archive.namelist()
    assert {"handler.py", "entry.sh", "bootstrap"} <= set(names)
    assert {name.split("/")[0] for name in names} == {"handler.py", "entry.sh", "bootstrap", "recognition", "wire"}
    assert not [name for name in names if "__pycache__" in name]


def test_the_programs_in_the_zip_can_be_run(package: Callable[..., Path]) -> None:
    with zipfile.ZipFile(package("local") / "recognition.zip") as archive:
        modes = {name: archive.getinfo(name).external_attr >> 16 for name in ("entry.sh", "bootstrap")}
    assert all(mode & 0o111 for mode in modes.values())


def test_the_lock_file_pins_every_package_and_names_no_registry() -> None:
    text = (ROOT / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    unpinned = [name for name, item in packages.items() if name and not item.get("integrity")]
    assert not unpinned
    assert not re.findall(r'"resolved": "(?!https://registry\.npmjs\.org/)[^"]*"', text)


def test_the_image_is_built_from_what_dockerignore_lets_through() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    lines = re.findall(r"^COPY (?!--from)(?:--\S+ )*(\S.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert {source for line in lines for source in line.split()} == allowed
