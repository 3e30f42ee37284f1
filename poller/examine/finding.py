"""What a check finds, and how checks are run: side by side, each bounded in time, none able to stop the others.

Knows nothing of what is checked. The surprising rule: a check that does not return is a finding, too; its thread is
left behind, and only the program's end ends it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How bad it is."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, what was found, and what to do about it (empty: nothing)."""

    check: str
    state: State
    found: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at. `if_silent` says what to do when looking does not end."""

    name: str
    look: Callable[[], Finding]
    if_silent: str


def run_all(checks: Sequence[Check], limit_s: float) -> list[Finding]:
    """The findings of all checks in their order, after `limit_s` seconds at most."""
    found: dict[int, Finding] = {}

    def look(place: int, check: Check) -> None:
        try:
            found[place] = check.look()
        except Exception as error:
            found[place] = Finding(
                check.name, State.ERROR, f"could not be examined: {type(error).__name__}", "tell the developers"
            )

    threads = [threading.Thread(target=look, args=pair, daemon=True) for pair in enumerate(checks)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + limit_s
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    silent = f"no answer within {limit_s:g} s"
    return [found.get(n, Finding(check.name, State.ERROR, silent, check.if_silent)) for n, check in enumerate(checks)]


def as_text(findings: Sequence[Finding]) -> str:
    """The report: a line a finding, aligned, with what to do below it."""
    width = max(len(one.check) for one in findings)
    lines = []
    for one in findings:
        lines.append(f"{one.state.value:<7}  {one.check:<{width}}  {one.found}")
        if one.do:
            lines.append(f"{'':<7}  {'':<{width}}  do: {one.do}")
    return "\n".join(lines)
