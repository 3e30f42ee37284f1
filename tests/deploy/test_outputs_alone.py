"""From an upload to the file on the VM with nothing known but the stack's Outputs, IAM enforced."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.credentials import operator_environment, read_environment
from localcloud.deployment import client, role_credentials
from recognition.aws.galleries import S3Galleries
from recognition.gallery import make_gallery
from tests.deploy.account import ROOT, Account
from wire.result_json import read_result

pytestmark = pytest.mark.pipeline


def test_a_clip_becomes_a_file_by_what_the_outputs_say_and_the_pollers_rights_alone(
    account: Account, tmp_path: Path
) -> None:
    here = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **operator_environment(account.cloud.port)}
    printed = subprocess.run(
        [sys.executable, ROOT / "scripts" / "stack_env.py", "--stage", "local"],
        env=here,
        capture_output=True,
        text=True,
        check=True,
    )
    outputs = read_environment(printed.stdout)
    s3 = client("s3", {**here, **outputs})
    client("sqs", {**here, **outputs}).purge_queue(QueueUrl=outputs["REQUEST_QUEUE_URL"])  # other tests' leftovers
    S3Galleries(s3, outputs["GALLERY_BUCKET"]).publish(make_gallery({}))
    s3.put_object(Bucket=outputs["INPUT_BUCKET"], Key="room 1/a.mp4", Body=b"no clip")
    credentials = role_credentials(account.cloud.port, outputs["POLLER_ROLE_ARN"], "poller")
    settings = {"RESULTS_DIR": str(tmp_path / "results"), "POLLER_RECEIVE_S": "3", "POLLER_WAIT_S": "1"}
    for _ in range(3):  # the function may need a while to start
        told = {**here, **outputs, **credentials, **settings}
        subprocess.run([sys.executable, "-m", "poller.tick"], env=told, cwd=tmp_path, capture_output=True, check=False)
        results = [read_result(path.read_text()) for path in (tmp_path / "results").glob("[!.]*.json")]
        if found := [result for result in results if result.upload.key == "room 1/a.mp4"]:
            break
    assert [(result.outcome, result.reason) for result in found] == [("rejected", "not a readable video file")]
