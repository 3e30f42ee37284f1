"""Where localcloud keeps things: one folder an instance, one virtual environment and one lock for them all."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY / ".localcloud"


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one instance under `state`."""

    state: Path

    @property
    def record(self) -> Path:
        """Process and port of what runs here; absent when nothing does."""
        return self.state / "running.json"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def temporary(self) -> Path:
        """The emulator's and the functions' TMPDIR."""
        return self.state / "tmp"

    @property
    def results(self) -> Path:
        """RESULTS_DIR of the poller's environment."""
        return self.state / "results"

    @property
    def operator(self) -> Path:
        return self.state / "operator.env"

    @property
    def poller(self) -> Path:
        return self.state / "poller.env"

    def make(self) -> None:
        """Make the folders. Idempotent."""
        for folder in (self.state, self.logs, self.temporary, self.results):
            folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold this working tree's lock: npm, pip and `serverless` write into it and do not expect company."""
    SHARED.mkdir(exist_ok=True)
    with (SHARED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
