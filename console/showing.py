"""How values are put to a reader: times, ages, durations, similarities, the names of files. Pure; Jinja's filters.

The surprising rule: whatever came from outside goes through `one_line`, so that no name can turn a line round.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone

from flask import Flask

from recognition.one_line import one_line

LONGEST_NAME = 100
_UNITS = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"))


def moment(seconds: float | None) -> str:
    """Epoch seconds as "2026-11-23 09:14 UTC"; a dash for none."""
    return "–" if seconds is None else f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M} UTC"


def machine(seconds: float) -> str:
    """Epoch seconds for the `datetime` attribute of a `time` element."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")


def span(seconds: float | None) -> str:
    """A duration in one unit, from "0.4 s" to "3 d"; a dash for none."""
    if seconds is None:
        return "–"
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(seconds, 0):.0f} s" if seconds >= 10 else f"{max(seconds, 0):.1f} s"


def similarity(value: float | None) -> str:
    """A cosine similarity, "0.953"; a dash for none."""
    return "–" if value is None else f"{value:.3f}"


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 clip", "2 clips"; `many` where an s will not do."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def file_name(*parts: str, end: str) -> str:
    """What a download is called: the parts as one name, of letters of any writing, digits, dots and dashes only."""
    words = "-".join(re.sub(r"[^\w.-]+", "-", part) for part in parts)
    return f"{re.sub(r'-+', '-', words).strip('-.')[:LONGEST_NAME] or 'file'}.{end}"


def install(app: Flask) -> None:
    """Give the templates these words."""
    app.jinja_env.filters.update(
        moment=moment, machine=machine, span=span, similarity=similarity, plural=plural, one_line=one_line
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
