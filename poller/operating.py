"""What an operator can do with dead letters: list, show, redrive, discard. Each returns whether all of it was done.

Knows queues and the disk, no client and no command line. The surprising rule: redriving sends first and deletes then.
A crash between the two leaves the letter in both queues, which is harmless: the work's identity is the object's
version, and the function's job table and the poller's files know it already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from poller import wording
from poller.dead_letters import DeadLetter, Source
from poller.disk import disk_hint
from poller.durable import DurableDirectory
from poller.errors import Refused
from poller.looking import Looking
from poller.naming import slug
from poller.ports import Queue

WINDOW = 500  # letters in memory at once: "oldest first" holds within so many
PROGRESS = 100
WHOLE_ID = 36

Say = Callable[[str], None]


@dataclass
class Desk:
    """The dead letters, where they may go, and the operator's ear: `say` for what was asked, `tell` for the rest."""

    looking: Looking
    sources: Mapping[Source, Queue]
    say: Say
    tell: Say

    def listing(self, limit: int, as_json: bool) -> bool:
        """A line each, as they come."""
        now, found = self.looking.clock.now(), 0
        for letter in self.looking.letters(limit):
            if not found and not as_json:
                self.say(wording.HEADER)
            found += 1
            self.say(json.dumps(wording.data(letter)) if as_json else wording.row(letter, now))
        self.tell(f"{found} dead letter{'' if found == 1 else 's'}")
        if self.looking.cut_short:
            self.tell(f"stopped at --limit {limit}: there may be more" if found >= limit else "stopped early")
        return not self.looking.cut_short or found >= limit

    def show(self, prefix: str) -> bool:
        """All of one letter."""
        chosen, complete = self._named([prefix])
        for letter in chosen:
            self.say(wording.whole(letter, self.looking.clock.now()))
        return complete

    def redrive(self, prefixes: Sequence[str], force: bool) -> bool:
        """Send the named letters back, oldest first."""
        chosen, complete = self._named(prefixes)
        done = sum(self._send_back(letter, force) for letter in self._in_turn(chosen))
        return complete and done == len(chosen)

    def redrive_all(self, force: bool) -> bool:
        """Send every letter back, a window at a time, oldest first in it."""
        letters, seen, done = self.looking.letters(), 0, 0
        while window := list(islice(letters, WINDOW)):
            for letter in self._in_turn(window):
                seen += 1
                done += self._send_back(letter, force)
                if seen % PROGRESS == 0:
                    self.tell(f"{seen} looked at, {done} redriven")
        self.tell(f"{done} of {seen} redriven")
        if self.looking.cut_short:
            self.tell("stopped early: there may be more, call it again")
        return done == seen and not self.looking.cut_short

    def discard(self, prefixes: Sequence[str], copies: Path | None) -> bool:
        """Take the named letters out for good, each after a copy under `copies` is durable."""
        chosen, complete = self._named(prefixes)
        done = sum(self._throw_away(letter, copies) for letter in self._in_turn(chosen))
        return complete and done == len(chosen)

    def _in_turn(self, letters: Sequence[DeadLetter]) -> Iterator[DeadLetter]:
        for letter in sorted(letters, key=lambda one: one.delivery.sent or 0.0):
            if self.looking.stop.is_set():
                self.looking.cut_short = True
                return
            yield letter

    def _named(self, prefixes: Sequence[str]) -> tuple[list[DeadLetter], bool]:
        """The letter that each prefix names, and whether every prefix names one."""
        hits: dict[str, list[DeadLetter]] = {prefix: [] for prefix in prefixes}
        for letter in self.looking.letters():
            for prefix in hits:
                if letter.delivery.message_id.startswith(prefix):
                    hits[prefix].append(letter)
            if all(len(prefix) >= WHOLE_ID and found for prefix, found in hits.items()):
                break
        for prefix, found in hits.items():
            if len(found) > 1:
                ids = ", ".join(letter.delivery.message_id for letter in found)
                self.tell(f"{prefix} is short for {len(found)} dead letters: {ids}")
            elif not found:
                self.tell(f"{prefix} is no dead letter that could be seen")
        chosen = {found[0].delivery.message_id: found[0] for found in hits.values() if len(found) == 1}
        return list(chosen.values()), all(len(found) == 1 for found in hits.values())

    def _send_back(self, letter: DeadLetter, force: bool) -> bool:
        if letter.source is None or (letter.hopeless and not force):
            advice = "; `python -m poller.dlq redrive --force` sends it all the same" if letter.source else ""
            self.tell(f"{letter.short_id} is refused: {wording.escaped(letter.hopeless)}{advice}")
            return False
        try:
            self.sources[letter.source].send(letter.delivery.body, {})
        except Refused as error:
            self.tell(f"{letter.short_id} was not taken by {letter.source}: {error.code}")
            return False
        return self._delete(letter, f"redriven {letter.short_id} to {letter.source}")

    def _throw_away(self, letter: DeadLetter, copies: Path | None) -> bool:
        where = "without a copy"
        if copies is not None:
            name = f".discarded-{slug(letter.delivery.message_id)}.message"
            where = f"copy: {copies / name}"
            try:
                with DurableDirectory(copies) as directory:
                    directory.write(name, _copy_of(letter))
            except OSError as error:
                self.tell(f"{letter.short_id} is kept, because its copy could not be: {disk_hint(error)}")
                return False
        return self._delete(letter, f"discarded {letter.short_id}", f", {where}")

    def _delete(self, letter: DeadLetter, what: str, more: str = "") -> bool:
        if not self.looking.delete(letter):
            self.tell(f"{what}, but SQS would not delete it here: it will show up again. Repeating this is harmless")
            return False
        jobs = " ".join(letter.jobs)
        self.say(what + (f" (jobs {jobs})" if jobs else "") + more)
        return True


def _copy_of(letter: DeadLetter) -> bytes:
    attributes = dict(letter.delivery.attributes)
    return json.dumps({**wording.data(letter), "attributes": attributes, "body": letter.delivery.body}).encode()
