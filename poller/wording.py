"""How dead letters are put to a person: ages, rows, and foreign text that cannot drive the terminal. Pure.

Knows dead letters and no queue. The surprising rule: nothing that came from outside is printed unescaped, line breaks
and right-to-left marks included; and a key is shown in `whole` only.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone

from poller.dead_letters import DeadLetter

HEADER = f"{'id':<8}  {'from':<8}  {'age':>6}  {'received':>8}  {'jobs':<15}  reason"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def escaped(text: str) -> str:
    """`text` with all that is not printable written as Python would, `\\x1b` for example."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def age(sent: float | None, now: float) -> str:
    """How long ago, in one unit."""
    if not sent:
        return "?"
    seconds = max(0, int(now - sent))
    return next((f"{seconds // unit} {name}" for unit, name in _UNITS if seconds >= unit), f"{seconds} s")


def row(letter: DeadLetter, now: float) -> str:
    """One line under `HEADER`."""
    jobs, delivery = letter.jobs, letter.delivery
    first = jobs[0] if jobs else "-"
    more = f" +{len(jobs) - 1}" if len(jobs) > 1 else ""
    return (
        f"{letter.short_id:<8}  {letter.source or 'unknown':<8}  {age(delivery.sent, now):>6}  "
        f"{delivery.receive_count:>8}  {first + more:<15}  {escaped(letter.reason)}"
    )


def data(letter: DeadLetter) -> dict[str, object]:
    """The same as data, for `--json`."""
    return {
        "id": letter.delivery.message_id,
        "from": letter.source,
        "reason": letter.reason,
        "sent": _date(letter.delivery.sent),
        "receive_count": letter.delivery.receive_count,
        "jobs": letter.jobs,
        "hopeless": letter.hopeless,
    }


def whole(letter: DeadLetter, now: float) -> str:
    """The letter for a person to read, its body and the keys in it included."""
    delivery, hopeless = letter.delivery, letter.hopeless
    lines = (
        ("id", delivery.message_id),
        ("from", letter.source or "unknown"),
        ("reason", letter.reason),
        ("first sent", f"{_date(delivery.sent)} ({age(delivery.sent, now)} ago)"),
        ("received", f"{delivery.receive_count} times, this time included"),
        ("jobs", ", ".join(letter.jobs) or "none that can be read"),
        ("redriving", f"is refused: {hopeless}" if hopeless else f"sends it to {letter.source}"),
    )
    told = "\n".join(f"{name:<10}  {escaped(value)}" for name, value in lines)
    return f"{told}\n\n{_readable(delivery.body)}"


def _date(sent: float | None) -> str:
    return datetime.fromtimestamp(sent, timezone.utc).isoformat(timespec="seconds") if sent else "unknown"


def _readable(body: str) -> str:
    """JSON indented, anything else as it is; each line escaped."""
    try:
        body = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return escaped(body)
    return "\n".join(escaped(line) for line in body.split("\n"))
