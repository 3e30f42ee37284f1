"""What this machine's ticks have done: a bounded history, and the last success, as files beside the results.

Knows the directory and nothing of AWS. The surprising rule: what lies there is not trusted. Lines that cannot be read
are dropped, so that a damaged history never keeps a tick from working.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone

from poller.durable import DurableDirectory

HISTORY = ".ticks.jsonl"
LAST_SUCCESS = ".last-success.json"
TICKS = 1500  # a day and an hour of a tick a minute
SUCCESSES = (0, 1)  # exit codes; with 1 some messages come again, which is SQS's business

Record = Mapping[str, float | str]


def keep(directory: DurableDirectory, record: Mapping[str, float], now: float) -> None:
    """Add a tick that ends `now` (seconds since the epoch) to the history. Raises `OSError`."""
    line: Record = {"at": datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="seconds"), **record}
    lines = [json.dumps(known) for known in (*ticks(directory)[1 - TICKS :], line)]
    directory.write(HISTORY, "".join(f"{text}\n" for text in lines).encode())
    if record["exit_code"] in SUCCESSES:
        directory.write(LAST_SUCCESS, json.dumps({"at": line["at"], "epoch": now}).encode())


def ticks(directory: DurableDirectory) -> list[Record]:
    """The ticks on record, oldest first: `at` (ISO 8601), counts, `seconds`, `exit_code`. Raises `OSError`."""
    lines = (directory.read(HISTORY) or b"").decode(errors="replace").splitlines()
    return [record for line in lines if (record := _readable(line))]


def last_success(directory: DurableDirectory) -> float | None:
    """When a tick last ended without trouble, in seconds since the epoch; None if none is on record. `OSError`."""
    record = _readable((directory.read(LAST_SUCCESS) or b"").decode(errors="replace"))
    epoch = record.get("epoch")
    return float(epoch) if isinstance(epoch, int | float) else None


def _readable(line: str) -> Record:
    """The plain values of a line's object; nothing, if it is none."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    return {str(name): value for name, value in said.items() if isinstance(value, int | float | str)}
