"""ministack, the local AWS: installed once, started on loopback, ended with all that it started.

Knows nothing of Smart Classroom. The surprising rule: ministack hands its own environment to the functions it runs, so
what is set here (the interpreter, TMPDIR) is what they see; and they live in its process group, which ends as a whole.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

from localcloud.credentials import loopback, operator_environment, without_aws
from localcloud.errors import LocalCloudError
from localcloud.places import SHARED, Places

VERSION = "1.5.33"
START_S = 30.0
END_S = 10.0


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
            [python, "-m", "ministack"],
            env=_environment(port, places),
            cwd=places.state,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        if _healthy(port):
            return process.pid
        time.sleep(0.05)
    end(process.pid)
    raise LocalCloudError(f"ministack did not start; its last words in {log}:\n{log.read_text()[-2000:]}")


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


def alive(pid: int) -> bool:
    """Whether the process group that `start` made still has a running member."""
    with contextlib.suppress(ChildProcessError):  # started by an earlier `up --detach`
        os.waitpid(pid, os.WNOHANG)  # a zombie of ours does not count as alive
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return not _only_zombies(pid)


def _only_zombies(group: int) -> bool:
    """Whether all members are dead and merely not reaped: a container's first process may never do that."""
    states = set()
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended just now
            state, _, its_group = file.read_text().rpartition(")")[2].split()[:3]
            states |= {state} if its_group == str(group) else set()
    return states == {"Z"}


def end(pid: int) -> None:
    """End ministack and the functions it started: asked first, then made to. Idempotent."""
    for signal_, patience_s in ((signal.SIGTERM, END_S), (signal.SIGKILL, END_S)):
        if not alive(pid):
            return
        os.killpg(pid, signal_)
        deadline = time.monotonic() + patience_s
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
