"""One request message from its lease to its end: decide, ask the function, decide, apply.

Knows the ports, not their clients. The surprising rule: deleting comes last, after the heartbeat has stopped for good;
and whoever finds the lease gone (the tick is ending) touches the message no more.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from poller import decide
from poller.attempt import LeasedAttempt, Window
from poller.decide import BACKOFF_CAP_S, Bury, Return, Settlement
from poller.errors import AwsError, FunctionFailed, NotStarted, Refused, UnknownOutcome, Unreachable, Unusable
from poller.lease import Lease, Leases
from poller.logs import log, log_unexpected
from poller.naming import short
from poller.ports import Clock, Delivery, Function, Queue
from poller.settings import Settings
from poller.tally import Tally
from wire.answer import write_call
from wire.s3_event import Notification


@dataclass(frozen=True, slots=True)
class Work:
    """What it takes to work on messages; `chance` draws from [0, 1)."""

    requests: Queue
    dead_letters: Queue
    function: Function
    leases: Leases
    clock: Clock
    tally: Tally
    settings: Settings
    window: Window
    chance: Callable[[], float]

    def carry_out(self, delivery: Delivery) -> None:
        """Work on a message whose lease is held. Never raises: a thread has nobody to tell."""
        try:
            self._work_on(delivery)
        except AwsError as error:
            self.tally.aws_trouble(error)
        finally:
            self._let_go(delivery)

    def _work_on(self, delivery: Delivery) -> None:
        try:
            step = decide.before(delivery.body)
            settlement = self._ask(delivery, step) if isinstance(step, Notification) else step
            if settlement is not None:
                self._apply(settlement, delivery)
        except AwsError:
            raise
        except Exception as error:
            log_unexpected(error, message=delivery.message_id)
            lease = self.leases.get(delivery.message_id)
            if lease and lease.sent is None:  # visible at once, it would meet the same fault at once
                self._return(decide.failed(delivery.receive_count, self.chance()), delivery)

    def _ask(self, delivery: Delivery, notification: Notification) -> Settlement | None:
        """The settlement after the function was asked; None if its outcome is unknown and the message stays hidden."""
        jobs = [short(upload.job_id) for upload in notification.uploads]
        log(logging.INFO, "invoke", message=delivery.message_id, jobs=jobs, receive_count=delivery.receive_count)
        try:
            payload = self.function.invoke(write_call(delivery.body), self._attempt(delivery))
        except NotStarted as error:
            return self._not_started(error, delivery)
        except UnknownOutcome as error:
            log(logging.WARNING, "outcome_unknown", message=delivery.message_id, jobs=jobs, code=error.code)
            return None
        except (FunctionFailed, Refused) as error:
            log(logging.WARNING, "function_failed", jobs=jobs, code=error.code, request_id=error.hint)
            return decide.failed(delivery.receive_count, self.chance())
        except Unusable as error:
            self.tally.aws_trouble(error)
            return Return(BACKOFF_CAP_S, "not_started")
        return decide.after(payload, notification, delivery.receive_count, self.clock.now(), self.chance())

    def _attempt(self, delivery: Delivery) -> LeasedAttempt:
        halt = self.tally.halt
        return LeasedAttempt(delivery.message_id, self.leases, self.clock, halt, self.settings, self.window)

    def _not_started(self, error: NotStarted, delivery: Delivery) -> Return:
        if isinstance(error, Unreachable):
            self.tally.aws_trouble(error)
        if self.tally.troubled():  # do not use up the message's deliveries while an operator is needed
            return Return(BACKOFF_CAP_S, "not_started")
        ended = self.tally.terminated.is_set()
        return Return(0 if ended else decide.backoff(delivery.receive_count, self.chance()), "not_started")

    def _apply(self, settlement: Settlement, delivery: Delivery) -> None:
        if isinstance(settlement, Return):
            self._return(settlement, delivery)
        elif isinstance(settlement, Bury):
            self._bury(settlement, delivery)
        else:
            self._delete(delivery)

    def _bury(self, burial: Bury, delivery: Delivery) -> None:
        try:
            self.dead_letters.send(delivery.body, {"reason": burial.reason, "queue": "requests"})
        except Refused as error:
            log(logging.ERROR, "dead_letter_refused", message=delivery.message_id, code=error.code)
            self._return(decide.failed(delivery.receive_count, self.chance()), delivery)
            return
        log(logging.WARNING, "dead_lettered", message=delivery.message_id)
        self.tally.count("dead_lettered")
        self._delete(delivery)

    def _delete(self, delivery: Delivery) -> None:
        if (lease := self.leases.end(delivery.message_id)) is None:
            return
        if self.requests.delete([lease.delivery.receipt]):
            # Another delivery is abroad. The function answers that one from its store.
            log(logging.WARNING, "delete_refused", message=delivery.message_id)
        self.tally.count("done")
        log(logging.INFO, "done", message=delivery.message_id)

    def _return(self, back: Return, delivery: Delivery) -> None:
        if (lease := self.leases.end(delivery.message_id)) is None:
            return
        self.tally.count(back.why)
        level = logging.WARNING if back.why == "failed" else logging.INFO
        log(level, back.why, message=delivery.message_id, seconds=back.seconds, receive_count=delivery.receive_count)
        self.requests.set_visibility({lease.delivery.receipt: back.seconds})

    def _let_go(self, delivery: Delivery) -> None:
        """Whatever is still leased now has an unknown outcome: no delete, and hidden until it must be over."""
        if lease := self.leases.end(delivery.message_id):
            self.leave([lease])

    def leave(self, leases: list[Lease]) -> None:
        """Hide what was sent until its deadline, and hand back what was not."""
        now = self.clock.monotonic()
        seconds = {lease.delivery.receipt: self._hidden_for(lease, now) for lease in leases}
        for lease in leases:
            self.tally.count("not_started" if lease.sent is None else "held")
        try:
            self.requests.set_visibility(seconds)
        except AwsError as error:
            self.tally.aws_trouble(error)

    def _hidden_for(self, lease: Lease, now: float) -> int:
        """Seconds until nothing can be running any more, and at least until this tick takes no more requests."""
        if lease.sent is None:
            return 0
        deadline = lease.sent + self.settings.function_timeout_s
        return max(1, math.ceil(max(deadline, self.window.receives_until) - now))
