"""Random faults on the wire, for either proxy. `share` of all calls go wrong, in one of the ways that fit the call.

The surprising rule: a seed alone does not repeat a run, because threads and processes race; it repeats how much of
what goes wrong.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field

from tests.chaos.proxy import LOST_ANSWER, LOST_REQUEST, Call, Fault, error, said

HICCUP = Fault(hold_s=0.5)
CUT = Fault(cut=1)
DOWN = error(503, "ServiceUnavailable")

ANY: dict[str, Fault] = {"request lost": LOST_REQUEST, "answer lost": LOST_ANSWER, "503": DOWN, "slow": HICCUP}
BY_OPERATION: dict[str, dict[str, Fault]] = {
    "Invoke": {
        **ANY,
        "answer cut": CUT,
        "429": error(429, "TooManyRequestsException", retry_after="1"),
        "409": error(409, "ResourceConflictException"),
        "200 of rubbish": said(b"<html>proxy</html>"),
    },
    "ReceiveMessage": {**ANY, "throttled": error(400, "RequestThrottled")},
    "DeleteMessageBatch": {**ANY, "200 of nothing": said(b"{}")},
    "UpdateItem": {**ANY, "throttled": error(400, "ProvisionedThroughputExceededException")},
}


@dataclass
class Weather:
    """Chooses a fault for a call now and then, and counts what it chose."""

    seed: int
    share: float
    chosen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Fault | None:
        with self._lock:
            if self._dice.random() >= self.share:
                return None
            name, fault = self._dice.choice(list(BY_OPERATION.get(call.operation, ANY).items()))
            self.chosen[f"{call.operation}: {name}"] += 1
            return fault

    def clear_up(self) -> None:
        """No more faults from now on."""
        self.share = 0.0
