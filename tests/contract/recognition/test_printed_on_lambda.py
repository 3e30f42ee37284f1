"""What Lambda's runtime client makes of the figures' lines where the log format is JSON: they pass as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.embedded_metrics import documents_in, faults_of, values_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Lambda's runtime client runs on Linux only")

ROOT = Path(__file__).parents[3]
HANDLER = """
import logging
from recognition.aws.metrics import EmfMetrics
from recognition.metrics import Measured

def count(event, context):
    EmfMetrics("f", "ERROR").count(Measured("recognised", 1, (0.97,), {"total": 80.0}))
    logging.getLogger("recognition").error("told")
    return {}
"""

# Without any of these the client's native part crashes.
INVOCATION = {
    "Lambda-Runtime-Aws-Request-Id": "1",
    "Lambda-Runtime-Deadline-Ms": "9999999999999",
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
    "Lambda-Runtime-Trace-Id": "Root=1-0-0",
    "Content-Type": "application/json",
}


class RuntimeApi(ThreadingHTTPServer):
    """Lambda's side: hands out one invocation and then keeps the client waiting."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.handed_out = False
        self.answered, self.over = threading.Event(), threading.Event()


class Exchange(BaseHTTPRequestHandler):
    server: RuntimeApi

    def do_GET(self) -> None:
        if self.server.handed_out:
            self.server.over.wait(60)
            return
        self.server.handed_out = True
        self._answer(200, INVOCATION)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._answer(202, {})
        self.server.answered.set()

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "2"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def lambda_side() -> Iterator[RuntimeApi]:
    with RuntimeApi() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


def test_the_lines_reach_standard_output_unwrapped_and_apart_from_the_log(
    lambda_side: RuntimeApi, tmp_path: Path
) -> None:
    (tmp_path / "probe.py").write_text(HANDLER)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{lambda_side.server_port}",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "ERROR",
        "LAMBDA_TASK_ROOT": str(tmp_path),
    }
    client = subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", "probe.count"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    answered = lambda_side.answered.wait(60)
    client.terminate()
    said, _ = client.communicate(timeout=60)
    assert answered, said
    lines = [json.loads(line) for line in said.splitlines()]
    documents = documents_in("\n".join(json.dumps(line) for line in lines if "_aws" in line))
    assert [fault for each in documents for fault in faults_of(each)] == []
    assert values_of(documents, "Similarity") == [0.97]
    assert values_of(documents, "Outcome", outcome="recognised") == [1]
    assert [line["message"] for line in lines if "_aws" not in line] == ["told"]
