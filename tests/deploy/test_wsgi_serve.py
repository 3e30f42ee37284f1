"""`npx serverless wsgi serve` shows the console in development, and its plugin is in nobody's way otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from localcloud.deployment import install_tools
from localcloud.emulator import free_port
from localcloud.node import node_environment
from localcloud.places import one_at_a_time
from tests.deploy.conftest import ROOT, Render

LONG_S = 120.0


def test_the_development_server_answers_with_the_consoles_page(tmp_path: Path) -> None:
    with one_at_a_time():
        install_tools()
    port = free_port(0)
    told = node_environment({**os.environ, "CONSOLE_FOLDER": str(tmp_path / "console"), "SLS_TELEMETRY_DISABLED": "1"})
    told["PATH"] = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{told['PATH']}"
    command = ["npx", "serverless", "wsgi", "serve", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        code, page = answered(process, f"http://127.0.0.1:{port}/nowhere")
        assert (code, "Smart Classroom" in page, "There is nothing at this address" in page) == (404, True, True)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def answered(process: Any, address: str) -> tuple[int, str]:
    """Status and page, once the server is up."""
    deadline = time.monotonic() + LONG_S
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        try:
            urllib.request.urlopen(address, timeout=10)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the development server does not answer")


@pytest.mark.parametrize("stage", ["prod", "local"])
def test_the_plugin_packs_nothing_into_a_deployment(stage: str, render: Render, package: Any) -> None:
    folder: Path = package(stage)
    state = (folder / "serverless-state.json").read_text()
    assert "wsgi_handler" not in state
    assert '"plugins": []' in state or '"plugins"' not in state
    assert "wsgi" not in str(render(stage)["Resources"])
    assert not (ROOT / "wsgi_handler.py").exists()
