"""Where decoding children come from: starts the nursery and has it fork one for each clip. Linux and macOS.

Knows neither video nor AWS. The surprising rule: a `Sandbox` lives as long as the program, is safe to share between
threads, and replaces a nursery that ended.

Why not `multiprocessing`'s fork server: it inherits the environment, and with it AWS' credentials; it imports the
main program into every child; and on a platform without abstract sockets it writes to the temporary folder.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from recognition.decoding.limits import WALL_S
from recognition.decoding.messages import Budget
from recognition.decoding.parent import Child, Epitaph, SandboxLost
from recognition.errors import SetupError

DECODER = "recognition.decoding.child"
START_S = 60.0  # for a new nursery to answer; a cold start on a busy machine takes seconds

# What a Python built as a shared library may need to start. Nothing else of the environment is handed on.
_HANDED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# A fresh process takes each page of memory by a fault of its own. With glibc, large pages where the kernel has them,
# and keeping what was freed, save a fifth of the processor time of a clip's first picture; others ignore this.
_MALLOC = ("hugetlb=1", "mmap_threshold=33554432", "trim_threshold=1073741824")
_START = """\
import sys, json
sys.path[:] = json.loads(sys.argv[1])
from recognition.decoding.nursery import run
run(int(sys.argv[2]), sys.argv[3])
"""


class Sandbox:
    """Where decoding children come from. `program` names the module of what a child does."""

    def __init__(self, program: str = DECODER, wall_s: float = WALL_S) -> None:
        self._program = program
        self._wall_s = wall_s
        self._nursery: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._lock = threading.Lock()
        self.cpu_s = 0.0
        """CPU seconds spent outside this process on all clips closed so far, the nursery's own included."""
        os.register_at_fork(after_in_child=self._forget)

    @property
    def nursery_pid(self) -> int | None:
        """The process id of the nursery, if one was started."""
        return self._nursery.pid if self._nursery else None

    def prepare(self) -> None:
        """Start the nursery if none is running. Returns at once: it loads while the caller does something else."""
        with self._lock:
            self._running()

    def child(self) -> Child:
        """A fresh child. Raises `SetupError` when the nursery cannot be started, `SandboxLost` when it ended."""
        ours, its = socket.socketpair()
        lifeline, its_lifeline = socket.socketpair()
        with its, its_lifeline:
            try:
                self._ask_for_child(its.fileno(), its_lifeline.fileno())
            except BaseException:
                ours.close()
                lifeline.close()
                raise
        return Child(ours, lifeline, Budget(self._wall_s), self._account)

    def close(self) -> None:
        """End the nursery and every child, and wait for it."""
        with self._lock:
            self._close()

    def _ask_for_child(self, *fds: int) -> None:
        """Have a child forked. A nursery that ended since the last clip is replaced; a new one that ends is a fault."""
        with self._lock:
            while True:
                control, fresh = self._running()
                try:
                    socket.send_fds(control, [b"c"], list(fds))
                    answer = control.recv(1)
                except OSError:  # it ended, or does not answer in time
                    answer = b""
                if answer == b"+":
                    return
                if answer == b"-":
                    raise SandboxLost("the system has no room for one more process")
                self._close()
                if fresh:
                    raise SetupError(
                        "the process that decodes clips cannot be started; its error is on standard error."
                        " Are the packages of requirements.txt installed for this Python?"
                    )

    def _account(self, epitaph: Epitaph) -> None:
        with self._lock:
            self.cpu_s += epitaph.cpu_s

    def _running(self) -> tuple[socket.socket, bool]:
        """The control socket, and whether its nursery was started just now."""
        if self._control and self._nursery and self._nursery.poll() is None:
            return self._control, False
        self._close()
        self._control, its = socket.socketpair()
        self._control.settimeout(START_S)
        with its:
            self._nursery = _start_nursery(its.fileno(), self._program)
        return self._control, True

    def _close(self) -> None:
        if self._control:
            self._control.close()
        if self._nursery:
            try:
                self._nursery.wait(5)
            except subprocess.TimeoutExpired:
                self._nursery.kill()
                self._nursery.wait()
        self._control = self._nursery = None

    def _forget(self) -> None:
        """After a fork the nursery is the parent's."""
        if self._control:
            self._control.close()
        self._control = self._nursery = None
        self._lock = threading.Lock()


def _start_nursery(control_fd: int, program: str) -> subprocess.Popen[bytes]:
    """A new Python with our import path and next to no environment, in a session of its own: Ctrl-C is not for it.

    It writes nothing anywhere, no byte code either.
    """
    if not sys.executable:
        raise SetupError("decoding needs a Python interpreter to start, and this program does not say where its own is")
    path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    return subprocess.Popen(  # noqa: S603 - our own interpreter, our own program
        [sys.executable, "-I", "-S", "-B", "-c", _START, path, str(control_fd), program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={"GLIBC_TUNABLES": ":".join(f"glibc.malloc.{each}" for each in _MALLOC)}
        | {name: os.environ[name] for name in _HANDED_ON if name in os.environ},
        pass_fds=(control_fd,),
        cwd="/",
        start_new_session=True,
    )
