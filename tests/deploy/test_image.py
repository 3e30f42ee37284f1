"""The built image as Lambda runs it: read-only (even /tmp), an unprivileged user. Out of the ordinary suite.

scripts/test_image.sh builds the image and sets IMAGE_ROOT (where it is unpacked) and IMAGE_NAME (what buildah knows it
by). Needs bubblewrap (Linux). Nothing is timed here; what a run took is printed, for docs/image.md.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import localcloud
from localcloud.deployment import client
from recognition.settings import REQUIRED
from wire.result_json import read_result
from wire.result_message import Result
from wire.s3_event import read_notification

ROOT = Path(__file__).parents[2]
IMAGE = os.environ.get("IMAGE_ROOT", "")
pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(not IMAGE, reason="IMAGE_ROOT names no unpacked image: scripts/test_image.sh"),
    pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed"),
]
TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "clips", "RequestId": "1", "HostId": "1"}
SETTINGS = dict.fromkeys(REQUIRED, "x")
WAIT_S = 1800  # the other processor's image runs under qemu
MOST_BYTES = 450_000_000
CREDENTIALS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


def in_image(*command: str, folder: Path | None = None, **variables: str) -> list[str]:
    """The command line that runs `command` in the image, where nothing can be written.

    With a `folder` there is a /tmp, and `folder` is seen as /tmp/work.
    """
    environment = {"PATH": "/home/app/venv/bin:/usr/local/bin:/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1", **variables}
    arguments = ["bwrap", "--ro-bind", IMAGE, "/", "--dev", "/dev", "--proc", "/proc"]
    arguments += ["--unshare-user", "--uid", "993", "--gid", "990", "--die-with-parent", "--clearenv"]
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    if folder:
        arguments += ["--tmpfs", "/tmp", "--bind", str(folder), "/tmp/work"]
    return [*arguments, "--chdir", "/home/app", *command]


class RuntimeApi(ThreadingHTTPServer):
    """Lambda's runtime API on loopback: gives out events, keeps the answers and when they came, then is silent."""

    daemon_threads = True

    def __init__(self, events: Iterable[object]) -> None:
        super().__init__(("127.0.0.1", 0), RuntimeApiRequest)
        self.events: queue.Queue[object] = queue.Queue()
        for event in events:
            self.events.put(event)
        self.answers: queue.Queue[tuple[str, object, float]] = queue.Queue()

    def handle_error(self, *_: object) -> None:
        """Quiet: a client that is killed while it waits for its next event is how each test ends."""


class RuntimeApiRequest(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps(self.server.events.get()).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(round((time.time() + WAIT_S) * 1000)))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:1:function:smart-classroom")
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.answers.put((self.path.rsplit("/", 1)[-1], json.loads(body or b"null"), time.monotonic()))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def answers_of_the_image(events: list[object], **environment: str) -> list[object]:
    """What /entry.sh and the real runtime client answer to `events`, one after the other; prints what each took."""
    api = RuntimeApi(events)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{api.server_port}"
    told = {"AWS_LAMBDA_RUNTIME_API": address, **environment}
    command = in_image("/entry.sh", "handler.face_recognition_handler", folder=None, **told)
    before, answers = time.monotonic(), []
    with subprocess.Popen(command) as running:
        try:
            for number in range(len(events)):
                kind, answer, at = api.answers.get(timeout=WAIT_S)
                assert kind == "response", answer
                print(f"{'answer' if number else 'first answer, from the start'}: {at - before:.2f} s")
                answers.append(answer)
                before = at
        finally:
            running.kill()
            api.shutdown()
            api.server_close()
    return answers


def test_the_entry_point_answers_an_event() -> None:
    assert answers_of_the_image([TEST_EVENT, TEST_EVENT], **SETTINGS, **CREDENTIALS)


class Clips:
    """A deployed stage whose function is not asked: its clips' events go to the image instead."""

    def __init__(self, cloud: localcloud.Cloud, folder: Path) -> None:
        self.cloud, self.folder = cloud, folder

    def run(self, *command: str | Path) -> None:
        told = {**os.environ, **self.cloud.operator, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, env=told, cwd=self.folder, check=True, capture_output=True)

    def recognition(self, *arguments: str | Path) -> None:
        self.run(sys.executable, "-m", "recognition", *arguments)

    def uploaded(self, *clips: Path) -> list[object]:
        """Upload `clips`; S3's own events of them, in that order."""
        s3, sqs = client("s3", self.cloud.operator), client("sqs", self.cloud.operator)
        events: dict[str, object] = {}
        for clip in clips:
            s3.upload_file(str(clip), self.cloud.operator["INPUT_BUCKET"], clip.name)
        while len(events) < len(clips):
            told = {"QueueUrl": self.cloud.operator["REQUEST_QUEUE_URL"], "WaitTimeSeconds": 10}
            for message in sqs.receive_message(**told, MaxNumberOfMessages=10)["Messages"]:
                uploads = read_notification(message["Body"]).uploads
                events |= {upload.key: json.loads(message["Body"]) for upload in uploads}
        return [events[clip.name] for clip in clips]

    def environment(self) -> dict[str, str]:
        """What the deployed function is told."""
        name = self.cloud.operator["FUNCTION_NAME"]
        function = client("lambda", self.cloud.operator).get_function_configuration(FunctionName=name)
        wanted = {name: value for name, value in self.cloud.operator.items() if name.startswith("AWS_")}
        return {**function["Environment"]["Variables"], **wanted, "NO_PROXY": "127.0.0.1"}

    def results(self, count: int) -> dict[str, Result]:
        """The result messages that the function sent, by key."""
        sqs, found = client("sqs", self.cloud.operator), dict[str, Result]()
        while len(found) < count:
            told = {"QueueUrl": self.cloud.operator["OUTPUT_QUEUE_URL"], "WaitTimeSeconds": 10}
            for message in sqs.receive_message(**told, MaxNumberOfMessages=10)["Messages"]:
                result = read_result(message["Body"])
                found[result.upload.key] = result
        return found


@pytest.fixture
def clips(tmp_path: Path) -> Iterator[Clips]:
    with localcloud.running(tmp_path / "cloud") as cloud:
        yield Clips(cloud, tmp_path)


def test_clips_in_s3_are_recognised_through_the_entry_point(clips: Clips, samples: Path) -> None:
    clips.recognition("enrol", samples / "photographs", "--consent-by", "the tests")
    clips.recognition("publish")
    names = ("collins.mp4", "hopper.mp4", "both of them.mp4", "truncated.mp4")
    events = clips.uploaded(*(samples / "clips" / name for name in names))
    answers_of_the_image(events, **clips.environment())
    results = clips.results(len(names))
    seen = {key: sorted(student.student_id for student in result.students) for key, result in results.items()}
    both = ["eileen_collins", "grace_hopper"]
    assert seen == dict(zip(names, (both[:1], both[1:], both, []), strict=True))
    assert results["truncated.mp4"].outcome == "rejected"


def test_a_classroom_clip_is_recognised_through_the_entry_point(clips: Clips, course: Path) -> None:
    material = (course / "encoding", course / "student_data.json")
    clips.recognition("import-legacy", *material, "--consent-by", "the tests")
    clips.recognition("publish")
    videos = sorted((course / "videos").glob("*.mp4"))[:3]
    answers_of_the_image(clips.uploaded(*videos), **clips.environment())
    assert {result.outcome for result in clips.results(len(videos)).values()} == {"recognised"}


def test_the_image_is_small() -> None:
    done = subprocess.run(["du", "-sxb", IMAGE], capture_output=True, text=True, check=True)
    size = int(done.stdout.split()[0])
    parts = ("home/app/venv/lib/python3*/site-packages/*", "usr/lib/*-linux-gnu/openblas-pthread", "usr")
    folders = sorted(path for part in parts for path in Path(IMAGE).glob(part) if path.is_dir())
    done = subprocess.run(["du", "-sxm", *folders], capture_output=True, text=True, check=True)
    lines = sorted(done.stdout.splitlines(), key=lambda line: -int(line.split()[0]))
    print(f"unpacked: {size / 1e6:.0f} MB, {size / 2**20:.0f} MiB; the largest parts, in MiB:")
    print("\n".join(lines[:10]).replace(IMAGE, ""))
    assert size <= MOST_BYTES


def test_the_image_names_a_user_that_is_not_root_and_what_it_was_made_from() -> None:
    name = os.environ.get("IMAGE_NAME", "")
    if not name or not shutil.which("buildah"):
        pytest.skip("IMAGE_NAME names no image that buildah has")
    done = subprocess.run(["buildah", "inspect", "--type", "image", name], capture_output=True, text=True, check=True)
    config = json.loads(done.stdout)["Docker"]["config"]
    assert config["User"].split(":")[0] not in ("", "0", "root")
    assert (config["Entrypoint"], config["Cmd"]) == (["/entry.sh"], ["handler.face_recognition_handler"])
    labels = {label.removeprefix("org.opencontainers.image.") for label in config["Labels"]}
    assert {"title", "version", "revision", "licenses", "base.name"} <= labels


def test_the_image_leaves_nothing_behind_that_the_build_alone_needed() -> None:
    left = [path for path in ("build", "var/lib/apt/lists", "var/cache/apt") if any((Path(IMAGE) / path).glob("*"))]
    assert left == []


def test_students_are_enrolled_and_named_with_the_images_own_dlib_and_models(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "sample_clips.py", tmp_path], check=True)
    tmp_path.chmod(0o755)
    commands = (
        "cp -r /tmp/work /tmp/samples && cd /tmp && export PYTHONPATH=/home/app"
        ' && python3 -m recognition enrol samples/photographs --consent-by "the school office"'
        " && python3 -m recognition identify samples/clips/*.mp4 --students students.json"
    )
    done = subprocess.run(
        in_image("sh", "-c", commands, folder=tmp_path), capture_output=True, text=True, timeout=WAIT_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Eileen Collins" in done.stdout
    assert "Grace Hopper" in done.stdout


@pytest.mark.parametrize("program", ["g++", "cc", "make", "objdump"])
def test_the_image_has_no_tool_of_its_build(program: str) -> None:
    done = subprocess.run(in_image("sh", "-c", f"command -v {program}"), capture_output=True, text=True, check=False)
    assert (done.returncode != 0, done.stdout) == (True, "")
