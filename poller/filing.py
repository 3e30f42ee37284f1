"""Files one result: its CSV and its full record, side by side, once.

Knows names and the directory, not the queue. The surprising rule: the record (.json) is written after the CSV, so a
record stands for a complete pair; and a second, different result of the same work never replaces the first. The record
is the message as it came; the CSV, which a spreadsheet opens, is made harmless once more, whoever sent it.
"""

from __future__ import annotations

from typing import Literal

from poller.durable import DurableDirectory
from poller.naming import content_digest, stem, variant
from wire.errors import WireError
from wire.result_csv import neutralise
from wire.result_json import read_result
from wire.result_message import Result

RECORD_BYTES = 4 << 20  # four times what SQS carries: whatever is longer was not written by us, and is not read

Filed = Literal["written", "already_there", "kept_both"]


def file_result(directory: DurableDirectory, result: Result, body: str) -> Filed:
    """Make the pair durable. `body` is the message as received. Raises `OSError`, and `WireError` before writing."""
    name, csv, record = stem(result), neutralise(result.csv).encode(), _encoded(body)
    kept = directory.read(f"{name}.json", RECORD_BYTES)
    differs = kept is not None and _digest(kept) != content_digest(result)
    if differs:
        name = variant(name, result)
        kept = directory.read(f"{name}.json", RECORD_BYTES)
    if kept is not None and directory.read(f"{name}.csv", len(csv) + 1) == csv:
        directory.settle()
        return "already_there"
    directory.write(f"{name}.csv", csv)
    if kept is None:
        directory.write(f"{name}.json", record)
    return "kept_both" if differs else "written"


def _encoded(body: str) -> bytes:
    try:
        return body.encode()
    except UnicodeError as error:
        raise WireError("the message holds half a character, which could never be written out") from error


def _digest(record: bytes) -> str:
    """What a record on disk says; nothing, if somebody has edited it beyond recognition."""
    try:
        return content_digest(read_result(record))
    except (WireError, ValueError):
        return ""
