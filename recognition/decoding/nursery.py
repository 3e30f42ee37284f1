"""The clean process that forks one child for each clip. Started by `sandbox`, without credentials in its environment.

Knows nothing of clips. It has loaded what a child needs, so that a fork costs 2 ms where a new interpreter takes 200.
The surprising rule: it buries a child only when the function says so, by hanging up: until then the process id cannot
go to another process, so nobody else is ever killed.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from recognition.decoding import limits

EPITAPH = struct.Struct("!idd")
"""How a child ended (as `os.wait4` says), its CPU seconds, and the nursery's own since the epitaph before."""

Serve = Callable[[socket.socket], None]


def run(control_fd: int, program: str) -> None:
    """Serve the socket `control_fd` until the function is gone.

    `program` is the module of what a child does: its `rehearse()` is called once, here, and has to load everything that
    its `serve(connection)` will need. Each byte on the socket brings two descriptors, the child's connection and a
    lifeline, and is answered by `+`, or `-` when the system has no room for a process. On the lifeline's end the child
    is killed, and its epitaph sent.
    """
    module = importlib.import_module(program)
    module.rehearse()
    limits.bind_nursery()
    _hush()
    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=control_fd)
    _Nursery(control, module.serve).run()


def _hush() -> None:
    """From here on nothing is written to standard error: what a hostile clip makes a library say is no log line."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    os.close(nowhere)


class _Nursery:
    def __init__(self, control: socket.socket, serve: Serve) -> None:
        self._control = control
        self._serve = serve
        self._children: dict[socket.socket, int] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._accounted_s = 0.0
        self._born_bytes = limits.virtual_bytes()

    def run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._control:
                    self._bury(key.fileobj)  # type: ignore[arg-type]
                elif not self._bear():
                    for lifeline in list(self._children):
                        self._bury(lifeline)
                    return

    def _bear(self) -> bool:
        """Fork a child if one is asked for; False when the function is gone."""
        asked, fds, _, _ = socket.recv_fds(self._control, 1, 2)
        if not asked:
            return False
        connection, lifeline = (socket.socket(fileno=fd) for fd in fds)
        try:
            pid = os.fork()
        except OSError:
            lifeline.close()
            self._control.sendall(b"-")
        else:
            if pid == 0:
                lifeline.close()
                self._live(connection)
            self._children[lifeline] = pid
            self._selector.register(lifeline, selectors.EVENT_READ)
            self._control.sendall(b"+")
        connection.close()
        return True

    def _live(self, connection: socket.socket) -> NoReturn:
        """The child: everything that is not its own is closed, then it serves."""
        status = 70
        try:
            self._selector.close()
            for other in (self._control, *self._children):
                other.close()
            limits.bind_child(self._born_bytes)
            self._serve(connection)
            status = 0
        finally:
            os._exit(status)

    def _bury(self, lifeline: socket.socket) -> None:
        self._selector.unregister(lifeline)
        pid = self._children.pop(lifeline)
        os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        own_s, self._accounted_s = time.process_time() - self._accounted_s, time.process_time()
        with suppress(OSError):  # the function may be gone; the control socket will tell
            lifeline.sendall(EPITAPH.pack(status, usage.ru_utime + usage.ru_stime, own_s))
        lifeline.close()
