"""One message's say in when its invocation may start: not after its lease, its window or the tick are over.

Knows leases and the clock. The surprising rule: a throttled message is worth waiting for one function timeout beyond
the receive window, because within that time one of the running functions ends and frees a slot.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from poller.lease import Lease, Leases
from poller.ports import Clock
from poller.settings import READ_MARGIN_S, Settings

LOOK_S = 0.2  # how soon a sleeper notices that the tick halts


@dataclass(frozen=True, slots=True)
class Window:
    """When, on the monotonic clock, a tick stops taking requests and when it must have ended."""

    receives_until: float
    ends_by: float

    @classmethod
    def of(cls, settings: Settings, now: float) -> Window:
        """The window of a tick that begins now."""
        return cls(now + settings.receive_s, now + settings.bound_s)


@dataclass(frozen=True, slots=True)
class LeasedAttempt:
    """See `ports.Attempt`."""

    message_id: str
    leases: Leases
    clock: Clock
    halt: threading.Event
    settings: Settings
    window: Window

    def begin(self) -> bool:
        """Whether to send now; if so, the lease notes it."""
        return not self.halt.is_set() and self.leases.send(self.message_id)

    def never_started(self) -> None:
        """Take the note back."""
        self.leases.unsend(self.message_id)

    def may_wait(self, seconds: float) -> bool:
        """Whether an answer to a request sent after `seconds` would still be awaited under this lease, in this tick."""
        lease, now = self.leases.get(self.message_id), self.clock.monotonic()
        if self.halt.is_set() or lease is None or now >= lease.until:
            return False
        return now + seconds < self._latest_start(lease)

    def pause(self, seconds: float, turn: threading.Event) -> None:
        """Sleep, until it is the message's turn or the tick halts at most."""
        until = self.clock.monotonic() + seconds
        while not self.halt.is_set() and (left := until - self.clock.monotonic()) > 0:
            if self.clock.wait(turn, min(LOOK_S, left)):
                return

    def _latest_start(self, lease: Lease) -> float:
        answer_s = self.settings.function_timeout_s + READ_MARGIN_S
        return min(
            self.window.receives_until + self.settings.function_timeout_s,
            self.window.ends_by - answer_s,
            lease.taken + self.settings.lease_cap_s - answer_s,
        )
