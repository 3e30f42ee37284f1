"""Everything outside the two programs, in memory and on one clock; and how either is struck in the middle of its work.

The function (`Responder`, `Pipeline`, its S3 adapters) and the poller (`Requests`, `Work`, `Leases`, `Results`) are the
real ones, and the files are real. Each of their port calls is a *point*, once before and once after it took effect; a
script says what befalls the world at which point, so that a run can be repeated. Knows no hypothesis.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from poller.attempt import Window
from poller.durable import DurableDirectory
from poller.errors import FunctionFailed, NotStarted, Transient, UnknownOutcome
from poller.lease import Leases
from poller.naming import content_digest, stem, variant
from poller.ports import Attempt
from poller.requests import Requests
from poller.results import Progress, Results
from poller.tally import Tally
from poller.work import Work
from recognition.aws.clips import S3Clips
from recognition.aws.outputs import S3Store
from recognition.bootstrap import MARGIN_S
from recognition.errors import ClipRejected, RecordsFailed
from recognition.events import Responder
from recognition.faces import Frame
from recognition.gallery import Gallery
from recognition.identify import Finding
from recognition.pipeline import Pipeline
from recognition.roster import Consent, Student
from recognition.stopwatch import Stopwatch
from recognition.track import link
from recognition.vote import decide
from tests.chaos.memory_jobs import MemoryJobs
from tests.chaos.memory_queue import MemoryQueue, Message
from tests.chaos.memory_s3 import MemoryS3
from tests.people import direction, gallery_of, sighting
from tests.s3_records import record_of
from tests.unit.poller.poller_fakes import settings
from wire.answer import Done, InWork
from wire.errors import WireError
from wire.result_json import read_result
from wire.result_message import Result
from wire.s3_event import Upload, read_notification

GALLERY = gallery_of("ada")
ADA = Student("ada", "Ada", "maths", "senior", Consent("office", "2020-01-01"))
FRAMES = tuple(Frame(float(n), np.full((48, 64, 3), 90, np.uint8)) for n in range(2))
SETTINGS = settings()
MOST_NESTED = 2


class Killed(BaseException):
    """The actor was killed: nothing it does from now on takes effect, not even what it does in a `finally`."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor


@dataclass(eq=False)
class Actor:
    """A running program: a tick of the poller, or an invocation of the function, which ends at its `deadline`."""

    fault: Callable[[], Exception]
    deadline: float = float("inf")
    dead: bool = False


@dataclass
class Watched:
    """A port of which every call is two points: before it took effect, and after."""

    target: Any
    point: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.point()
            answer = getattr(self.target, name)(*args, **kwargs)
            self.point()
            return answer

        return call


class Stub:
    """Sees in a clip what its first word says, and refuses a broken one."""

    def identify(self, file: BinaryIO, gallery: Gallery, watch: Stopwatch) -> Finding:
        content = file.read()
        if content.startswith(b"broken"):
            raise ClipRejected("not a clip")
        seen = [sighting(n, direction(0)) for n in range(2)] if content.startswith(b"ada") else []
        return Finding(FRAMES, tuple(decide(link(seen), gallery)))


class Galleries:
    def current(self) -> Gallery:
        return GALLERY


class Roster:
    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        return {"ada": ADA} if "ada" in student_ids else {}


@dataclass
class Outbox:
    queue: MemoryQueue

    def send(self, text: str) -> None:
        self.queue.put(text)


@dataclass
class World:
    """`folder` takes the result files. `script` maps a point's number, counted from the rule's start, to what happens.

    `broken` gathers the promises broken on the way: raised there and then, the programs would take it for a fault of
    theirs, and survive it. Implements `poller.ports.Clock`.
    """

    folder: Path
    time: float = 1_790_000_000.0
    script: dict[int, str] = field(default_factory=dict)
    points: int = 0
    nested: int = 0
    uploads: list[Upload] = field(default_factory=list)
    at_work: dict[str, Actor] = field(default_factory=dict)
    beating: list[tuple[Actor, Leases]] = field(default_factory=list)
    in_flight: list[Leases] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    contents: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.s3, self.jobs = MemoryS3(), MemoryJobs()
        queue = partial(MemoryQueue, now=self.now, sleep=self.pass_time)
        self.dead, self.output_dead = queue("dead"), queue("output-dead")
        self.requests = queue("requests", dead=self.dead, before_delete=self._check_served)
        self.output = queue("output", dead=self.output_dead, before_delete=self._check_filed)

    # ---- the clock

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if not event.is_set():
            self.pass_time(seconds)
        return event.is_set()

    def pass_time(self, seconds: float) -> None:
        """Let time pass; the heartbeats of the living beat on the way."""
        end = self.time + seconds
        while self.time + SETTINGS.heartbeat_s < end:
            self.time += SETTINGS.heartbeat_s
            self._beat()
        self.time = end

    def _beat(self) -> None:
        for actor, leases in list(self.beating):
            if actor.dead or leases in self.in_flight:  # a tick has one heartbeat: the next waits for the last
                continue
            self.in_flight.append(leases)
            try:
                leases.beat()
            except Killed as killed:
                if killed.actor is not actor:
                    raise
            finally:
                self.in_flight.remove(leases)

    # ---- what people do

    def upload(self, key: str, content: str, delay_s: float = 0.0, with_bad_record: bool = False) -> None:
        body = content.encode()
        put = self.s3.put_object(Bucket="clips", Key=key, Body=body)
        sequencer = f"{self.s3.made:04X}"
        self.uploads.append(
            Upload("clips", key, put["VersionId"], put["ETag"].strip('"'), sequencer, len(body)),
        )
        self.contents[self.uploads[-1].job_id] = content
        records = [record_of(self.uploads[-1]), *([{"eventVersion": "9.0"}] if with_bad_record else [])]
        self.requests.put(json.dumps({"Records": records}), delay_s=delay_s)

    def notify_again(self, number: int) -> None:
        self.requests.put(json.dumps({"Records": [record_of(self.uploads[number % len(self.uploads)])]}))

    def delete(self, key: str) -> None:
        self.s3.delete_object(Bucket="clips", Key=key)

    # ---- points, and what happens at them

    def point(self, actor: Actor) -> None:
        self._die_if_due(actor)
        self.points += 1
        for happening in self.script.pop(self.points, "").split(";"):
            self._happen(happening, actor)
        self._die_if_due(actor)

    def _die_if_due(self, actor: Actor) -> None:
        actor.dead = actor.dead or self.time >= actor.deadline
        if actor.dead:
            raise Killed(actor)

    def _happen(self, happening: str, actor: Actor) -> None:
        word, *rest = happening.split() or [""]
        if word == "kill":
            actor.dead = True
        elif word == "kill-tick":
            self.beating[-1][0].dead = True
        elif word == "fail":
            raise actor.fault()
        elif word == "wait":
            self.pass_time(float(rest[0]))
        elif word == "redeliver":
            self.requests.show_all()
            self.output.show_all()
        elif word == "tick" and self.nested < MOST_NESTED:
            self.tick()
        elif word == "overwrite":
            self.upload(*rest)
        elif word == "delete":
            self.delete(*rest)

    # ---- the poller

    def tick(self) -> None:
        """One tick of a poller on this VM, which may be killed in it; two run at once when one is nested."""
        actor = Actor(lambda: Transient("anything", "Down"), self.time + SETTINGS.bound_s)
        watch = partial(Watched, point=partial(self.point, actor))
        tally, window = Tally(), Window(self.time + SETTINGS.receive_s, self.time + SETTINGS.bound_s)
        leases = Leases(watch(self.requests), self, SETTINGS.visibility_s, SETTINGS.lease_cap_s)
        work = Work(
            requests=watch(self.requests),
            dead_letters=watch(self.dead),
            function=Function(self, actor),
            leases=leases,
            clock=self,
            tally=tally,
            settings=SETTINGS,
            window=window,
            chance=lambda: 0.5,
        )
        self.nested += 1
        self.beating.append((actor, leases))
        try:
            with DurableDirectory(self.folder) as directory:
                Requests(work, spawn=lambda target: target()).run()
                progress = Progress(lambda: True, lambda: 0.0)
                output, dead = watch(self.output), watch(self.output_dead)
                Results(output, dead, watch(directory), tally, SETTINGS, progress, lambda: 0.5, self).run()
        except Killed as killed:
            if killed.actor is not actor:
                raise
        finally:
            self.beating.remove((actor, leases))
            self.nested -= 1

    # ---- the function

    def invoke(self, payload: bytes) -> bytes:
        """The function's answer. Raises `FunctionFailed` when it raised, died, or ran out of time."""
        actor = Actor(lambda: ConnectionError("no network"), self.time + SETTINGS.function_timeout_s)
        process = partial(self._process, actor, self._pipeline(actor))
        try:
            answer = json.dumps(Responder(process).respond(json.loads(payload))).encode()
            self._die_if_due(actor)
        except RecordsFailed as error:
            raise FunctionFailed("Invoke", type(error).__name__) from error
        except Killed as killed:
            if killed.actor is not actor:
                raise
            raise FunctionFailed("Invoke", "Sandbox.Timedout") from killed
        finally:
            actor.dead = True
        return answer

    def _process(self, actor: Actor, pipeline: Pipeline, upload: Upload) -> Done | InWork:
        try:
            return pipeline.process(upload, actor.deadline + MARGIN_S)
        finally:
            if self.at_work.get(upload.job_id) is actor:
                del self.at_work[upload.job_id]

    def _pipeline(self, actor: Actor) -> Pipeline:
        watch = partial(Watched, point=partial(self.point, actor))
        s3 = watch(self.s3)
        return Pipeline(
            input_bucket="clips",
            output_bucket="results",
            identifier=lambda: Stub(),  # type: ignore[arg-type, return-value]
            clips=Claiming(self, actor, S3Clips(s3)),  # type: ignore[arg-type]
            galleries=watch(Galleries()),
            roster=watch(Roster()),
            jobs=watch(self.jobs),
            store=Claiming(self, actor, S3Store(s3)),  # type: ignore[arg-type]
            outbox=watch(Outbox(self.output)),
            clock=self.now,
        )

    def claim(self, upload: Upload, actor: Actor) -> None:
        """Note who works on a version. It is a broken promise if somebody else who is alive does, too."""
        other = self.at_work.get(upload.job_id)
        if other is not None and other is not actor and not other.dead and self.time < other.deadline:
            self.broken.append(f"two invocations at work on {upload.key} {upload.version_id}")
        self.at_work[upload.job_id] = actor

    # ---- promises that can be checked at once

    def _check_served(self, message: Message) -> None:
        if any(message.body == buried.body for buried in self.dead.messages):
            return
        try:
            notification = read_notification(message.body)
        except WireError:
            self.broken.append("an unreadable request was deleted and not buried")
            return
        unserved = [each for each in notification.uploads if each.job_id not in self.jobs.finished]
        if unserved or notification.faults:
            self.broken.append(f"a request was deleted before {unserved or notification.faults} was served")

    def _check_filed(self, message: Message) -> None:
        result = read_result(message.body)
        if not any(self._holds(name, result) for name in (stem(result), variant(stem(result), result))):
            self.broken.append("a result was deleted before its files were there")

    def _holds(self, name: str, result: Result) -> bool:
        csv, record = self.folder / f"{name}.csv", self.folder / f"{name}.json"
        if not csv.exists() or not record.exists() or csv.read_bytes() != result.csv.encode():
            return False
        return content_digest(read_result(record.read_bytes())) == content_digest(result)


@dataclass
class Claiming:
    """An adapter whose every use for an upload claims that upload for the actor."""

    world: World
    actor: Actor
    target: Any

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            if args and isinstance(args[0], Upload):
                self.world.claim(args[0], self.actor)
            return getattr(self.target, name)(*args)

        return call


@dataclass
class Function:
    """`poller.ports.Function`: the invocation is a point of the tick's; a tick that died is told nothing any more."""

    world: World
    tick: Actor

    def at_once(self) -> int:
        """It never refuses anybody."""
        return sys.maxsize

    def invoke(self, payload: bytes, attempt: Attempt) -> bytes:
        self.world.point(self.tick)
        if not attempt.begin():
            raise NotStarted("Invoke", "NoLonger")
        try:
            answer = self.world.invoke(payload)
        finally:
            self.world._die_if_due(self.tick)
        try:
            self.world.point(self.tick)
        except Transient as error:
            raise UnknownOutcome("Invoke", "ReadTimeoutError") from error
        return answer
