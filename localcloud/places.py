"""Where localcloud keeps things: one folder an instance, one virtual environment for them all, locks."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localcloud.errors import LocalCloudError

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

    def environment(self, whose: str) -> Path:
        """Where the environment of `whose` ("operator", say) lies as a file."""
        return self.state / f"{whose}.env"

    def make(self) -> None:
        """Make the folders. Idempotent. Raises `LocalCloudError` where there can be none."""
        try:
            for folder in (self.state, self.logs, self.temporary, self.results):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold this instance: who brings it up and who takes it down wait for each other. Its folder must exist."""
        try:
            file = (self.state / "up.lock").open("w")
        except OSError as error:
            raise self._unusable(error) from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _unusable(self, error: OSError) -> LocalCloudError:
        reason = "it is a file" if self.state.is_file() else error.strerror
        return LocalCloudError(f"{self.state} cannot be the folder of an instance: {reason}")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold this working tree's lock: npm, pip and `serverless` write into it and do not expect company."""
    SHARED.mkdir(exist_ok=True)
    with (SHARED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def hold_for_good() -> None:
    """Hold the same lock until this process ends, whatever program it becomes."""
    SHARED.mkdir(exist_ok=True)
    lock = os.open(SHARED / "lock", os.O_WRONLY | os.O_CREAT, 0o644)
    os.set_inheritable(lock, True)
    fcntl.flock(lock, fcntl.LOCK_EX)
