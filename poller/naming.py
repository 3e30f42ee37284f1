"""How a result's files are called: a readable slug of the key and twelve digits of the job id. Pure.

The surprising rule: the key is only ever decoration. It never becomes a path, and the digits alone tell files apart.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import replace

from wire.result_json import write_result
from wire.result_message import Result

SLUG_CHARACTERS = 80
ID_DIGITS = 12
VARIANT_DIGITS = 8


def slug(key: str) -> str:
    """1 to 80 characters of [A-Za-z0-9._-] that do not begin with a dash or a dot; the key's end if it is long."""
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    dashed = re.sub(r"[^A-Za-z0-9._-]+", "-", plain)
    return dashed[-SLUG_CHARACTERS:].strip("-.") or "clip"


def short(job_id: str) -> str:
    """The first twelve digits of a job id: what files, logs and people call a piece of work by."""
    return job_id[:ID_DIGITS]


def stem(result: Result) -> str:
    """The file name of `result` without its suffix."""
    return f"{slug(result.upload.key)}-{short(result.upload.job_id)}"


def variant(stem: str, result: Result) -> str:
    """The stem for a result that differs from one already kept under `stem`."""
    return f"{stem}-{content_digest(result)[:VARIANT_DIGITS]}"


def content_digest(result: Result) -> str:
    """64 hexadecimal digits over what `result` says; how long it took and what it cost may differ on a replay."""
    said = replace(result, timing_ms={}, cost={})
    return hashlib.sha256(write_result(said).encode()).hexdigest()
