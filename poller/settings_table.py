"""The table of the poller's settings: its environment variables, how each is read, what it is for, its default.

Knows texts, and nothing of how the values fit one another: `settings` does. The surprising rule: reader, help and
documentation are all made of this table, so that a setting cannot be missing in one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRIGGERS = ("poller", "queue")  # who invokes the function: the stage's parameter of that name
DEAD_LETTERS = "DEAD_LETTER_QUEUE_URL"  # also, by name, the default of the results' own dead-letter queue


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table. `names` are environment variables, the first that is set wins."""

    field: str
    names: tuple[str, ...]
    read: Callable[[str], Any]
    about: str
    default: str | None = None


def _text(value: str) -> str:
    return value


def _url(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("is not a URL")
    return value


def _url_or_same(value: str) -> str:
    return "" if value == DEAD_LETTERS else _url(value)


def _level(value: str) -> str:
    if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("is not one of DEBUG, INFO, WARNING, ERROR")
    return value.upper()


def _trigger(value: str) -> str:
    if value not in TRIGGERS:
        raise ValueError(f"is not {' or '.join(TRIGGERS)}")
    return value


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ValueError(f"is not a whole number from {low} to {high}")
        return int(value)

    return read


TABLE: tuple[Setting, ...] = (
    Setting("request_queue_url", ("REQUEST_QUEUE_URL",), _url, "queue of S3's notifications"),
    Setting("output_queue_url", ("OUTPUT_QUEUE_URL",), _url, "queue of the function's results"),
    Setting("dead_letter_queue_url", (DEAD_LETTERS,), _url, "where unreadable messages go, with a reason"),
    Setting(
        "output_dead_letter_queue_url",
        ("OUTPUT_DEAD_LETTER_QUEUE_URL",),
        _url_or_same,
        "where unreadable results go instead",
        DEAD_LETTERS,
    ),
    Setting("function_name", ("FUNCTION_NAME",), _text, "the function to invoke (name or ARN)"),
    Setting("results_dir", ("RESULTS_DIR",), Path, "directory of the result files; made (0700) if it is missing"),
    Setting("region", ("AWS_REGION", "AWS_DEFAULT_REGION"), _text, "AWS region of all of these"),
    Setting(
        "trigger",
        ("POLLER_TRIGGER",),
        _trigger,
        "who invokes the function, as the stage is deployed; if queue, a tick files results and takes no requests",
        "poller",
    ),
    Setting("concurrency", ("POLLER_CONCURRENCY",), _whole(1, 100), "invocations at once", "8"),
    Setting(
        "receive_s",
        ("POLLER_RECEIVE_S",),
        _whole(1, 900),
        "for how long a tick takes new requests, s",
        "45",
    ),
    Setting("bound_s", ("POLLER_BOUND_S",), _whole(1, 3600), "a tick never lasts longer, s", "960"),
    Setting(
        "visibility_s", ("POLLER_VISIBILITY_S",), _whole(2, 43200), "a lease's length between heartbeats, s", "120"
    ),
    Setting("heartbeat_s", ("POLLER_HEARTBEAT_S",), _whole(1, 3600), "time between two heartbeats, s", "40"),
    Setting("lease_cap_s", ("POLLER_LEASE_CAP_S",), _whole(2, 43200), "no lease lasts longer in all, s", "960"),
    Setting("function_timeout_s", ("FUNCTION_TIMEOUT_S",), _whole(1, 900), "the function's own timeout, s", "300"),
    Setting("wait_s", ("POLLER_WAIT_S",), _whole(1, 20), "length of a long poll, s", "20"),
    Setting(
        "result_retention_days",
        ("RESULT_RETENTION_DAYS",),
        _whole(0, 3650),
        "results on this machine are removed after so many days; 0: never",
        "365",
    ),
    Setting("log_level", ("POLLER_LOG_LEVEL",), _level, "DEBUG, INFO, WARNING or ERROR", "INFO"),
)
