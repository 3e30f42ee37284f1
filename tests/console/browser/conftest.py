"""The console in a real Chromium, over a local cloud with the real stack, a poller and real clips."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

import localcloud
from localcloud.emulator import free_port
from tests.pipeline.conftest import Pipeline
from tests.stage import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
START_S = 60.0
SECTION = "cse546"
SIZES = {"desktop": {"width": 1200, "height": 900}, "phone": {"width": 390, "height": 800}}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder is the suite `browser`, and needs one."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip("no chromium on PATH (Debian: apt-get install chromium)"))


@dataclass(frozen=True)
class Console:
    """A running console at `address`, over `stage`, whose two sample students are on the roster of `SECTION`."""

    address: str
    stage: Pipeline


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("browser")
    with localcloud.running(concurrency=2) as cloud:
        stage = Pipeline(cloud, folder)
        stage.recognition("enrol", samples / "photographs", "--consent-by", "the tests")
        rows = json.loads((folder / "students.json").read_text())
        (folder / "students.json").write_text(json.dumps([row | {"sections": [SECTION]} for row in rows]))
        stage.recognition("publish")
        port = free_port(0)
        files = {"GALLERY_FILE": "gallery.npz", "STUDENTS_FILE": "students.json", "RESULTS_DIR": "results"}
        told = {name: str(folder / file) for name, file in files.items()}
        process = subprocess.Popen(
            [sys.executable, "-m", "console", "serve"],
            env={
                **os.environ,
                **cloud.console,  # its own role: what it may not do fails here
                **told,
                "CONSOLE_FOLDER": str(folder / "console"),
                "CONSOLE_PORT": str(port),
                "PYTHONPATH": str(ROOT),
            },
            cwd=folder,
        )
        try:
            _wait_until_it_listens(process, port)
            yield Console(f"http://127.0.0.1:{port}", stage)
        finally:
            process.terminate()
            process.wait()


def _is_fault(said: ConsoleMessage) -> bool:
    """Not an answer that is no page: the page may have asked for what it knows may fail."""
    return said.type == "error" and not said.text.startswith("Failed to load resource")


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the console ended by itself"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the console does not listen")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, console: Console) -> Iterator[Callable[..., Page]]:
    """`visit(path, size="phone", color_scheme="dark", …)`: a page in a browser of its own.

    A script's error, and whatever the content security policy forbids, fails the test.
    """
    contexts, faults = [], []

    def page(path: str, size: str = "desktop", **told: object) -> Page:
        context = chromium.new_context(base_url=console.address, viewport=SIZES[size], **told)
        contexts.append(context)
        made = context.new_page()
        made.on("pageerror", lambda error: faults.append(str(error)))
        made.on("console", lambda said: faults.append(said.text) if _is_fault(said) else None)
        made.goto(path)
        return made

    yield page
    for context in contexts:
        context.close()
    assert faults == []
