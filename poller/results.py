"""Drains the output queue into files while the invocations run, and until nothing more can come.

Knows the queues and `filing`. The surprising rule: a message is deleted only when its files are durable, so the first
disk error ends the draining: everything else stays in the queue, where it is safe.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from poller import decide
from poller.decide import BACKOFF_CAP_S
from poller.disk import disk_trouble
from poller.durable import DurableDirectory
from poller.erasing import erase, without_the_erased
from poller.errors import AwsError, Refused
from poller.filing import file_result
from poller.logs import log, log_unexpected
from poller.naming import short
from poller.ports import BATCH, Clock, Delivery, Queue
from poller.settings import Settings
from poller.tally import Exit, Tally
from wire.erasure_message import Erasure, read_erasure
from wire.errors import NewerSchemaError, WireError
from wire.result_json import read_result, write_result
from wire.result_message import Result

LAST_WAIT_S = 2  # nothing is in work: whatever was sent is in the queue already
BUSY_WAIT_S = 5  # a poll begun just before the last answer must not hold up the tick's end


@dataclass(frozen=True, slots=True)
class Progress:
    """What the draining must know of the requests."""

    finished: Callable[[], bool]
    receiving_for: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Results:
    """The filing half of a tick; `chance` draws from [0, 1)."""

    output: Queue
    dead_letters: Queue
    directory: DurableDirectory
    tally: Tally
    settings: Settings
    progress: Progress
    chance: Callable[[], float]
    clock: Clock

    def run(self) -> None:
        """Drain until the requests are finished and one poll begun after that comes back empty. Never raises."""
        try:
            while not self.tally.halt.is_set():
                was_finished = self.progress.finished()
                batch = self.output.receive(BATCH, self._wait_s(was_finished), self.settings.visibility_s)
                if was_finished and not batch:
                    return
                self._file_all(batch)
        except AwsError as error:
            self.tally.aws_trouble(error)
        except Exception as error:
            log_unexpected(error)
            self.tally.count("results_failed")

    def _wait_s(self, finished: bool) -> int:
        if finished:
            return min(self.settings.wait_s, LAST_WAIT_S)
        return min(self.settings.wait_s, max(BUSY_WAIT_S, int(self.progress.receiving_for())))

    def _file_all(self, batch: list[Delivery]) -> None:
        """File what can be filed, then delete it, all in one call; what cannot comes back later."""
        served: list[str] = []
        back: dict[str, int] = {}
        for delivery in batch:
            if seconds := self._away_for(delivery):
                back[delivery.receipt] = seconds
            else:
                served.append(delivery.receipt)
        if served and (left := self.output.delete(served)):
            log(logging.WARNING, "delete_refused", count=len(left))  # a replay finds the files and does nothing
        if back:
            self.tally.count("results_failed", len(back))
            self.output.set_visibility(back)

    def _away_for(self, delivery: Delivery) -> int:
        """Seconds until the message shall come back; 0 if it is served. An operator is slower than any backoff."""
        if self.tally.exit_code() is Exit.DISK:
            return BACKOFF_CAP_S
        try:
            return self._file(delivery)
        except OSError as error:
            disk_trouble(error, self.tally)
            return BACKOFF_CAP_S
        except AwsError:
            raise
        except Exception as error:  # one message that we choke on must not hold up its neighbours
            log_unexpected(error, message=delivery.message_id)
            return decide.backoff(delivery.receive_count, self.chance())

    def _file(self, delivery: Delivery) -> int:
        try:
            if erasure := read_erasure(delivery.body):
                return self._erase(erasure, delivery)
            result, body = self._without_the_erased(delivery.body)
            filed = file_result(self.directory, result, body)
        except NewerSchemaError:
            log(logging.ERROR, "newer_schema", message=delivery.message_id, hint="install the newer poller")
            return BACKOFF_CAP_S
        except WireError as error:
            return self._bury(delivery, str(error))
        level = logging.WARNING if filed == "kept_both" else logging.INFO
        log(level, filed, message=delivery.message_id, jobs=[short(result.upload.job_id)], outcome=result.outcome)
        if filed != "already_there":
            self.tally.count("results")
            self.tally.waited("result_wait_s", delivery.sent, self.clock.now())
        if filed == "kept_both":
            self.tally.count("kept_both")
        return 0

    def _without_the_erased(self, body: str) -> tuple[Result, str]:
        """The result and its text; both without whoever was erased since it was made."""
        result = read_result(body)
        less = without_the_erased(self.directory, result, self.clock.now())
        return (result, body) if less is result else (less, write_result(less))

    def _erase(self, erasure: Erasure, delivery: Delivery) -> int:
        done = erase(self.directory, erasure.student_id, self.clock.now())
        log(logging.INFO, "erased", message=delivery.message_id, count=done.rewritten + done.removed)
        return 0

    def _bury(self, delivery: Delivery, reason: str) -> int:
        try:
            self.dead_letters.send(delivery.body, {"reason": decide.as_reason(reason), "queue": "output"})
        except Refused as error:
            log(logging.ERROR, "dead_letter_refused", message=delivery.message_id, code=error.code)
            return decide.backoff(delivery.receive_count, self.chance())
        log(logging.WARNING, "dead_lettered", message=delivery.message_id)
        self.tally.count("dead_lettered")
        return 0
