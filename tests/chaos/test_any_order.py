"""Whatever happens in whatever order, what the pipeline promises holds: the real programs in `world`, driven at random.

CI runs the same examples each time. For a deeper look at new ones, name how many: `CHAOS_EXAMPLES=5000
scripts/test.sh tests/chaos/test_any_order.py`; a failure is printed as a program that repeats it.
"""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from poller.naming import stem
from tests.chaos.world import World
from wire.result_json import read_result
from wire.result_message import Result
from wire.s3_event import Upload, read_notification

DEEP = int(os.environ.get("CHAOS_EXAMPLES", "0"))
KEYS = st.sampled_from(["a.mp4", "room/b.mp4"])
CONTENTS = st.sampled_from(["ada", "nobody", "broken"])
HAPPENINGS = st.sampled_from(
    [
        "kill",
        "kill-tick",
        "fail",
        "wait 50",
        "wait 290",
        "wait 400",
        "redeliver",
        "tick",
        "overwrite a.mp4 ada",
        "overwrite a.mp4 nobody",
        "delete a.mp4",
        "delete a.mp4;kill",
        "overwrite a.mp4 nobody;tick",
        "wait 100;redeliver;tick",
    ]
)
SCRIPTS = st.dictionaries(st.integers(1, 70), HAPPENINGS, max_size=4)
SETTLED_AFTER = 60
OUTCOMES = {"ada": "recognised", "nobody": "no_face", "broken": "rejected"}


class Broken(AssertionError):
    """A promise was broken."""


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of crashes on purpose are nobody's news."""
    for room in ("poller", "recognition"):
        caplog.set_level(logging.CRITICAL, logger=room)


class AnyOrder(RuleBasedStateMachine):
    """Uploads, deletions, duplicates, delays, crashes at any point; at the end everything comes to rest."""

    @initialize()
    def begin(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self._folder.name))

    @rule(key=KEYS, content=CONTENTS, delay_s=st.sampled_from([0.0, 0.0, 100.0, 2000.0]))
    def upload(self, key: str, content: str, delay_s: float) -> None:
        self.world.upload(key, content, delay_s)

    @rule(key=KEYS)
    def upload_beside_a_bad_record(self, key: str) -> None:
        self.world.upload(key, "ada", with_bad_record=True)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.world.delete(key)

    @precondition(lambda self: self.world.uploads)
    @rule(number=st.integers(0, 5))
    def notify_again(self, number: int) -> None:
        self.world.notify_again(number)

    @rule()
    def reorder(self) -> None:
        self.world.requests.messages.reverse()
        self.world.output.messages.reverse()

    @rule()
    def redeliver(self) -> None:
        self.world.requests.show_all()
        self.world.output.show_all()

    @rule(queue=st.sampled_from(["requests", "output"]))
    def lose_a_delete(self, queue: str) -> None:
        getattr(self.world, queue).loses_deletes += 1

    @rule(seconds=st.sampled_from([1, 130, 1000]))
    def wait(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    @rule(script=SCRIPTS)
    def tick(self, script: dict[int, str]) -> None:
        self.world.points, self.world.script = 0, dict(script)
        self.world.tick()
        self.world.script = {}
        if self.world.broken:
            raise Broken(self.world.broken[0])

    def teardown(self) -> None:
        """Left alone, everything comes to rest, and the balance is drawn."""
        if not hasattr(self, "world"):
            return
        with self._folder:
            rest(self.world)
            for upload in self.world.uploads:
                check_end(self.world, upload)
            check_files(self.world)
            for key in {upload.key for upload in self.world.uploads}:
                check_objects(self.world, key)


def rest(world: World) -> None:
    """Tick until both queues are empty."""
    for _ in range(SETTLED_AFTER):
        if not world.requests.messages and not world.output.messages:
            return
        world.pass_time(1000)
        world.tick()
        if world.broken:
            raise Broken(world.broken[0])
    raise Broken(f"left over: {world.requests.messages} {world.output.messages}")


def result_in(world: World, upload: Upload) -> Result | None:
    """The filed result of an upload; its pair must be whole."""
    records = [read_result(path.read_bytes()) for path in world.folder.glob("*.json")]
    mine = [each for each in records if each.upload == upload]
    if len(mine) > 1:
        raise Broken(f"two results for {upload}: {mine}")
    if mine and (world.folder / f"{stem(mine[0])}.csv").read_bytes() != mine[0].csv.encode():
        raise Broken(f"the roll call of {upload} is not the one of its record")
    return mine[0] if mine else None


def check_end(world: World, upload: Upload) -> None:
    """A version ends in its result file, or in a dead-letter queue after five deliveries that came to nothing."""
    result = result_in(world, upload)
    if result is not None:
        if result.outcome not in ("superseded", OUTCOMES[world.contents[upload.job_id]]):
            raise Broken(f"{upload} is {result.outcome}: another version's content")
        return
    unsent = [each for each in world.dead.messages if names(each.body, upload) and "reason" not in each.attributes]
    unfiled = [each for each in world.output_dead.messages if read_result(each.body).upload == upload]
    if not (unfiled if upload.job_id in world.jobs.finished else unsent + unfiled):
        raise Broken(f"{upload} is lost")


def names(body: str, upload: Upload) -> bool:
    return upload in read_notification(body).uploads


def check_files(world: World) -> None:
    """No temporary file, no file beside the pairs, nothing unreadable sent, no bad record without a reason."""
    known = {upload.job_id[:12] for upload in world.uploads}
    for path in world.folder.iterdir():
        if path.suffix not in (".csv", ".json") or path.stem[-12:] not in known:
            raise Broken(f"{path.name} does not belong there")
    if any("reason" in message.attributes for message in world.output_dead.messages):
        raise Broken("the function sent what the poller cannot read")
    for message in world.dead.messages:
        if read_notification(message.body).faults and "record 1" not in message.attributes.get("reason", "record 1"):
            raise Broken("a bad record was buried without its reason")


def check_objects(world: World, key: str) -> None:
    """In S3 lies the newest finished version's result, with nothing of an older one beside it."""
    csv, record, picture = (world.s3.current("results", key + suffix) for suffix in (".csv", ".json", ".jpg"))
    finished = [each for each in world.uploads if each.key == key and each.job_id in world.jobs.finished]
    if not finished:
        return
    newest = max(finished, key=lambda upload: upload.sequencer)
    if csv is None or csv.metadata["sequencer"] < newest.sequencer:
        raise Broken(f"an older roll call than {newest.sequencer} of {key}: {csv}")
    if csv.metadata["sequencer"] > newest.sequencer:
        return  # of a version whose work was begun and given up
    result = result_in(world, newest)
    if record is None or record.metadata != csv.metadata:
        raise Broken(f"the record of {key} is another version's than its roll call")
    if (picture and picture.metadata) != (csv.metadata if result and result.picture_location else None):
        raise Broken(f"the picture of {key} is not that of version {newest.sequencer}: {picture and picture.metadata}")


AnyOrder.TestCase.settings = settings(
    max_examples=DEEP or 400,
    stateful_step_count=25,
    derandomize=not DEEP,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestWhateverHappensInWhateverOrderThePromisesHold = AnyOrder.TestCase
