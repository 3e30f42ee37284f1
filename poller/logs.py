"""Structured logs: one line of JSON an event, on stderr.

The surprising rule: only the fields named in `FIELDS` are ever printed, and no foreign text. Keys, names, bodies and
receipt handles have no field, so that they cannot slip in; work goes by the first twelve digits of its job id. An
exception is told by its class and its place, never by its text: that may quote what it choked on.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import TextIO

LOGGER = "poller"
COUNTS = (
    "received",
    "done",
    "failed",
    "in_work",
    "not_started",
    "held",
    "dead_lettered",
    "results",
    "kept_both",
    "results_failed",
)
WAITS = ("request_wait_s", "result_wait_s")  # the longest until a request was received, until a result was filed
FIELDS = frozenset((*COUNTS, *WAITS)) | {
    "message",
    "jobs",
    "outcome",
    "receive_count",
    "seconds",
    "count",
    "operation",
    "code",
    "error",
    "hint",
    "request_id",
    "drain_only",
    "trigger",
    "exit_code",
    "where",
}


class JsonLines(logging.Formatter):
    """A record as one line. A library's record gives its logger's name only; its text may hold anything."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        at = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"at": at, "level": record.levelname}
        if record.name == LOGGER:
            line["event"] = record.msg
            line |= {name: value for name, value in getattr(record, "fields", {}).items() if name in FIELDS}
        else:
            line |= {"event": "library", "logger": record.name}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, default=str)


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send our events from `level` on, and the libraries' warnings, to `stream` (default stderr)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger(LOGGER).setLevel(level)


def speak_alone() -> None:
    """For the rest of the program nothing but our lines goes to stderr: no traceback, no warning of a library."""
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # or a line that cannot be written becomes a traceback
    sys.excepthook = lambda _, error, __: log_unexpected(error)
    threading.excepthook = lambda told: log_unexpected(told.exc_value)
    sys.unraisablehook = lambda told: log_unexpected(told.exc_value)


def log_unexpected(error: BaseException | None, **fields: object) -> None:
    """Report an exception that nobody has foreseen: its class and the way to it, the latest place first."""
    places = traceback.extract_tb(error.__traceback__) if error else []
    where = " < ".join(f"{Path(place.filename).name}:{place.lineno}" for place in reversed(places))
    log(logging.ERROR, "unexpected", error=type(error).__name__, where=where, **fields)


def log(level: int, event: str, **fields: object) -> None:
    """Report `event` with fields out of `FIELDS`."""
    logging.getLogger(LOGGER).log(level, event, extra={"fields": fields})
