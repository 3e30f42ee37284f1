"""The built image as Lambda runs it: read-only, an unprivileged user, only /tmp to write to. Out of the ordinary suite.

IMAGE_ROOT is the folder of the unpacked image; docs/image.md shows how to get it. Needs bubblewrap (Linux).
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recognition.settings import REQUIRED

ROOT = Path(__file__).parents[2]
IMAGE = os.environ.get("IMAGE_ROOT", "")
pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(not IMAGE, reason="IMAGE_ROOT names no unpacked image (docs/image.md)"),
    pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed"),
]
TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "clips", "RequestId": "1", "HostId": "1"}
SETTINGS = dict.fromkeys(REQUIRED, "x")
CREDENTIALS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


def in_image(*command: str, folder: Path | None = None, **variables: str) -> list[str]:
    """The command line that runs `command` in the image; `folder` is seen there as /tmp/work."""
    environment = {"PATH": "/home/app/venv/bin:/usr/local/bin:/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1", **variables}
    arguments = ["bwrap", "--ro-bind", IMAGE, "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    arguments += ["--unshare-user", "--uid", "993", "--gid", "990", "--die-with-parent", "--clearenv"]
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    if folder:
        arguments += ["--bind", str(folder), "/tmp/work"]
    return [*arguments, "--chdir", "/home/app", *command]


class RuntimeApi(ThreadingHTTPServer):
    """Lambda's runtime API on loopback: gives out one event, keeps what is answered, then lets the client wait."""

    daemon_threads = True

    def __init__(self, event: object) -> None:
        super().__init__(("127.0.0.1", 0), RuntimeApiRequest)
        self.events: queue.Queue[object] = queue.Queue()
        self.events.put(event)
        self.answers: queue.Queue[tuple[str, object]] = queue.Queue()


class RuntimeApiRequest(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps(self.server.events.get()).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
        self.send_header("Lambda-Runtime-Deadline-Ms", "99999999999999")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:1:function:smart-classroom")
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.answers.put((self.path.rsplit("/", 1)[-1], json.loads(body or b"null")))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def runtime_api() -> Iterator[RuntimeApi]:
    api = RuntimeApi(TEST_EVENT)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    yield api
    api.shutdown()
    api.server_close()


def test_the_entry_point_answers_an_event(runtime_api: RuntimeApi) -> None:
    address = f"127.0.0.1:{runtime_api.server_port}"
    command = in_image(
        "/entry.sh", "handler.face_recognition_handler", AWS_LAMBDA_RUNTIME_API=address, **SETTINGS, **CREDENTIALS
    )
    with subprocess.Popen(command) as running:
        try:
            kind, answer = runtime_api.answers.get(timeout=120)
        finally:
            running.kill()
    assert kind == "response", answer


def test_students_are_enrolled_and_named_with_the_images_own_dlib_and_models(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "sample_clips.py", tmp_path], check=True)
    tmp_path.chmod(0o755)
    commands = (
        "cp -r /tmp/work /tmp/samples && cd /tmp && export PYTHONPATH=/home/app"
        ' && python3 -m recognition enrol samples/photographs --consent-by "the school office"'
        " && python3 -m recognition identify samples/clips/*.mp4 --students students.json"
    )
    done = subprocess.run(
        in_image("sh", "-c", commands, folder=tmp_path), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Eileen Collins" in done.stdout
    assert "Grace Hopper" in done.stdout


@pytest.mark.parametrize("program", ["g++", "cc", "make", "objdump"])
def test_the_image_has_no_tool_of_its_build(program: str) -> None:
    done = subprocess.run(in_image("sh", "-c", f"command -v {program}"), capture_output=True, text=True, check=False)
    assert (done.returncode != 0, done.stdout) == (True, "")
