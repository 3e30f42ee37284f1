"""What the code does with each role's rights, use by use, and which of the role's permissions each use needs.

A use runs the product's own code with the role's credentials on the stage `local`, and raises where it is refused. The
surprising rule: whatever has to be there before is put there by somebody with every right, so that a use fails for want
of its own permissions and no others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

from localcloud.stub_handler import StubIdentifier
from poller.aws import invoker, queue
from poller.instruments import Instruments
from poller.sign_of_life import CloudWatchSign
from poller.sqs import SqsQueue
from recognition.aws.clips import S3Clips
from recognition.aws.galleries import POINTER, S3Galleries
from recognition.aws.outputs import S3Store
from recognition.aws.roster import DynamoRoster
from recognition.bootstrap import make_pipeline
from recognition.errors import ClipSuperseded, GalleryError
from recognition.gallery import make_gallery
from recognition.pipeline import Pipeline
from recognition.roster import Student
from recognition.settings import Settings
from tests.deploy.account import Account
from wire.result_message import Location
from wire.s3_event import Upload

TEST_EVENT = b'{"call": 1, "body": "{\\"Event\\": \\"s3:TestEvent\\", \\"Service\\": \\"Amazon S3\\"}"}'
SOON_S = 60.0
CLIP = b'{"students": ["s1"]}'


class Permission(NamedTuple):
    """An action on what the template calls by this logical id; `*` where the service knows no resource."""

    action: str
    resource: str


@dataclass(frozen=True)
class Stage:
    """The stage `local`: its names, clients with every right, and clients with the rights of the role in question."""

    account: Account
    client: Callable[[str], Any]

    def __getitem__(self, name: str) -> str:
        return self.account.cloud.operator[name]

    def root(self, service: str) -> Any:
        return self.account.client(service)

    def queue(self, name: str) -> SqsQueue:
        """The queue as the poller has it, with the role's rights."""
        return queue(self.client("sqs"), self[name], lambda _: None)

    def sent(self, name: str) -> str:
        """The receipt of a message that is in the queue, in our hands."""
        body = uuid4().hex
        self.root("sqs").send_message(QueueUrl=self[name], MessageBody=body)
        return str(self.root("sqs").receive_message(QueueUrl=self[name])["Messages"][0]["ReceiptHandle"])

    def upload(self, body: bytes = CLIP) -> Upload:
        """A clip that has just been put into the input bucket."""
        bucket, key = self["INPUT_BUCKET"], f"{uuid4().hex}.mp4"
        put = self.root("s3").put_object(Bucket=bucket, Key=key, Body=body)
        return Upload(bucket, key, put["VersionId"], put["ETag"].strip('"'), "01", len(body))

    def pipeline(self, client: Callable[[str], Any]) -> Pipeline:
        """The function's pipeline, all real but the one that looks for faces."""
        names = ("INPUT_BUCKET", "OUTPUT_BUCKET", "GALLERY_BUCKET", "STUDENT_TABLE", "JOB_TABLE", "OUTPUT_QUEUE_URL")
        settings = Settings.from_environment({name: self[name] for name in names})
        return replace(make_pipeline(settings, client), identifier=StubIdentifier)

    def furnish(self) -> None:
        """What the function finds on any stage: a gallery, and a student."""
        S3Galleries(self.root("s3"), self["GALLERY_BUCKET"]).publish(make_gallery({}))
        DynamoRoster(self.root("dynamodb"), self["STUDENT_TABLE"]).write([Student("s1", "A", "B", "C")])


@dataclass(frozen=True)
class Use:
    """One thing that the code does as `role`; `needs` are all the permissions without which it fails, no more."""

    name: str
    role: str
    needs: frozenset[Permission]
    act: Callable[[Stage], object]


def needs(*texts: str) -> frozenset[Permission]:
    """`"s3:GetObject InputBucket"`: an action and a logical id."""
    return frozenset(Permission(*text.split()) for text in texts)


def a_clip_becomes_a_result(stage: Stage) -> None:
    stage.pipeline(stage.client).process(stage.upload(), time.time() + SOON_S)


def a_repeat_is_known_as_done(stage: Stage) -> None:
    upload = stage.upload()
    stage.pipeline(stage.root).process(upload, time.time() + SOON_S)
    stage.pipeline(stage.client).process(upload, time.time() + SOON_S)


def a_clip_that_is_gone_is_told_from_one_that_is_forbidden(stage: Stage) -> None:
    upload = stage.upload()
    stage.root("s3").delete_object(Bucket=upload.bucket, Key=upload.key)
    meets(ClipSuperseded, lambda: S3Clips(stage.client("s3")).open(upload))


def a_missing_gallery_is_told_from_one_that_is_forbidden(stage: Stage) -> None:
    bucket = stage["GALLERY_BUCKET"]
    stage.root("s3").delete_object(Bucket=bucket, Key=POINTER)
    try:
        meets(GalleryError, S3Galleries(stage.client("s3"), bucket).current)
    finally:
        S3Galleries(stage.root("s3"), bucket).publish(make_gallery({}))


def meets(error: type[Exception], act: Callable[[], object]) -> None:
    """Do it, and be told this and nothing else."""
    try:
        act()
    except error:
        return
    raise AssertionError(f"{error.__name__} was to be raised")


def an_older_versions_picture_is_taken_away(stage: Stage) -> None:
    place = Location(stage["OUTPUT_BUCKET"], f"{uuid4().hex}.jpg")
    stage.root("s3").put_object(Bucket=place.bucket, Key=place.key, Body=b"")
    S3Store(stage.client("s3")).remove(stage.upload(), place)


def messages_are_taken(name: str, stage: Stage) -> None:
    stage.root("sqs").send_message(QueueUrl=stage[name], MessageBody=uuid4().hex)
    taken = stage.queue(name).receive(1, 1, 30)
    assert taken
    stage.root("sqs").delete_message(QueueUrl=stage[name], ReceiptHandle=taken[0].receipt)


def messages_are_deleted(name: str, stage: Stage) -> None:
    assert not stage.queue(name).delete([stage.sent(name)])


def messages_are_kept_hidden(name: str, stage: Stage) -> None:
    assert not stage.queue(name).set_visibility({stage.sent(name): 30})


def messages_are_sent(name: str, stage: Stage) -> None:
    stage.queue(name).send(uuid4().hex, {"reason": "a test"})


def the_depth_is_seen(name: str, stage: Stage) -> None:
    stage.queue(name).depth()


class Wanted:
    """An attempt that is wanted once; see `poller.ports.Attempt`."""

    def begin(self) -> bool:
        return True

    def never_started(self) -> None: ...

    def may_wait(self, seconds: float) -> bool:
        return False

    def pause(self, seconds: float, turn: threading.Event) -> None: ...


def the_function_is_invoked(stage: Stage) -> None:
    invoker(stage.client("lambda"), stage["FUNCTION_NAME"]).invoke(TEST_EVENT, Wanted())


def the_function_is_asked_for_a_dry_run(stage: Stage) -> None:
    instruments = Instruments("", None, None, stage.client("lambda"), time.sleep, [])
    instruments.dry_run(stage["FUNCTION_NAME"])


def a_sign_of_life_is_given(stage: Stage) -> None:
    def call(operation: str, **parameters: Any) -> object:
        return getattr(stage.client("cloudwatch"), operation)(**parameters)

    CloudWatchSign(call, stage["FUNCTION_NAME"]).send()


def the_mapping_takes_a_request(stage: Stage) -> None:
    """AWS' Lambda takes it in the function's name; the local one asks nobody, so that this test calls in its place."""
    queue = stage["REQUEST_QUEUE_URL"]
    stage.root("sqs").send_message(QueueUrl=queue, MessageBody=uuid4().hex)
    (taken,) = stage.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    stage.root("sqs").delete_message(QueueUrl=queue, ReceiptHandle=taken["ReceiptHandle"])


def the_mapping_deletes_a_request(stage: Stage) -> None:
    queue = stage["REQUEST_QUEUE_URL"]
    stage.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=stage.sent("REQUEST_QUEUE_URL"))


def the_mapping_looks_at_the_queue(stage: Stage) -> None:
    stage.client("sqs").get_queue_attributes(QueueUrl=stage["REQUEST_QUEUE_URL"], AttributeNames=["All"])


def _of(role: str, act: Callable[[Stage], object], *texts: str) -> Use:
    return Use(f"{role}: {act.__name__}", role, needs(*texts), act)


def _on(role: str, act: Callable[[str, Stage], None], action: str, resources: Collection[str]) -> list[Use]:
    """The same for each of these queues."""
    return [
        Use(f"{role}: {act.__name__}, {each}", role, needs(f"{action} {each}"), partial(act, QUEUES[each]))
        for each in resources
    ]


QUEUES = {
    "RequestQueue": "REQUEST_QUEUE_URL",
    "OutputQueue": "OUTPUT_QUEUE_URL",
    "DeadLetterQueue": "DEAD_LETTER_QUEUE_URL",
    "OutputDeadLetterQueue": "OUTPUT_DEAD_LETTER_QUEUE_URL",
}
SOURCES, DEAD = ("RequestQueue", "OutputQueue"), ("DeadLetterQueue", "OutputDeadLetterQueue")

FUNCTION = "FunctionRole"
FUNCTION_USES = [
    _of(
        FUNCTION,
        a_clip_becomes_a_result,
        "dynamodb:UpdateItem JobTable",
        "s3:GetObject InputBucket",
        "s3:GetObjectVersion InputBucket",
        "s3:GetObject GalleryBucket",
        "dynamodb:BatchGetItem StudentTable",
        "s3:GetObject OutputBucket",
        "s3:PutObject OutputBucket",
        "sqs:SendMessage OutputQueue",
    ),
    _of(FUNCTION, a_repeat_is_known_as_done, "dynamodb:UpdateItem JobTable", "dynamodb:GetItem JobTable"),
    _of(
        FUNCTION,
        a_clip_that_is_gone_is_told_from_one_that_is_forbidden,
        "s3:GetObject InputBucket",
    ),
    _of(
        FUNCTION,
        a_missing_gallery_is_told_from_one_that_is_forbidden,
        "s3:GetObject GalleryBucket",
    ),
    _of(
        FUNCTION,
        an_older_versions_picture_is_taken_away,
        "s3:GetObject OutputBucket",
        "s3:DeleteObject OutputBucket",
    ),
]

POLLER = "PollerRole"
POLLER_USES = [
    *_on(POLLER, messages_are_taken, "sqs:ReceiveMessage", SOURCES),
    *_on(POLLER, messages_are_deleted, "sqs:DeleteMessage", SOURCES),
    *_on(POLLER, messages_are_kept_hidden, "sqs:ChangeMessageVisibility", SOURCES),
    *_on(POLLER, messages_are_sent, "sqs:SendMessage", DEAD),
    *_on(POLLER, the_depth_is_seen, "sqs:GetQueueAttributes", QUEUES),
    _of(POLLER, the_function_is_invoked, "lambda:InvokeFunction RecognitionLambdaFunction"),
    _of(POLLER, a_sign_of_life_is_given, "cloudwatch:PutMetricData *"),
]

OPERATOR = "OperatorRole"
OPERATOR_USES = [
    *_on(OPERATOR, messages_are_taken, "sqs:ReceiveMessage", DEAD),
    *_on(OPERATOR, messages_are_deleted, "sqs:DeleteMessage", DEAD),
    *_on(OPERATOR, messages_are_kept_hidden, "sqs:ChangeMessageVisibility", DEAD),
    *_on(OPERATOR, messages_are_sent, "sqs:SendMessage", SOURCES),
    *_on(OPERATOR, the_depth_is_seen, "sqs:GetQueueAttributes", QUEUES),
    _of(OPERATOR, the_function_is_asked_for_a_dry_run, "lambda:InvokeFunction RecognitionLambdaFunction"),
]

# Where the queue is the trigger: the function's role consumes requests, the poller's files results and no more.
FUNCTION_USES_BY_QUEUE = [
    *FUNCTION_USES,
    _of(FUNCTION, the_mapping_takes_a_request, "sqs:ReceiveMessage RequestQueue"),
    _of(FUNCTION, the_mapping_deletes_a_request, "sqs:DeleteMessage RequestQueue"),
    _of(FUNCTION, the_mapping_looks_at_the_queue, "sqs:GetQueueAttributes RequestQueue"),
]
FILES = ("OutputQueue",)
POLLER_USES_BY_QUEUE = [
    *_on(POLLER, messages_are_taken, "sqs:ReceiveMessage", FILES),
    *_on(POLLER, messages_are_deleted, "sqs:DeleteMessage", FILES),
    *_on(POLLER, messages_are_kept_hidden, "sqs:ChangeMessageVisibility", FILES),
    *_on(POLLER, messages_are_sent, "sqs:SendMessage", ("OutputDeadLetterQueue",)),
    *_on(POLLER, the_depth_is_seen, "sqs:GetQueueAttributes", QUEUES),
    _of(POLLER, a_sign_of_life_is_given, "cloudwatch:PutMetricData *"),
]

USES = {  # by the stage's trigger
    "poller": [*FUNCTION_USES, *POLLER_USES, *OPERATOR_USES],
    "queue": [*FUNCTION_USES_BY_QUEUE, *POLLER_USES_BY_QUEUE, *OPERATOR_USES],
}

# What the local AWS does not ask for. Lambda writes the log in the function's name, the local one without asking (and
# its CloudWatch Logs takes the ARN that AWS wants in a policy, `…:*`, for another group's). S3 says 403 of what is not
# there to whom may not list the bucket; the local one says 404 to everybody.
UNTRIED = {
    FUNCTION: needs(
        "logs:CreateLogStream RecognitionLogGroup",
        "logs:PutLogEvents RecognitionLogGroup",
        "s3:ListBucket InputBucket",
        "s3:ListBucket OutputBucket",
        "s3:ListBucket GalleryBucket",
    ),
}
