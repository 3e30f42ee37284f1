"""`job_table` from its newest end: pages of finished versions, and what is being worked on.

The indexes are a moment behind the table: what was finished within the last second may be missing. What was begun
before there was an index by time is in no list by time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any, cast

from recognition.aws.batches import KEYS_PER_GET
from recognition.aws.calls import call
from recognition.aws.finished import number_in
from recognition.aws.jobs import NO_SECTION, WORKING, week_of
from recognition.aws.listing import Row, by_section, by_time, done, listed, whole
from recognition.errors import RecognitionError
from recognition.finished import FinishedVersion
from recognition.latest import AtWork, Figures, Page, Place, Wanted, page_of, read_place
from wire.result_message import Outcome

LOOK_AT = 500
"""Versions that are looked at for one page, however few of them are wanted."""


@dataclass(frozen=True, slots=True)
class DynamoLatest:
    """The newest entries of `job_table`, which keeps them for `kept_days`. `clock` says the time, epoch seconds."""

    dynamodb: Any
    table: str
    clock: Callable[[], float] = time.time
    kept_days: int = 180
    look_at: int = LOOK_AT

    def latest(
        self, limit: int, before: str | None = None, *, outcome: Outcome | None = None, wanted: Wanted | None = None
    ) -> Page:
        """The `limit` (1 or more) versions of all sections that were finished last, or those behind `before`.

        `before` is an earlier page's `after`; another text is a `RecognitionError`. With an outcome or a `wanted` the
        others are passed over, `look_at` of them at most.
        """
        # where none is passed over, one more than asked for tells whether the list goes on
        start = read_place(before) if before else None
        rows = self._done(start, limit + 1 if outcome is None and wanted is None else self.look_at)
        return page_of(by_time(self.dynamodb, self.table, rows, outcome), limit, self.look_at, wanted or _every)

    def in_section(
        self,
        section: str,
        session: str | None,
        limit: int,
        before: str | None = None,
        *,
        outcome: Outcome | None = None,
        wanted: Wanted | None = None,
    ) -> Page:
        """The same for a section's clips (empty: for those of none), of one session or of all.

        The sessions come in falling order of their names, which is by time where they begin with a date.
        """

        def is_meant(version: FinishedVersion) -> bool:
            there = session is None or version.session.name == session
            return there and outcome in (None, version.outcome) and (wanted is None or wanted(version))

        key = section or NO_SECTION
        start = self._start(key, session, read_place(before)) if before else None
        a_page = limit + 1 if outcome is None and wanted is None else KEYS_PER_GET
        found = by_section(self.dynamodb, self.table, key, session, start, a_page)
        return page_of(found, limit, self.look_at, is_meant)

    def figures(self, since: float, at_most: int) -> list[Figures]:
        """What the versions finished `since` (epoch seconds) came to, the latest first, from the index alone."""
        recent = takewhile(lambda row: float(row["at"]["N"]) >= since, self._done(None, self.look_at))
        return [_figures(row) for row in islice(recent, at_most)]

    def at_work(self) -> list[AtWork]:
        """What was begun and is not finished, a hundred at most, what was begun last first."""
        rows = call(self.dynamodb.query, **listed(self.table, WORKING, KEYS_PER_GET))["Items"]
        items = whole(self.dynamodb, self.table, rows, ("job_id", "state", "at", "identity", "locked_until"))
        there = (items[row["job_id"]["S"]] for row in rows if row["job_id"]["S"] in items)
        return [_at_work(item) for item in there if item.get("state") == {"S": "working"}]

    def sections(self) -> list[str]:
        """The sections of the last `look_at` finished versions, in order; the empty one is that of clips of none.

        No query asks for an index's partitions, and a scan would read every decision. Whoever offers a choice adds the
        rosters in the published gallery (`Gallery.sections`), which are at hand: together they lack only a section
        without a roster that has long been quiet, and that one can still be asked for by its name.
        """
        rows = islice(self._done(None, self.look_at), self.look_at)
        found = {row["section"]["S"] for row in rows if "section" in row}
        return sorted("" if each == NO_SECTION else each for each in found)

    def _done(self, start: Place | None, a_page: int) -> Iterator[Row]:
        """From the newest week, or that of `start`, to the last one that may still be kept."""
        newest = week_of(self.clock())
        first = min(newest, week_of(start.at_ms / 1000)) if start else newest
        weeks = range(first, newest - self.kept_days // 7 - 2, -1)
        return done(self.dynamodb, self.table, weeks, start, a_page)

    def _start(self, section: str, session: str | None, place: Place) -> tuple[str, Place]:
        """Where a section's list goes on. The place names no session: its entry does, as long as it is kept."""
        if session is not None:
            return session, place
        key = {"job_id": {"S": place.job_id}}
        item = call(self.dynamodb.get_item, TableName=self.table, Key=key, ConsistentRead=True).get("Item", {})
        if item.get("section") != {"S": section}:
            raise RecognitionError("that place in the section's list is gone: begin at its newest clip")
        return item["ordering"]["S"].rpartition("#")[0], place


def _at_work(item: dict[str, Any]) -> AtWork:
    key = str(json.loads(item["identity"]["S"])[1])
    return AtWork(item["job_id"]["S"], key, float(item["at"]["N"]), float(item["locked_until"]["N"]))


def _figures(row: Row) -> Figures:
    outcome, reason = cast(Outcome, row.get("outcome", {}).get("S", "")), row.get("reason", {}).get("S", "")
    return Figures(float(row["at"]["N"]), outcome, number_in(row, "took_ms"), number_in(row, "usd"), reason)


def _every(_: FinishedVersion) -> bool:
    return True
