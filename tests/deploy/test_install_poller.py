"""scripts/install_poller.sh refuses early, names everything, and shows no secret. tests/vm/ installs with it for real.

Nothing here gets past the refusals: what is missing is looked for before anything is done.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "install_poller.sh"
NEVER = ("--no-packages", "--set", "FUNCTION_NAME=\t")  # a value that is refused, whatever else is in order
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it installs on Linux")


def install(*arguments: str | Path, script: Path = SCRIPT, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, **variables}
    return subprocess.run(["sh", script, *arguments], env=environment, capture_output=True, text=True, check=False)


def refused(*arguments: str | Path, script: Path = SCRIPT, **variables: str) -> str:
    done = install(*NEVER, *arguments, script=script, **variables)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "install_poller: missing:\n" in done.stderr
    return done.stderr


def test_help_shows_every_option_and_touches_nothing() -> None:
    done = install("--help")
    assert (done.returncode, done.stderr) == (0, "")
    options = set(re.findall(r"^    (?:-h \| )?(--[a-z-]+)", SCRIPT.read_text(), re.MULTILINE))
    assert {"--wheel", "--settings", "--cron", "--no-packages", "--uninstall"} <= options
    assert [option for option in options - {"--help"} if option not in done.stdout] == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--purge"], "unknown option --purge"),
        (["--wheel"], "--wheel needs a value"),
        (["--set"], "--set needs a value"),
        (["--cron", "--systemd"], "choose one"),
    ],
)
def test_a_wrong_argument_is_refused_with_the_reason(arguments: list[str], reason: str) -> None:
    done = install(*arguments)
    assert done.returncode == 2
    assert reason in done.stderr


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    told = refused("--wheel", tmp_path / "no.whl", "--settings", tmp_path / "no.env", PYTHON="no-such-python")
    for thing in (f"the wheel {tmp_path}/no.whl", f"the settings file {tmp_path}/no.env", "Python 3.10 or newer"):
        assert f"\n  - {thing}" in told


def test_missing_settings_are_named_by_the_pollers_own_table() -> None:
    told = refused()
    for name in ("REQUEST_QUEUE_URL is missing", "OUTPUT_QUEUE_URL is missing", "FUNCTION_NAME holds a control"):
        assert f"  - {name}" in told


def test_a_script_without_its_checkout_asks_for_the_wheel(tmp_path: Path) -> None:
    shutil.copy(SCRIPT, tmp_path)
    assert "the poller's wheel beside this script" in refused(script=tmp_path / SCRIPT.name)


def test_a_secret_on_the_command_line_is_refused_and_not_repeated() -> None:
    told = refused("--set", "AWS_SECRET_ACCESS_KEY=hunter2")
    assert "put it into --settings FILE" in told
    assert "hunter2" not in told


def test_a_settings_file_may_come_on_standard_input() -> None:
    done = subprocess.run(
        ["sh", SCRIPT, *NEVER, "--settings", "-"],
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable},
        input="export REQUEST_QUEUE_URL=requests\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "REQUEST_QUEUE_URL is not a URL" in done.stderr


def test_it_leaves_no_temporary_files(tmp_path: Path) -> None:
    refused(TMPDIR=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can stop being root")
def test_who_is_not_root_is_told() -> None:
    """A copy of the script where everybody may go, as neither the checkout nor `tmp_path` need be."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        copy = shutil.copy(SCRIPT, folder)
        done = subprocess.run(["sh", copy, "--uninstall"], capture_output=True, text=True, check=False, user=65534)
    assert done.returncode == 1
    assert "root: run it with sudo" in done.stderr


def test_the_page_shows_the_very_entry_that_is_installed() -> None:
    (entry,) = re.findall(r"^\* \* \* .*$", SCRIPT.read_text(), re.MULTILINE)
    for name in ("user", "settings", "venv", "log"):
        (told,) = re.findall(rf"^{name}=(.*)$", SCRIPT.read_text(), re.MULTILINE)
        entry = entry.replace(f"${name}", told)
    assert f"```crontab\n{entry}\n```" in (ROOT / "docs" / "poller.md").read_text()
