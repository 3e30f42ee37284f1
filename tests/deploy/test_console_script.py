"""scripts/console.sh shows the demo's cloud, files what comes in meanwhile, and leaves nothing but the cloud."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.cloud import down
from localcloud.record import found
from tests.deploy.test_localcloud_demo import LISTENING, left_of

pytestmark = pytest.mark.pipeline

ROOT = Path(__file__).parents[2]
LONG_S = 240.0


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files git knows or would know, with this checkout's packages linked in: set up, nothing run yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    copy = tmp_path_factory.mktemp("console") / "clone"
    for name in filter(None, listed.stdout.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    for folder in (".venv", "node_modules"):
        (copy / folder).symlink_to(ROOT / folder)
    return copy


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


def started(clone: Path, log: Path, port: int) -> tuple[subprocess.Popen[bytes], str]:
    """The script, come as far as its console's address."""
    without = {name: value for name, value in os.environ.items() if name != "DEMO_OUTPUT"}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", LISTENING, clone / "scripts" / "console.sh", "--port", str(port)],
            env=without,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + LONG_S
    while not (found := re.search(r"^console: (http://\S+)/", log.read_text(), re.MULTILINE)):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return process, found[1]


def page(address: str) -> str:
    """The page, once somebody answers."""
    for _ in range(100):
        try:
            return str(urllib.request.urlopen(address, timeout=60).read().decode())
        except ConnectionError:
            time.sleep(0.1)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            time.sleep(0.1)
    raise AssertionError("nobody answers")


def test_from_a_fresh_clone_it_shows_the_demos_clips_and_files_what_comes_in_meanwhile(
    clone: Path, tmp_path: Path, taken: int
) -> None:
    out = clone / "demo-output"
    state = out / "localcloud"
    try:
        process, address = started(clone, tmp_path / "first.log", taken)
        assert not address.endswith(f":{taken}")
        assert f"port {taken} is taken" in (tmp_path / "first.log").read_text()
        shown = page(f"{address}/clips")
        assert all(name in shown for name in ("Eileen Collins", "Grace Hopper", "truncated.mp4", "2026-11-25T0900"))
        before = len(list((out / "results").glob("*.json")))
        send = f'. "{state}/operator.env" && scripts/upload_workload.sh "{out}/samples/clips" --prefix again/'
        subprocess.run(["sh", "-c", send], cwd=clone, check=True, capture_output=True)
        deadline = time.monotonic() + LONG_S
        while len(list((out / "results").glob("*.json"))) < before + 6:
            assert time.monotonic() < deadline, "no tick has filed what came in"
            time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert f"localcloud down --state {state}" in (tmp_path / "first.log").read_text()
        (cloud,) = [found(state)]
        assert cloud is not None
        rest = [row for row in left_of(process, state) if row.split()[0] != str(cloud.pid)]
        assert rest == []

        process, address = started(clone, tmp_path / "second.log", taken)
        assert "running the demo" not in (tmp_path / "second.log").read_text()
        assert "again" in page(f"{address}/clips")
        process.terminate()
        assert process.wait(timeout=60) == 143
    finally:
        down(state)


def test_a_stage_that_is_not_there_is_told_as_stack_env_tells_it(tmp_path: Path) -> None:
    told = {**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    ran = subprocess.run(
        [ROOT / "scripts" / "console.sh", "--stage", "nowhere"],
        cwd=tmp_path,
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "stack smart-classroom-nowhere" in ran.stderr) == (1, True)
