"""ministack, the local AWS: installed once, started on loopback, ended with all that it started.

Knows nothing of Smart Classroom. The surprising rule: ministack hands its own environment to the functions it runs, so
what is set here (the interpreter, TMPDIR) is what they see; and they live in its process group, which ends as a whole.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

from localcloud import processes
from localcloud.credentials import loopback, operator_environment, without_aws
from localcloud.errors import LocalCloudError
from localcloud.places import SHARED, Places

VERSION = "1.5.33"
START_S = 30.0
LAST_PORT = 65_535
FUNCTION = "-m awslambdaric"  # how entry.sh runs the function, which may outlive a ministack that crashed


def install() -> Path:
    """The Python that has ministack, in a virtual environment of its own: it pins a botocore that is not ours."""
    home = SHARED / "ministack-venv"
    python, complete = home / "bin" / "python", home / f"complete-{VERSION}"
    if complete.exists():
        return python
    print(f"localcloud: installing ministack {VERSION} (once)", file=sys.stderr, flush=True)
    venv.create(home, clear=True, with_pip=True)
    command: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        f"ministack=={VERSION}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LocalCloudError(f"pip could not install ministack {VERSION}: is there a network?\n{done.stderr.strip()}")
    complete.touch()
    return python


def check_port(wanted: int) -> None:
    """Raise `LocalCloudError` for what no port can be."""
    if not 0 <= wanted <= LAST_PORT:
        raise LocalCloudError(f"{wanted} is no port: 0 (any) to {LAST_PORT}")


def free_port(wanted: int) -> int:
    """`wanted` if nobody has it, else any free port of the loopback."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise LocalCloudError("no free port on 127.0.0.1")


def start(python: Path, port: int, places: Places) -> int:
    """Start ministack in a process group of its own and wait until it answers: its process id."""
    log = places.logs / "ministack.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [python, "-X", mark(places.state), "-m", "ministack"],
            env=_environment(port, places),
            cwd=places.state,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_healthy(process, port, log)
    except BaseException:  # Ctrl-C as well
        processes.end(process.pid)
        raise
    return process.pid


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        if _healthy(port):
            return
        time.sleep(0.05)
    raise LocalCloudError(f"ministack did not start; its last words in {log}:\n{log.read_text()[-2000:]}")


def runs(pid: int, state: Path) -> bool:
    """Whether `pid` still is the group of the ministack that `start` started for `state`, or what is left of it."""
    return processes.runs(pid, (f"{mark(state)} -m ministack", FUNCTION))


def mark(state: Path) -> str:
    """An option that Python ignores and that tells this ministack from those of other folders.

    A digest of the folder: ps garbles what is not ASCII.
    """
    return f"localcloud={hashlib.sha256(os.fsencode(state)).hexdigest()[:16]}"


def _environment(port: int, places: Places) -> dict[str, str]:
    ours = ("PYTHONPATH", "PYTHONHOME")  # they would lead it, and the deployed code, to other modules than its own
    return {
        **{name: value for name, value in without_aws(os.environ).items() if name not in ours},
        **operator_environment(port),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": operator_environment(port)["AWS_REGION"],
        "AUTH": "true",  # verify signatures, enforce IAM
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "TMPDIR": str(places.temporary),
        "SMART_CLASSROOM_PYTHON": sys.executable,
        "PYTHONUNBUFFERED": "1",
    }


def _healthy(port: int) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{loopback(port)}/_ministack/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
