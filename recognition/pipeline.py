"""One upload to its terminal outcome: lock, read, identify, look up, store, keep, send, finish, count. In this order.

Gathers through ports, decides with pure functions, applies. Every step may be repeated: keys are deterministic, and a
crash between any two steps converges when the message comes again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from recognition.annotate import annotated_picture
from recognition.clip_file import MAX_CLIP_BYTES
from recognition.consent import with_consent
from recognition.decision import decision_of, write_decision
from recognition.errors import ClipRejected, ClipSuperseded
from recognition.identify import Finding, Identifies
from recognition.jobs import Begun, Entry, Finished, Held, Jobs
from recognition.metrics import Measured, Metrics, NoMetrics, measured
from recognition.ports import Clips, Galleries, Outbox, Roster, Store
from recognition.results import Spent, refused_if_too_long, result_of, result_without_faces
from recognition.search import Search, search_in
from recognition.sections import DEFAULT, SectionRule, Session
from recognition.stopwatch import Stopwatch
from recognition.storing import store_result
from wire.answer import Done, InWork
from wire.errors import WireError
from wire.result_json import read_result, write_result
from wire.result_message import Outcome, Result
from wire.s3_event import Upload

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The function's work on one upload, and everything it needs for it."""

    input_bucket: str
    output_bucket: str
    identifier: Callable[[], Identifies]
    clips: Clips
    galleries: Galleries
    roster: Roster
    jobs: Jobs
    store: Store
    outbox: Outbox
    clock: Callable[[], float]
    memory_mb: int = 0
    rule: SectionRule = DEFAULT
    search_beyond_section: bool = False
    metrics: Metrics = field(default_factory=NoMetrics)

    def process(self, upload: Upload, deadline: float) -> Done | InWork:
        """Bring `upload` to its outcome before `deadline` (seconds since the epoch), or say who is at it.

        Raises `WireError` for a bucket that is not ours; whatever else it raises is a machine or set-up fault.
        """
        if upload.bucket != self.input_bucket:
            raise WireError("the event names a bucket that is not this stage's input bucket")
        state = self.jobs.begin(upload, self.clock(), deadline)
        if isinstance(state, Held):
            return InWork(upload.job_id, state.until)
        if isinstance(state, Finished):
            return Done(upload.job_id, state.outcome)
        try:
            outcome = self._conclude(upload, state)
        except Exception:
            self._release(upload, deadline)
            raise
        return Done(upload.job_id, outcome)

    def _conclude(self, upload: Upload, state: Begun) -> Outcome:
        """Work, keep the result, send it, finish. One kept by an earlier try is sent as it is."""
        watch = Stopwatch()
        if state.kept_result:
            text, result, finding = state.kept_result, read_result(state.kept_result), None
        else:
            session = self.rule.session_of(upload.key)
            result, finding, decision = self._work(upload, session.section, watch)
            text = write_result(result)
            self.jobs.keep(upload, text, self._entry(session, result, decision, watch))
        self.outbox.send(text)
        self.jobs.finish(upload, result.outcome, self.clock())
        self._count(measured(result, finding, result.timing_ms if state.kept_result else watch.timing_ms()))
        return result.outcome

    def _entry(self, session: Session, result: Result, decision: str, watch: Stopwatch) -> Entry:
        took_ms = watch.timing_ms()["total"]
        return Entry(session, self.clock(), decision, took_ms, result.cost.get("usd"), result.reason)

    def _count(self, clip: Measured) -> None:
        try:
            self.metrics.count(clip)
        except Exception as error:  # the clip is finished; figures are not worth doing it again
            logger.warning("clip not counted", extra={"error": type(error).__name__})

    def _release(self, upload: Upload, deadline: float) -> None:
        try:
            self.jobs.release(upload, deadline, self.clock())
        except Exception:  # the lock expires by itself; what matters is the error that brought us here
            logger.warning("lock not released", extra={"job_id": upload.job_id})

    def _work(self, upload: Upload, section: str, watch: Stopwatch) -> tuple[Result, Finding | None, str]:
        """The result, stored, and what was seen and decided; nothing and nothing where nobody looked."""
        try:
            refuse_unread(upload)
            with self.clips.open(upload) as file:
                search = search_in(self.galleries.current(), section, beyond=self.search_beyond_section)
                finding = search.beyond(self.identifier().identify(file, search.first, watch))
        except ClipSuperseded as error:
            result = result_without_faces(upload, "superseded", str(error), *self._spent(watch))
        except ClipRejected as error:
            result = result_without_faces(upload, "rejected", str(error), *self._spent(watch))
        else:
            return self._deliver_finding(upload, section, finding, search, watch)
        with watch("store"):
            store_result(result, None, None, self.store)
        return result, None, ""

    def _deliver_finding(
        self, upload: Upload, section: str, finding: Finding, search: Search, watch: Stopwatch
    ) -> tuple[Result, Finding, str]:
        with watch("look_up"):
            now = datetime.fromtimestamp(self.clock(), timezone.utc)
            finding, named = with_consent(finding, self.roster, now, section)
        with watch("draw"):
            picture = annotated_picture(finding, {key: student.name for key, student in named.items()})
        bucket, spent = self._spent(watch)
        result = refused_if_too_long(result_of(upload, finding, search, named, bucket, spent), spent)
        with watch("store"):
            store_result(result, finding, None if result.outcome == "rejected" else picture, self.store)
        return result, finding, write_decision(decision_of(finding, search))

    def _spent(self, watch: Stopwatch) -> tuple[str, Spent]:
        return self.output_bucket, Spent(watch.timing_ms(), watch.total_s, self.memory_mb)


def refuse_unread(upload: Upload) -> None:
    """Raise `ClipRejected` for what need not be read to be refused."""
    if upload.key.endswith("/"):
        raise ClipRejected("a folder, not a clip")
    if upload.size == 0:
        raise ClipRejected("the file is empty")
    if upload.size > MAX_CLIP_BYTES:
        raise ClipRejected(f"the file has {upload.size:,} bytes; {MAX_CLIP_BYTES:,} are allowed")
