"""docs/console.md: its commands are typed here, and what it says of settings and proxies is what the console does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from console.protection import LARGEST_FORM
from console.settings import NAMES
from console.uploading import PART_BYTES
from tests.stage import ROOT

PAGE = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
RUN_HERE = re.compile(r"<!-- run by tests/console/test_console_document\.py -->\n```sh\n(.*?)```", re.DOTALL)
TYPED = r"correct horse battery\n" * 2


def test_the_commands_about_users_work_as_they_are_written(tmp_path: Path) -> None:
    (block,) = RUN_HERE.findall(PAGE)
    script = block.replace("/var/lib/smart-classroom-console", str(tmp_path / "console"))
    script = script.replace("python -m console add-user", f"printf '{TYPED}' | python -m console add-user")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        start_new_session=True,  # no terminal: passwords are read from the input
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "mia: instructor\nole: operator, privacy\n" in ran.stdout
    assert '"ole"' not in (tmp_path / "console" / "users.json").read_text()


def test_every_setting_is_on_the_page_and_no_other() -> None:
    table = PAGE.partition("## Settings")[2].partition("##")[0]
    assert set(re.findall(r"`([A-Z_]+)`", table)) - {"CONSOLE_ROLE_ARN"} == set(NAMES)


def test_the_figures_of_the_page_are_the_codes() -> None:
    assert f"client_max_body_size {LARGEST_FORM >> 20}m" in PAGE
    assert f"parts of {PART_BYTES >> 20} MiB" in PAGE
