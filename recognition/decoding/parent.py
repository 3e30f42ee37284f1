"""The function's end of one decoding child: what is said to it, what it may take, and how it ended.

Knows neither video nor how children are made. A `Child` belongs to one clip and one thread. The surprising rule: a
child that does not answer is the clip's fault, and only a nursery that cannot tell how it ended is not.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from recognition.decoding.messages import Budget, Silence, receive, receive_into, send
from recognition.decoding.nursery import EPITAPH
from recognition.errors import ClipRejected, RecognitionError

NONSENSE = "the clip made the decoder talk nonsense"
BURIAL_S = 60.0  # for the nursery to kill a child and say how it ended; a busy machine takes its time


class SandboxLost(RecognitionError):
    """The process that forks the decoding children ended, or the system has no room for one more. Try again."""


@dataclass(frozen=True, slots=True)
class Epitaph:
    """How a child ended: the signal that killed it, if any, and the CPU seconds spent on the clip by it and for it."""

    killed_by: int | None
    cpu_s: float


class Child:
    """One clip's decoding child. Whoever has it must `close` it."""

    def __init__(
        self,
        connection: socket.socket,
        lifeline: socket.socket,
        budget: Budget,
        account: Callable[[Epitaph], None],
    ) -> None:
        self._connection = connection
        self._lifeline = lifeline
        self._budget = budget
        self._account = account
        self._epitaph: Epitaph | None = None

    def send(self, words: Mapping[str, Any], payload: bytes = b"") -> None:
        """Raises `ClipRejected` with the reason when the child has ended."""
        try:
            send(self._connection, words, payload, self._budget)
        except (OSError, Silence) as error:
            raise self._failed(error) from error

    def receive(self) -> tuple[dict[str, Any], int]:
        """The next message's words and the size of its payload. Raises `ClipRejected` when it does not come."""
        try:
            return receive(self._connection, self._budget)
        except (EOFError, ValueError, RecursionError, Silence) as error:
            raise self._failed(error) from error

    def receive_into(self, view: memoryview) -> None:
        """Fill `view` with payload. Raises `ClipRejected` when it does not come."""
        try:
            receive_into(self._connection, view, self._budget)
        except (EOFError, Silence) as error:
            raise self._failed(error) from error

    def close(self) -> Epitaph:
        """Kill the child, wait until it is gone, say how it ended. Raises `SandboxLost` if nobody can tell."""
        if self._epitaph is None:
            self._epitaph = self._bury()
            self._account(self._epitaph)
        return self._epitaph

    def _bury(self) -> Epitaph:
        self._connection.close()
        said = bytearray(EPITAPH.size)
        with self._lifeline as lifeline:
            try:
                lifeline.shutdown(socket.SHUT_WR)
                receive_into(lifeline, memoryview(said), Budget(BURIAL_S))
            except (OSError, EOFError, Silence) as error:
                raise SandboxLost("the process that forks the decoding children ended") from error
        status, child_s, own_s = EPITAPH.unpack(said)
        return Epitaph(os.WTERMSIG(status) if os.WIFSIGNALED(status) else None, child_s + own_s)

    def _failed(self, error: Exception) -> ClipRejected:
        """Why a child does not answer any more, in words for an instructor."""
        if isinstance(error, Silence):
            return ClipRejected("decoding the clip takes longer than is allowed")
        if isinstance(error, ValueError | RecursionError):
            return ClipRejected(NONSENSE)
        killed_by = self.close().killed_by
        if killed_by == signal.SIGXCPU:
            return ClipRejected("decoding the clip takes more processor time than is allowed")
        return ClipRejected("the clip makes the decoder crash")
