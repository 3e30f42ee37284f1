"""The receipt of an erasure: every place, count and time, what is left, and what no program can erase.

Pure. The surprising rule: it says how many things were erased and not which. A list of the clips that somebody was in
would be the very record that the erasure is to end.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone

from recognition.erasure.erased import Counts
from recognition.erasure.places import Trace
from recognition.one_line import one_line

MACHINE = "one polling machine"
STAYS = (
    "Point-in-time backups of student_table and job_table hold what they held for 35 days: whoever restores from them "
    "must run this again.",
    "Where the student was never recognised nobody knows of it: pictures and clips may show the face till they expire.",
)
NOT_NAMED = (
    "The `gallery.npz` and `students.json` that enrolment wrote WERE NOT NAMED, so the student is still in them: run "
    "this again with --gallery FILE --students FILE."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """So many things of a kind in a place, erased at `at` (ISO 8601; empty: only found)."""

    place: str
    what: str
    count: int
    at: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erasure came to. `again_after` (ISO 8601) is when it must be run again, because work was under way;
    `clips_left` counts raw clips that show the student and were not asked to be deleted. `since` (ISO 8601) is when the
    first of several runs began, whose counts are all in this one; `files_named`: the operator's files were among the
    places."""

    student_id: str
    began: str
    ended: str
    dry_run: bool
    entries: tuple[Entry, ...]
    remains: tuple[Entry, ...] = ()
    again_after: str = ""
    clips_left: int = 0
    since: str = ""
    files_named: bool = False

    @property
    def complete(self) -> bool:
        """Whether a second look at the stage has found nothing, and nothing is to come; it does not see `by_hand`."""
        return not self.dry_run and not self.remains and not self.again_after

    @property
    def by_hand(self) -> tuple[str, ...]:
        """The places that no stage reaches, each with what somebody must do there."""
        student = "-- " * self.student_id.startswith("-") + shlex.quote(self.student_id)
        return (
            "Every further machine that polls, for the request reaches one of them: on each of the others run "
            f"`python -m poller.erase {student}`.",
            *(() if self.files_named else (NOT_NAMED,)),
            "Where photographs are enrolled: the student's folder, line of the list, contact sheets and journals.",
            "Whatever left the stage: roll calls, pictures and faces that somebody downloaded, printed or sent on.",
        )


def counted(place: str, traces: Sequence[Trace], at: str = "") -> list[Entry]:
    """The traces of a place by their kind."""
    return [Entry(place, what, count, at) for what, count in sorted(Counter(each.what for each in traces).items())]


def of_all_runs(entries: Sequence[Entry], counts: Counts, since: str) -> list[Entry]:
    """The entries with the `counts` of all runs `since` the first; kinds of which nothing was left come first."""
    found = {(entry.place, entry.what) for entry in entries}
    gone = [Entry(*kind, count, since) for kind, count in sorted(counts.items()) if kind not in found]
    return [*gone, *(replace(entry, count=counts[entry.place, entry.what]) for entry in entries)]


def as_json(receipt: Receipt) -> str:
    """The receipt as one object."""
    told: dict[str, object] = {"receipt": 1, "complete": receipt.complete, **asdict(receipt)}
    told |= {"by_hand": receipt.by_hand, "not_erased": STAYS}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def as_text(receipt: Receipt) -> str:
    """The receipt for a person."""
    verb = "would be erased (dry run: nothing was changed)" if receipt.dry_run else "erased"
    lines = [f"student {one_line(receipt.student_id)}: {verb}", f"began {receipt.began}, ended {receipt.ended}", ""]
    lines += [f"the counts are those of all runs since {receipt.since}"] if receipt.since else []
    lines += [_line(entry) for entry in receipt.entries]
    if all(entry.place == MACHINE for entry in receipt.entries):  # which is asked whatever there was
        lines.append("nothing was found: is the id right, or was the student erased before?")
    lines += ["", *_verdict(receipt)]
    if receipt.clips_left:
        lines.append(f"{receipt.clips_left} raw clip(s) that show the student stay until they expire (see --clips)")
    lines += ["", "To be done by hand:", *(f"[ ] {one_line(each)}" for each in receipt.by_hand)]
    return "\n".join([*lines, "", "Not erased by this:", *(f"- {each}" for each in STAYS)]) + "\n"


def iso(at: float) -> str:
    """A time in seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds")


def _verdict(receipt: Receipt) -> list[str]:
    if receipt.complete:
        return ["complete: a second look has found nothing on the stage"]
    lines = [f"STILL THERE {_line(entry)}" for entry in receipt.remains]
    if receipt.again_after:
        lines.append(
            f"NOT COMPLETE: clips were being worked on when this began; run it again after {receipt.again_after}"
        )
    elif receipt.remains:
        lines.append("NOT COMPLETE: run it again; a foreign object is not ours to rewrite, so delete that by hand")
    return lines


def _line(entry: Entry) -> str:
    return f"{entry.place:<24} {entry.what:<18} {entry.count:>7}  {entry.at}".rstrip()
