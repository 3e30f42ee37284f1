"""One local cloud with Smart Classroom deployed on it: bring it up, find it again, take it down."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from localcloud import deployment, emulator, processes
from localcloud.credentials import loopback, operator_environment, write_environment
from localcloud.errors import LocalCloudError
from localcloud.places import SHARED, Places, one_at_a_time

CONCURRENCY = 2
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


def up(
    state: Path = SHARED,
    port: int = 0,
    concurrency: int = CONCURRENCY,
    parameters: Mapping[str, str] | None = None,
) -> Cloud:
    """Start an emulator under `state`, deploy the stage `local` and write the environments as files.

    `port` 0 or taken: any free one. `parameters` are stage parameters of serverless.yml, `functionTimeout` for example.
    Raises `LocalCloudError`; nothing is left running then.
    """
    emulator.check_port(port)
    deployment.check_concurrency(concurrency)
    places = Places(state.resolve())
    places.make()
    with places.lock():
        if found(places.state):
            raise LocalCloudError(f"already up under {places.state}: `python -m localcloud down` first")
        with one_at_a_time():
            python = emulator.install()
            deployment.install_tools()
        chosen = emulator.free_port(port)
        pid = emulator.start(python, chosen, places)
        try:
            return _furnish(places, chosen, pid, concurrency, parameters or {})
        except BaseException:  # Ctrl-C as well
            processes.end(pid)
            raise


def _furnish(places: Places, port: int, pid: int, concurrency: int, parameters: Mapping[str, str]) -> Cloud:
    """Deploy onto the emulator and write down what came of it, the record last."""
    with one_at_a_time():
        deployment.deploy(port, places, {"functionConcurrency": str(concurrency), **parameters})
    cloud = _describe(places, port, pid)
    deployment.limit_concurrency(port, cloud.operator["FUNCTION_NAME"], concurrency)
    return _written(places, cloud)


def renew(state: Path = SHARED) -> Cloud | None:
    """What runs under `state`, with new credentials for its roles: they last twelve hours. None where nothing runs."""
    places = Places(state.resolve())
    if not places.state.is_dir():
        return found(places.state)
    with places.lock():
        cloud = found(places.state)
        return _written(places, _describe(places, cloud.port, cloud.pid)) if cloud else None


def _written(places: Places, cloud: Cloud) -> Cloud:
    """Write down what runs, the record last."""
    for whose in ENVIRONMENTS:
        write_environment(places.environment(whose), getattr(cloud, whose))
    places.record.touch(mode=0o600)
    places.record.write_text(json.dumps({**asdict(cloud), "state": str(cloud.state)}))
    return cloud


def _describe(places: Places, port: int, pid: int) -> Cloud:
    names = deployment.stack_environment(port)
    operator = {**operator_environment(port), **names}
    roles = {
        whose: {**operator, **deployment.role_credentials(port, names[f"{whose.upper()}_ROLE_ARN"], whose)}
        for whose in ROLES
    }
    roles["poller"]["RESULTS_DIR"] = str(places.results)
    return Cloud(places.state, port, pid, operator, **roles)


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


def down(state: Path = SHARED) -> bool:
    """End what runs under `state` and all its processes; logs and results stay. Whether there was anything to end.

    Waits for an `up` that is under way. Raises `LocalCloudError` if `state` cannot be read or is no folder.
    """
    places = Places(state.resolve())
    if not places.state.is_dir():
        return found(places.state) is not None
    with places.lock():
        cloud = found(places.state)
        if cloud:
            processes.end(cloud.pid)
        for path in (places.record, *map(places.environment, ENVIRONMENTS)):
            path.unlink(missing_ok=True)
        shutil.rmtree(places.temporary, ignore_errors=True)
    return cloud is not None


@contextmanager
def running(
    state: Path | None = None,
    port: int = 0,
    concurrency: int = CONCURRENCY,
    parameters: Mapping[str, str] | None = None,
) -> Iterator[Cloud]:
    """A local cloud for the length of a `with`; without `state` in a temporary folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="localcloud-") as folder:
        home = state or Path(folder)
        cloud = up(home, port, concurrency, parameters)
        try:
            yield cloud
        finally:
            down(home)
