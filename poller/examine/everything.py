"""Everything the doctor examines, room by room, and how long each may take.

The surprising rule: it examines what it can without the rest. Without a region AWS is skipped, without one queue's URL
only that queue is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from poller.errors import SettingsError
from poller.examine import cloud, invoker, machine
from poller.examine.finding import Check, Finding, State, run_all
from poller.ports import MeasuredQueue
from poller.settings import Settings
from poller.settings_table import TABLE, TRIGGERS

CREDENTIALS_S = 25.0  # longer than the `timeout 20` that docs/poller.md puts before a credential_process
ANSWERS_S = 20.0
MACHINE_S = 10.0
LONGEST_S = CREDENTIALS_S + ANSWERS_S + MACHINE_S
NETWORK = "check the network, the proxy and AWS_ENDPOINT_URL"
PROCESS = "a credential_process hangs, or the network does: write `timeout 20` before it, and try it by hand"
DISK = "the disk or its server does not answer: check dmesg and the mount"
QUEUES = (
    ("request queue", "request_queue_url", "REQUEST_QUEUE_URL", False),
    ("output queue", "output_queue_url", "OUTPUT_QUEUE_URL", False),
    ("dead letters", "dead_letter_queue_url", "DEAD_LETTER_QUEUE_URL", True),
    ("dead results", "output_dead_letter_queue_url", "OUTPUT_DEAD_LETTER_QUEUE_URL", True),
)

Open = Callable[[str], cloud.Instruments]


def settings(values: Mapping[str, Any], problems: Mapping[str, str]) -> list[Finding]:
    """A finding for each setting that is missing, bad, or at odds with another."""
    broken = list(problems.values())
    if not broken:
        try:
            Settings(**values)
        except SettingsError as error:
            broken = list(error.problems)
    if not broken:
        return [Finding("settings", State.OK, f"all {len(TABLE)} are there and fit each other")]
    advice = "mend it in the crontab's environment file; python -m poller.tick --help explains each"
    return [Finding("settings", State.ERROR, problem, advice) for problem in broken]


def on_this_machine(values: Mapping[str, Any]) -> list[Finding]:
    """Disk, kernel, and whether ticks succeed."""
    checks = [Check("keepalive", machine.keepalive, DISK)]
    path = values.get("results_dir")
    if path is None:
        return [_skipped("results directory", "RESULTS_DIR"), *run_all(checks, MACHINE_S)]
    checks.insert(0, Check("disk space", lambda: machine.room(path), DISK))
    checks.insert(0, Check("results directory", lambda: machine.directory(path), DISK))
    checks.append(Check("last tick", lambda: machine.last_tick(path, time.time()), DISK))
    return run_all(checks, MACHINE_S)


def at_aws(values: Mapping[str, Any], connect: Open) -> list[Finding]:
    """Credentials first; with them all the rest at once; the clock from whatever AWS replied."""
    if "region" not in values:
        return [_skipped("AWS", "AWS_REGION")]
    access = cloud.Access(lambda: connect(values["region"]))
    findings = run_all([Check("credentials", access.credentials, PROCESS)], CREDENTIALS_S)
    instruments = access.instruments
    if instruments is None:
        return [*findings, Finding("AWS", State.SKIPPED, "queues, function and clock need credentials")]
    checks = [Check("identity", lambda: cloud.identity(instruments), NETWORK)]
    skipped = []
    for name, field, variable, dead in QUEUES:
        url = values.get(field)
        if dead and field != "dead_letter_queue_url" and url == values.get("dead_letter_queue_url"):
            continue  # one queue takes in both
        if not url:
            skipped.append(_skipped(name, variable))
            continue
        measured = instruments.queue(url)
        checks.append(Check(name, _queue_check(name, variable, measured, dead), NETWORK))
    if "function_name" not in values:
        skipped.append(_skipped("function", "FUNCTION_NAME"))
    checks += _invoker_checks(values, instruments)
    return [*findings, *run_all(checks, ANSWERS_S), *skipped, cloud.clock(instruments.skews())]


def _invoker_checks(values: Mapping[str, Any], instruments: cloud.Instruments) -> list[Check]:
    """Who invokes the function, as far as the settings go that tell of it."""
    told, checks = values.get("trigger", TRIGGERS[0]), []
    if name := values.get("function_name"):
        checks.append(Check("function", lambda: invoker.function(name, instruments, told), NETWORK))
    if url := values.get("request_queue_url"):
        timeout_s, lease_s = (values.get(field, 0) for field in ("function_timeout_s", "visibility_s"))
        requests = instruments.queue(url)
        checks.append(Check("trigger", lambda: invoker.trigger(told, requests, timeout_s, lease_s), NETWORK))
    return checks


def _queue_check(name: str, variable: str, measured: MeasuredQueue, dead: bool) -> Callable[[], Finding]:
    return lambda: cloud.queue(name, variable, measured, dead)


def _skipped(check: str, variable: str) -> Finding:
    return Finding(check, State.SKIPPED, f"needs {variable}")
