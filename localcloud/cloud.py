"""One local cloud with Smart Classroom deployed on it: bring it up, renew its credentials, take it down."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from localcloud import deployment, emulator, processes
from localcloud.credentials import operator_environment
from localcloud.errors import LocalCloudError
from localcloud.places import SHARED, Places, one_at_a_time
from localcloud.record import ENVIRONMENTS, ROLES, Cloud, found, written

CONCURRENCY = 2


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
    return written(places, cloud)


def renew(state: Path = SHARED) -> Cloud | None:
    """What runs under `state`, with new credentials for its roles: they last twelve hours. None where nothing runs."""
    places = Places(state.resolve())
    if not places.state.is_dir():
        return found(places.state)
    with places.lock():
        cloud = found(places.state)
        return written(places, _describe(places, cloud.port, cloud.pid)) if cloud else None


def _describe(places: Places, port: int, pid: int) -> Cloud:
    names = deployment.stack_environment(port)
    operator = {**operator_environment(port), **names}
    roles = {
        whose: {**operator, **deployment.role_credentials(port, names[f"{whose.upper()}_ROLE_ARN"], whose)}
        for whose in ROLES
    }
    roles["poller"]["RESULTS_DIR"] = str(places.results)
    return Cloud(places.state, port, pid, operator, **roles)


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
