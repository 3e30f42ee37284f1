"""Files one result: its CSV and its full record, side by side, once.

Knows names and the directory, not the queue. The surprising rule: the record (.json) is written after the CSV, so a
record stands for a complete pair; and a second, different result of the same work never replaces the first.
"""

from __future__ import annotations

from typing import Literal

from poller.durable import DurableDirectory
from poller.naming import content_digest, stem, variant
from wire.errors import WireError
from wire.result_json import read_result
from wire.result_message import Result

Filed = Literal["written", "already_there", "kept_both"]


def file_result(directory: DurableDirectory, result: Result, body: str) -> Filed:
    """Make the pair durable. `body` is the message as received. Raises `OSError`, and `UnicodeError` before writing."""
    name, csv, record = stem(result), result.csv.encode(), body.encode()
    kept = directory.read(f"{name}.json")
    differs = kept is not None and _digest(kept) != content_digest(result)
    if differs:
        name = variant(name, result)
        kept = directory.read(f"{name}.json")
    if kept is not None and directory.read(f"{name}.csv") == csv:
        directory.settle()
        return "already_there"
    directory.write(f"{name}.csv", csv)
    if kept is None:
        directory.write(f"{name}.json", record)
    return "kept_both" if differs else "written"


def _digest(record: bytes) -> str:
    """What a record on disk says; nothing, if somebody has edited it beyond recognition."""
    try:
        return content_digest(read_result(record))
    except (WireError, ValueError):
        return ""
