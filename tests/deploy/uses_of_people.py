"""What the product does with the rights of people: of an instructor, and of a privacy officer. See `uses`.

The console, one page for both and the operator, has the policies of all three, and beside them what only a page does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from uuid import uuid4

import numpy as np

from recognition.aws.clips import S3Clips
from recognition.aws.erased import S3Erased
from recognition.aws.finished import DynamoFinished
from recognition.aws.galleries import S3Galleries
from recognition.aws.job_items import DynamoJobItems
from recognition.aws.latest import DynamoLatest
from recognition.aws.listing import whole
from recognition.aws.messages import SqsMessages
from recognition.aws.outputs import SqsOutbox
from recognition.aws.pictures import S3Pictures
from recognition.aws.roster import DynamoRoster
from recognition.aws.uploads import S3Uploads
from recognition.aws.versions import S3Versions
from recognition.corrections import Correction
from recognition.erasure.erased import Erased
from recognition.erasure.jobs import JobItem
from recognition.errors import RecognitionError
from recognition.finished import FinishedVersion
from recognition.gallery import make_gallery
from recognition.publish import publish
from recognition.rollback import kept_galleries
from recognition.roster import Consent, Student
from recognition.sections import Session
from tests.deploy.uses import QUEUES, Stage, Use, meets, needs
from wire.result_message import Location

BUCKETS = {"InputBucket": "INPUT_BUCKET", "OutputBucket": "OUTPUT_BUCKET", "GalleryBucket": "GALLERY_BUCKET"}
RESULTS = ("OutputQueue", "OutputDeadLetterQueue")


def roster(stage: Stage) -> DynamoRoster:
    return DynamoRoster(stage.client("dynamodb"), stage["STUDENT_TABLE"])


def galleries(stage: Stage) -> S3Galleries:
    return S3Galleries(stage.client("s3"), stage["GALLERY_BUCKET"])


def erased(stage: Stage) -> S3Erased:
    return S3Erased(stage.client("s3"), stage["GALLERY_BUCKET"])


def versions(stage: Stage, bucket: str) -> S3Versions:
    return S3Versions(stage.client("s3"), stage[BUCKETS[bucket]])


def stored(stage: Stage, bucket: str) -> str:
    """The key of an object that is there."""
    key = uuid4().hex
    stage.root("s3").put_object(Bucket=stage[BUCKETS[bucket]], Key=key, Body=b"x")
    return key


def enrolled(stage: Stage) -> Student:
    """A student with a row."""
    student = Student(uuid4().hex, "A", "B", "C", Consent("office", "2026-01-01"))
    DynamoRoster(stage.root("dynamodb"), stage["STUDENT_TABLE"]).write([student])
    return student


def a_sections_decisions_are_found(stage: Stage) -> None:
    DynamoFinished(stage.client("dynamodb"), stage["JOB_TABLE"]).of("cse546")


def a_sections_roster_is_read(stage: Stage) -> None:
    roster(stage).of_section("cse546")


def whoever_was_seen_is_looked_up(stage: Stage) -> None:
    roster(stage).students(["s1"])


def it_is_seen_who_is_enrolled(stage: Stage) -> None:
    galleries(stage).current()


def a_picture_is_read(stage: Stage) -> None:
    S3Pictures(stage.client("s3")).of(stage.upload(), Location(stage["OUTPUT_BUCKET"], stored(stage, "OutputBucket")))


def a_face_is_corrected(stage: Stage) -> None:
    version = FinishedVersion(stage.upload(), Session("cse546", "1"), time.time(), "unknown")
    correction = Correction(1, 0.0, (0, 0, 9, 9), "is unknown", "the tests", time.time())
    finished = DynamoFinished(stage.client("dynamodb"), stage["JOB_TABLE"])
    meets(RecognitionError, lambda: finished.correct(version, correction))  # there is no such entry


def it_is_seen_which_clips_are_there(stage: Stage) -> None:
    pages = stage.client("s3").get_paginator("list_objects_v2")  # as scripts/upload_bucket.py does
    list(pages.paginate(Bucket=stage["INPUT_BUCKET"], Prefix="cse546/"))


def a_clip_is_told_from_the_one_that_is_there(stage: Stage) -> None:
    stage.client("s3").head_object(Bucket=stage["INPUT_BUCKET"], Key=stage.upload().key)


def a_clip_is_uploaded(stage: Stage) -> None:
    stage.client("s3").put_object(Bucket=stage["INPUT_BUCKET"], Key=uuid4().hex, Body=b"x")


def uploads(stage: Stage) -> S3Uploads:
    return S3Uploads(stage.client("s3"), stage["INPUT_BUCKET"])


def a_clip_is_uploaded_in_parts(stage: Stage) -> None:
    key = uuid4().hex
    upload_id = uploads(stage).begin(key)
    part = {"Bucket": stage["INPUT_BUCKET"], "Key": key, "UploadId": upload_id, "PartNumber": 1}
    etag = stage.client("s3").upload_part(**part, Body=b"x")["ETag"]
    assert uploads(stage).finish(key, upload_id, [etag])


def an_upload_is_given_up(stage: Stage) -> None:
    key = uuid4().hex
    upload_id = S3Uploads(stage.root("s3"), stage["INPUT_BUCKET"]).begin(key)
    uploads(stage).give_up(key, upload_id)


def gallery_and_rows_are_published(stage: Stage) -> None:
    student_id = uuid4().hex
    publish(
        make_gallery({student_id: [np.eye(128)[0]]}),
        [Student(student_id, "A", "B", "C", Consent("office", "2026-01-01"))],
        datetime.now(timezone.utc),
        roster=roster(stage),
        galleries=galleries(stage),
        erased=erased(stage),
        drop=True,
    )


def a_row_is_changed(stage: Stage) -> None:
    student = enrolled(stage)
    roster(stage).replace([(student, student)])


def a_consent_is_withdrawn(stage: Stage) -> None:
    roster(stage).withdraw_consent(enrolled(stage).student_id)


def a_row_is_removed(stage: Stage) -> None:
    roster(stage).remove(enrolled(stage).student_id)


def everybody_is_reported_on(stage: Stage) -> None:
    list(roster(stage).everybody())


def an_erasure_is_noted(stage: Stage) -> None:
    erased(stage).note(uuid4().hex, Erased(time.time()))


def it_is_asked_whether_somebody_was_erased(stage: Stage) -> None:
    student_id = uuid4().hex
    S3Erased(stage.root("s3"), stage["GALLERY_BUCKET"]).note(student_id, Erased(time.time()))
    assert erased(stage).among([student_id])


def somebody_erased_comes_back(stage: Stage) -> None:
    erased(stage).lift(uuid4().hex)


def earlier_galleries_are_listed(stage: Stage) -> None:
    S3Galleries(stage.root("s3"), stage["GALLERY_BUCKET"]).publish(make_gallery({}))
    assert kept_galleries(versions(stage, "GalleryBucket"), "")


def what_is_there_is_listed(bucket: str, stage: Stage) -> None:
    versions(stage, bucket).versions("nowhere/")


def the_limits_are_read(bucket: str, stage: Stage) -> None:
    versions(stage, bucket).limits()


def versions_are_purged(bucket: str, stage: Stage) -> None:
    keys = [stored(stage, bucket) for _ in range(2)]  # of the first the local AWS asks for another permission
    there = S3Versions(stage.root("s3"), stage[BUCKETS[bucket]])
    versions(stage, bucket).purge([each for key in keys for each in there.versions(key)])


def older_versions_are_read(bucket: str, stage: Stage) -> None:
    there = S3Versions(stage.root("s3"), stage[BUCKETS[bucket]]).versions(stored(stage, bucket))
    assert list(versions(stage, bucket).bodies(there))


def a_result_is_written_anew(stage: Stage) -> None:
    key, bucket = stored(stage, "OutputBucket"), versions(stage, "OutputBucket")
    there = bucket.current(key)
    assert there
    assert bucket.replace(key, there, b"y")


def a_face_is_cut_out(stage: Stage) -> None:
    clips = S3Clips(stage.client("s3"))
    with clips.open(clips.measured(stage.upload())) as file:
        assert file.read()


def all_decisions_are_looked_through(stage: Stage) -> None:
    list(DynamoJobItems(stage.client("dynamodb"), stage["JOB_TABLE"]).all())


def a_decision_is_rewritten(stage: Stage) -> None:
    jobs = DynamoJobItems(stage.client("dynamodb"), stage["JOB_TABLE"])
    assert not jobs.rewrite(JobItem(uuid4().hex, decision="a"), JobItem("", decision="b"))  # there is no such item


def it_is_asked_whether_decisions_end(stage: Stage) -> None:
    DynamoJobItems(stage.client("dynamodb"), stage["JOB_TABLE"]).ends()


def results_under_way_are_looked_through(queue: str, stage: Stage) -> None:
    stage.root("sqs").send_message(QueueUrl=stage[QUEUES[queue]], MessageBody=uuid4().hex)
    messages = SqsMessages(stage.client("sqs"), stage[QUEUES[queue]], 0)
    messages.put_back(messages.take())


def a_result_under_way_is_told_anew(queue: str, stage: Stage) -> None:
    url = stage[QUEUES[queue]]
    stage.root("sqs").send_message(QueueUrl=url, MessageBody=uuid4().hex)
    for message in SqsMessages(stage.root("sqs"), url, 0).take():
        SqsMessages(stage.client("sqs"), url, 0).replace(message, uuid4().hex)


def the_machine_is_asked_to_erase(stage: Stage) -> None:
    SqsOutbox(stage.client("sqs"), stage["OUTPUT_QUEUE_URL"]).send(uuid4().hex)


def the_newest_are_listed(stage: Stage) -> None:
    DynamoLatest(stage.client("dynamodb"), stage["JOB_TABLE"]).sections()


def entries_that_an_index_lists_are_read(stage: Stage) -> None:
    whole(stage.client("dynamodb"), stage["JOB_TABLE"], [{"job_id": {"S": "0" * 64}}])


def a_clip_is_found_by_its_job(stage: Stage) -> None:
    DynamoFinished(stage.client("dynamodb"), stage["JOB_TABLE"]).by_job("0" * 64)


def _look_back(role: str) -> list[Use]:
    """What everybody may do who is to see what was decided and why."""
    return [
        _of(role, a_sections_decisions_are_found, "dynamodb:Query JobTable"),
        _of(role, a_sections_roster_is_read, "dynamodb:Scan StudentTable"),
        _of(role, whoever_was_seen_is_looked_up, "dynamodb:BatchGetItem StudentTable"),
        _of(role, it_is_seen_who_is_enrolled, "s3:GetObject GalleryBucket"),
        _of(role, a_picture_is_read, "s3:GetObject OutputBucket"),
    ]


def _of(role: str, act: Callable[[Stage], None], *texts: str) -> Use:
    return Use(f"{role}: {act.__name__}", role, needs(*texts), act)


def _on(role: str, act: Callable[[str, Stage], None], resources: tuple[str, ...], *actions: str) -> list[Use]:
    """The same for each of these buckets or queues."""
    return [
        Use(
            f"{role}: {act.__name__}, {each}",
            role,
            needs(*(f"{action} {each}" for action in actions)),
            partial(act, each),
        )
        for each in resources
    ]


INSTRUCTOR, PRIVACY, CONSOLE = "InstructorRole", "PrivacyRole", "ConsoleRole"
INSTRUCTOR_USES = [
    *_look_back(INSTRUCTOR),
    _of(INSTRUCTOR, a_face_is_corrected, "dynamodb:UpdateItem JobTable"),
    _of(INSTRUCTOR, it_is_seen_which_clips_are_there, "s3:ListBucket InputBucket"),
    _of(INSTRUCTOR, a_clip_is_told_from_the_one_that_is_there, "s3:GetObject InputBucket"),
    _of(INSTRUCTOR, a_clip_is_uploaded, "s3:PutObject InputBucket"),
    _of(INSTRUCTOR, a_clip_is_uploaded_in_parts, "s3:PutObject InputBucket"),
    _of(INSTRUCTOR, an_upload_is_given_up, "s3:AbortMultipartUpload InputBucket"),
]
PRIVACY_USES = [
    *_look_back(PRIVACY),
    _of(
        PRIVACY,
        gallery_and_rows_are_published,
        "dynamodb:BatchGetItem StudentTable",
        "dynamodb:BatchWriteItem StudentTable",
        "s3:GetObject GalleryBucket",
        "s3:PutObject GalleryBucket",
        "s3:DeleteObject GalleryBucket",
        "s3:ListBucket GalleryBucket",
    ),
    _of(PRIVACY, a_row_is_changed, "dynamodb:PutItem StudentTable"),
    _of(PRIVACY, a_consent_is_withdrawn, "dynamodb:UpdateItem StudentTable"),
    _of(PRIVACY, a_row_is_removed, "dynamodb:DeleteItem StudentTable"),
    _of(PRIVACY, everybody_is_reported_on, "dynamodb:Scan StudentTable"),
    _of(PRIVACY, an_erasure_is_noted, "s3:PutObject GalleryBucket"),
    _of(PRIVACY, it_is_asked_whether_somebody_was_erased, "s3:ListBucket GalleryBucket", "s3:GetObject GalleryBucket"),
    _of(PRIVACY, somebody_erased_comes_back, "s3:DeleteObject GalleryBucket"),
    _of(
        PRIVACY,
        earlier_galleries_are_listed,
        "s3:ListBucketVersions GalleryBucket",
        "s3:GetObjectVersion GalleryBucket",
    ),
    *_on(PRIVACY, what_is_there_is_listed, tuple(BUCKETS), "s3:ListBucketVersions"),
    *_on(PRIVACY, the_limits_are_read, tuple(BUCKETS), "s3:GetLifecycleConfiguration"),
    *_on(PRIVACY, versions_are_purged, ("InputBucket", "OutputBucket"), "s3:DeleteObjectVersion"),
    *_on(PRIVACY, versions_are_purged, ("GalleryBucket",), "s3:DeleteObjectVersion", "s3:DeleteObject"),
    *_on(PRIVACY, older_versions_are_read, ("OutputBucket",), "s3:GetObjectVersion"),
    _of(
        PRIVACY,
        a_result_is_written_anew,
        "s3:GetObject OutputBucket",
        "s3:PutObject OutputBucket",
        "s3:DeleteObjectVersion OutputBucket",
    ),
    _of(PRIVACY, a_face_is_cut_out, "s3:GetObject InputBucket", "s3:GetObjectVersion InputBucket"),
    _of(PRIVACY, all_decisions_are_looked_through, "dynamodb:Scan JobTable"),
    _of(PRIVACY, a_decision_is_rewritten, "dynamodb:UpdateItem JobTable"),
    _of(PRIVACY, it_is_asked_whether_decisions_end, "dynamodb:DescribeTimeToLive JobTable"),
    *_on(
        PRIVACY,
        results_under_way_are_looked_through,
        RESULTS,
        "sqs:ReceiveMessage",
        "sqs:ChangeMessageVisibility",
    ),
    *_on(PRIVACY, a_result_under_way_is_told_anew, RESULTS, "sqs:SendMessage", "sqs:DeleteMessage"),
    _of(PRIVACY, the_machine_is_asked_to_erase, "sqs:SendMessage OutputQueue"),
]
CONSOLE_USES = [
    _of(CONSOLE, the_newest_are_listed, "dynamodb:Query JobTable"),
    _of(CONSOLE, entries_that_an_index_lists_are_read, "dynamodb:BatchGetItem JobTable"),
    _of(CONSOLE, a_clip_is_found_by_its_job, "dynamodb:GetItem JobTable"),
]
PEOPLES_USES = [*INSTRUCTOR_USES, *PRIVACY_USES, *CONSOLE_USES]

# S3 says 403 of what is not there to whom may not list the bucket; the local one says 404 to everybody.
PEOPLES_UNTRIED = {
    INSTRUCTOR: needs("s3:ListBucket OutputBucket"),
    PRIVACY: needs("s3:ListBucket OutputBucket", "s3:ListBucket InputBucket"),
}

# What resources/only_local.yml adds to these roles under another name than AWS asks for.
_PURGE = needs("s3:DeleteObject InputBucket", "s3:DeleteObject OutputBucket")
ONLY_LOCAL = {PRIVACY: _PURGE, CONSOLE: _PURGE}
