"""What is written down of a running local cloud: its record and its environments; read back, and taken away.

The surprising rule: a record is believed only while the process that it names is the emulator of that folder.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from localcloud import emulator
from localcloud.credentials import loopback, write_environment
from localcloud.errors import LocalCloudError
from localcloud.places import SHARED, Places

ROLES = ("poller", "instructor", "privacy", "console")
ENVIRONMENTS = ("operator", *ROLES)


@dataclass(frozen=True, slots=True)
class Cloud:
    """A running local cloud. The environments hold only what differs: merge them over `os.environ`.

    `operator` may do everything (upload, publish, look); each of the others what the stack's role of that name allows.
    """

    state: Path
    port: int
    pid: int
    operator: dict[str, str]
    poller: dict[str, str]
    instructor: dict[str, str] = field(default_factory=dict)
    privacy: dict[str, str] = field(default_factory=dict)
    console: dict[str, str] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return loopback(self.port)

    @property
    def results(self) -> Path:
        """Where a poller with this environment writes its files."""
        return Places(self.state).results


def written(places: Places, cloud: Cloud) -> Cloud:
    """The cloud, written down under `places`: its environments, then its record."""
    for whose in ENVIRONMENTS:
        write_environment(places.environment(whose), getattr(cloud, whose))
    places.record.touch(mode=0o600)
    places.record.write_text(json.dumps({**asdict(cloud), "state": str(cloud.state)}))
    return cloud


def found(state: Path = SHARED) -> Cloud | None:
    """What runs under `state`, if anything does. Raises `LocalCloudError` if `state` cannot be read or is no folder."""
    try:
        record = Places(state).record.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LocalCloudError(f"cannot look into {state}: {error.strerror}") from error
    cloud = _read(record)
    return cloud if cloud and emulator.runs(cloud.pid, cloud.state) else None


def _read(record: bytes) -> Cloud | None:
    """What `up` wrote; None if it is anything else."""
    try:
        fields = json.loads(record)
        cloud = Cloud(**{**fields, "state": Path(fields["state"])})
    except (ValueError, TypeError, KeyError):
        return None
    return cloud if isinstance(cloud.pid, int) and cloud.pid > 1 else None  # 0 and 1 would be more than one group
