"""How often somebody may guess a password. In this process' memory only."""

from __future__ import annotations

import ipaddress
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from console.kept import Kept

MOST_TRIES = 10
TRIES_WITHIN_S = 300.0
MOST_PLACES = 10_000


@dataclass
class Door:
    """Failed sign-ins by where they came from: `MOST_TRIES` within `TRIES_WITHIN_S` and nobody there gets to try, for
    guessing is then more likely than forgetting. Whoever guesses elsewhere shuts nobody out here."""

    clock: Callable[[], float] = time.monotonic
    _failed: Kept[deque[float]] = field(init=False)

    def __post_init__(self) -> None:
        self._failed = Kept(TRIES_WITHIN_S, MOST_PLACES, self.clock)

    def is_shut(self, place: str) -> bool:
        failed = self._failed.get(place)
        return failed is not None and len(failed) == MOST_TRIES and self.clock() - failed[0] < TRIES_WITHIN_S

    def note(self, place: str) -> None:
        """One more try has failed."""
        failed = self._failed.get(place) or deque(maxlen=MOST_TRIES)
        failed.append(self.clock())
        self._failed.put(place, failed)


def place_of(address: str) -> str:
    """Where a request from `address` comes from: the network, of version 6, where everybody has many addresses."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((found, 64 if found.version == 6 else 32), strict=False))
