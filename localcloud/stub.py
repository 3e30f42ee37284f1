"""Puts a function without recognition in the place of the deployed one: the same package and one file more.

Everything else stays as `serverless deploy` made it: role, environment, timeout, queues. See `stub_handler`.
"""

from __future__ import annotations

import io
import time
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localcloud.deployment import client
from localcloud.errors import LocalCloudError
from localcloud.record import Cloud

HANDLER = Path(__file__).with_name("stub_handler.py")
UPDATE_S = 30.0


def replace_recognition(cloud: Cloud, environment: Mapping[str, str] | None = None) -> None:
    """Let the function of `cloud` obey `stub_handler`. `environment` adds to the function's own variables.

    Raises `LocalCloudError` if the emulator does not take it.
    """
    functions, name = client("lambda", cloud.operator), cloud.operator["FUNCTION_NAME"]
    found = functions.get_function(FunctionName=name)
    functions.update_function_code(FunctionName=name, ZipFile=_with_stub(found["Code"]["Location"]))
    _await_update(functions, name)
    variables = {**found["Configuration"]["Environment"]["Variables"], **(environment or {})}
    functions.update_function_configuration(
        FunctionName=name,
        Handler=f"{HANDLER.stem}.face_recognition_handler",
        Environment={"Variables": variables},
    )
    _await_update(functions, name)


def _with_stub(location: str) -> bytes:
    """The package at `location` and the stub's handler beside the real one."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(location, timeout=UPDATE_S) as answer:
        package = io.BytesIO(answer.read())
    with zipfile.ZipFile(package, "a") as archive:
        archive.write(HANDLER, HANDLER.name)
    return package.getvalue()


def _await_update(functions: Any, name: str) -> None:
    deadline = time.monotonic() + UPDATE_S
    while functions.get_function_configuration(FunctionName=name).get("LastUpdateStatus") == "InProgress":
        if time.monotonic() > deadline:
            raise LocalCloudError("the emulator did not take the stub's code")
        time.sleep(0.05)
