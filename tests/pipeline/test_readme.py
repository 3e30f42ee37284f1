"""What the README tells a reader to type is typed here, in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from localcloud import emulator
from localcloud.places import one_at_a_time

pytestmark = pytest.mark.pipeline
ROOT = Path(__file__).parents[2]
RUN_HERE = re.compile(r"<!-- run by tests/pipeline/test_readme\.py -->\n```sh\n(.*?)```", re.DOTALL)
ANY_SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files git knows or would know, with this checkout's packages linked in."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    copy = tmp_path_factory.mktemp("readme") / "checkout"
    for name in filter(None, listed.stdout.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    with one_at_a_time():
        emulator.install()
    for folder in (".venv", "node_modules", ".localcloud/ministack-venv"):
        (copy / folder).parent.mkdir(exist_ok=True)
        (copy / folder).symlink_to(ROOT / folder)
    return copy


def run(script: str, cwd: Path, **changes: str) -> str:
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd,
        env={**os.environ, **changes},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{script}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def test_the_commands_marked_as_run_are_run_in_their_order(checkout: Path) -> None:
    blocks = RUN_HERE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(blocks) == 2
    shown = run("\n".join(blocks), checkout)
    assert "Eileen Collins" in shown
    assert "Grace Hopper,mathematics and physics,junior" in shown
    assert sorted(path.name for path in (checkout / "pictures").iterdir()) == [
        "both of them.mp4.jpg",
        "collins.mp4.jpg",
        "hopper.mp4.jpg",
        "stranger.mp4.jpg",
    ]
    assert len(list((checkout / ".localcloud" / "results").glob("*.csv"))) == 6


def test_the_demo_loses_nothing_and_works_a_second_time(checkout: Path, tmp_path: Path) -> None:
    for _ in range(2):
        shown = run("scripts/demo.sh", checkout, DEMO_OUTPUT=str(tmp_path / "out"))
        assert shown.splitlines()[-1] == "demo: 6 clips, 6 results, 0 lost"


def test_the_demo_runs_on_a_folder_of_ones_own(checkout: Path, samples: Path, tmp_path: Path) -> None:
    mine = tmp_path / "my school"
    shutil.copytree(samples / "photographs", mine / "photographs")
    (mine / "clips").mkdir()
    shutil.copy(samples / "clips" / "hopper.mp4", mine / "clips" / "room 1.mp4")
    shown = run(f"scripts/demo.sh '{mine}'", checkout, DEMO_OUTPUT=str(tmp_path / "out"))
    assert shown.splitlines()[-1] == "demo: 1 clips, 1 results, 0 lost"
    assert "Grace Hopper" in shown


def test_every_script_the_readme_names_is_there_and_explains_itself() -> None:
    text = "\n".join(ANY_SHELL.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    scripts = set(re.findall(r"\bscripts/\w+\.(?:sh|py)\b", text))
    assert {"scripts/demo.sh", "scripts/test.sh", "scripts/deploy.sh", "scripts/upload_workload.sh"} <= scripts
    for script in scripts:
        shown = run(f". .venv/bin/activate && {'python ' if script.endswith('.py') else ''}{script} -h", ROOT)
        assert "sage:" in shown


def test_every_page_and_picture_the_readme_links_to_is_there() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
