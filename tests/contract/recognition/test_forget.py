"""Forgetting a student on a stage in moto: nothing is left, nobody else loses anything, wherever it is cut off."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from recognition.aws.erased import S3Erased
from recognition.aws.galleries import S3Galleries
from recognition.commands.erasure_stage import stage_in
from recognition.decision import read_decision
from recognition.erasure.forget import Stage, forget, look
from recognition.erasure.receipt import Receipt, as_text
from recognition.errors import NobodyKnown
from recognition.roster import Student
from tests.contract.recognition.erasure_stage import Classroom, picture_of, student
from wire.result_json import read_result, write_result

ZOE, BOB, CYD = student(1), student(2), student(3)
CHANGES = (
    ("s3", "put_object"),
    ("s3", "delete_object"),
    ("s3", "delete_objects"),
    ("dynamodb", "update_item"),
    ("dynamodb", "delete_item"),
    ("sqs", "send_message"),
)


@pytest.fixture
def classroom(deployed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Classroom:
    dead = deployed.sqs.create_queue(QueueName="output-dead")["QueueUrl"]
    monkeypatch.setenv("OUTPUT_DEAD_LETTER_QUEUE_URL", dead)
    (tmp_path / "vm").mkdir()
    room = Classroom(deployed, dead, tmp_path / "vm")
    room.publish([ZOE, BOB, CYD])
    return room


@pytest.fixture
def everywhere(classroom: Classroom) -> Stage:
    return stage_in(os.environ, lambda service: getattr(classroom.stage, service), wait_s=0)


def test_nothing_is_left_in_a_store_of_a_thousand_results_over_fifty_students(
    classroom: Classroom, everywhere: Stage
) -> None:
    students = [student(n) for n in range(1, 51)]
    classroom.publish(students)  # the gallery before is overwritten, and holds her as well
    chance = random.Random(1)
    for n in range(1000):
        shown = chance.sample(students, 4)
        corrections = [said(shown[3])] if n % 10 == 0 else []
        classroom.add(f"cse546/s/clip{n - n % 20 // 19}.mp4", shown[: n % 3], shown[2 : 2 + n % 2], corrections)
    for n in range(0, 40, 2):
        classroom.stage.sqs.send_message(
            QueueUrl=classroom.dead if n % 4 else classroom.stage.settings.output_queue_url,
            MessageBody=write_result(classroom.results[n]),
        )
    before = classroom.holding_each(students)
    assert len(before[ZOE.student_id]) > 100

    receipt = forget(ZOE.student_id, everywhere, clips=True)
    classroom.tick()

    assert receipt.complete, as_text(receipt)
    after = classroom.holding_each(students)
    assert after.pop(ZOE.student_id) == []
    assert all(len(places) > len(before[each]) / 2 for each, places in after.items()), "others keep their roll calls"


def test_a_roll_call_with_others_stays_and_the_picture_goes(classroom: Classroom, everywhere: Stage) -> None:
    both = classroom.add("cse546/s/both.mp4", [ZOE, BOB])
    forget(ZOE.student_id, everywhere)
    assert classroom.stage.object(both.csv_location.key).decode() == both.without(ZOE.student_id).csv
    record = classroom.stage.object(both.record_location.key)
    assert read_result(record) == both.without(ZOE.student_id)
    assert [each["named"] for each in json.loads(record)["decisions"]] == [None, BOB.student_id]
    head = classroom.stage.s3.head_object(Bucket="results", Key=both.csv_location.key)
    assert head["Metadata"] == {"sequencer": both.upload.sequencer}, "an older version must not replace it"
    assert pictures(classroom) == []


def pictures(classroom: Classroom) -> list[str]:
    return [place for place, _ in classroom.objects() if place.startswith("results/") and ".jpg" in place]


def test_the_decision_keeps_its_faces_and_the_others_in_it(classroom: Classroom, everywhere: Stage) -> None:
    both = classroom.add("cse546/s/both.mp4", [ZOE, BOB], [CYD])
    forget(ZOE.student_id, everywhere)
    item = classroom.stage.dynamodb.get_item(TableName="jobs", Key={"job_id": {"S": both.upload.job_id}})["Item"]
    faces = read_decision(item["decision"]["S"]).faces
    assert [(each.face, each.answer, each.student_id) for each in faces] == [
        (1, "unknown", None),
        (2, "identified", BOB.student_id),
        (3, "uncertain", CYD.student_id),
    ]
    assert faces[2].runner_up is None, "she was the runner-up there"
    assert item["outcome"]["S"] == "recognised"


def test_a_clip_with_nobody_else_is_an_unknown_face_afterwards(classroom: Classroom, everywhere: Stage) -> None:
    alone = classroom.add("cse546/s/alone.mp4", [ZOE])
    forget(ZOE.student_id, everywhere)
    item = classroom.stage.dynamodb.get_item(TableName="jobs", Key={"job_id": {"S": alone.upload.job_id}})["Item"]
    assert item["outcome"]["S"] == "unknown"
    kept = read_result(classroom.stage.object(alone.record_location.key))
    assert (kept.outcome, kept.unknown_faces, kept.picture_location) == ("unknown", 1, None)


def test_a_dry_run_lists_the_same_and_changes_nothing(classroom: Classroom, everywhere: Stage) -> None:
    classroom.add("cse546/s/both.mp4", [ZOE, BOB])
    before = sorted(place for place, _ in classroom.everything())
    dry, subject = look(ZOE.student_id, everywhere)
    assert sorted(place for place, _ in classroom.everything()) == before
    assert [each.key for each in subject.clips] == ["cse546/s/both.mp4"]
    done = forget(ZOE.student_id, everywhere)
    listed = {(each.place, each.what, each.count) for each in dry.entries}
    assert listed <= {(each.place, each.what, each.count) for each in done.entries}
    assert not dry.complete


def test_a_dry_run_hides_no_message_from_the_poller(classroom: Classroom, everywhere: Stage) -> None:
    told = write_result(classroom.add("cse546/s/clip.mp4", [ZOE]))
    classroom.stage.sqs.send_message(QueueUrl=classroom.dead, MessageBody=told)
    look(ZOE.student_id, everywhere)
    received = classroom.stage.sqs.receive_message(QueueUrl=classroom.dead)["Messages"]
    assert [each["Body"] for each in received] == [told]


def test_a_row_that_cannot_be_read_goes_too(classroom: Classroom, everywhere: Stage) -> None:
    spoilt = {"student_id": {"S": ZOE.student_id}, "name": {"S": ZOE.name}, "sections": {"S": "cse546"}}
    classroom.stage.dynamodb.put_item(TableName="students", Item=spoilt)
    assert forget(ZOE.student_id, everywhere).complete
    assert [place for place in classroom.holding(ZOE) if place.startswith("students")] == []


def test_the_gallery_is_published_without_her_and_no_version_holds_her(classroom: Classroom, everywhere: Stage) -> None:
    forget(ZOE.student_id, everywhere)
    published = S3Galleries(classroom.stage.s3, "galleries").current()
    assert published.student_ids == (BOB.student_id, CYD.student_id)
    assert published.sections == {"cse546": (BOB.student_id, CYD.student_id)}
    assert not [place for place in classroom.holding(ZOE) if place.startswith("galleries")]


def test_raw_clips_stay_unless_somebody_says_so(classroom: Classroom, everywhere: Stage) -> None:
    classroom.add("cse546/s/both.mp4", [ZOE, BOB])
    classroom.add("cse546/s/other.mp4", [BOB])
    receipt = forget(ZOE.student_id, everywhere)
    assert (receipt.complete, receipt.clips_left) == (True, 1)
    assert "1 raw clip(s) that show the student stay" in as_text(receipt)
    classroom.add("cse546/s/both.mp4", [BOB, ZOE])
    forget(ZOE.student_id, everywhere, clips=True)
    listed = classroom.stage.s3.list_object_versions(Bucket="clips")["Versions"]
    assert sorted(each["Key"] for each in listed) == ["cse546/s/both.mp4", "cse546/s/other.mp4"]


def test_a_clip_of_the_same_bytes_shows_her_too(classroom: Classroom, everywhere: Stage) -> None:
    shown = classroom.add("cse546/s/clip.mp4", [ZOE]).upload
    other = classroom.stage.s3.put_object(Bucket="clips", Key=shown.key, Body=b"another")["VersionId"]
    classroom.stage.s3.put_object(Bucket="clips", Key=shown.key, Body=picture_of(ZOE))
    forget(ZOE.student_id, everywhere, clips=True)
    listed = classroom.stage.s3.list_object_versions(Bucket="clips")["Versions"]
    assert [each["VersionId"] for each in listed] == [other]


def test_older_versions_of_a_clip_that_showed_her_go_and_the_newer_ones_results_stay(
    classroom: Classroom, everywhere: Stage
) -> None:
    classroom.add("cse546/s/clip.mp4", [ZOE])
    newer = classroom.add("cse546/s/clip.mp4", [BOB])
    forget(ZOE.student_id, everywhere)
    assert classroom.stage.object("cse546/s/clip.mp4.jpg") == picture_of(BOB)
    assert classroom.stage.object("cse546/s/clip.mp4.csv").decode() == newer.csv
    listed = classroom.stage.s3.list_object_versions(Bucket="results")
    assert len(listed["Versions"]) == 3


def test_a_face_that_a_person_named_takes_its_picture_along(classroom: Classroom, everywhere: Stage) -> None:
    corrections = [said(ZOE), said(BOB, "is not"), said(ZOE, "is not"), {**said(BOB), "by": ZOE.student_id}]
    named = classroom.add("cse546/s/clip.mp4", [], [BOB], corrections)
    forget(ZOE.student_id, everywhere)
    assert pictures(classroom) == []
    item = classroom.stage.dynamodb.get_item(TableName="jobs", Key={"job_id": {"S": named.upload.job_id}})["Item"]
    kept = [json.loads(each["S"]) for each in item["corrections"]["L"]]
    assert kept == [
        {**said(ZOE, "is unknown"), "student_id": None},
        said(BOB, "is not"),
        {**said(BOB), "by": "(erased)"},
    ]


def said(of: Student, says: str = "is") -> dict[str, object]:
    """A correction, as it is kept with the decision."""
    return {
        "face": 1,
        "second": 1.0,
        "box": [0, 0, 9, 9],
        "says": says,
        "by": "teacher",
        "at": 1.0,
        "student_id": of.student_id,
    }


def test_a_result_kept_for_whoever_takes_over_is_kept_without_her(classroom: Classroom, everywhere: Stage) -> None:
    working = classroom.add("cse546/s/clip.mp4", [ZOE, BOB], finished=False)
    forget(ZOE.student_id, everywhere)
    item = classroom.stage.dynamodb.get_item(TableName="jobs", Key={"job_id": {"S": working.upload.job_id}})["Item"]
    assert read_result(item["result"]["S"]) == working.without(ZOE.student_id)


def test_a_roll_call_whose_record_was_never_written_is_found_by_her_name(
    classroom: Classroom, everywhere: Stage
) -> None:
    lone = classroom.add("cse546/s/clip.mp4", [ZOE, BOB])
    for key in ("cse546/s/clip.mp4.json", "cse546/s/clip.mp4.jpg"):
        version = classroom.stage.s3.head_object(Bucket="results", Key=key)["VersionId"]
        classroom.stage.s3.delete_object(Bucket="results", Key=key, VersionId=version)
    forget(ZOE.student_id, everywhere)
    assert classroom.stage.object(lone.csv_location.key).decode() == lone.without(ZOE.student_id).csv


def test_a_namesake_keeps_the_roll_calls(classroom: Classroom, everywhere: Stage) -> None:
    namesake = replace(BOB, name=ZOE.name)
    kept = classroom.add("cse546/s/clip.mp4", [namesake])
    assert forget(ZOE.student_id, everywhere).complete
    assert classroom.stage.object(kept.csv_location.key).decode() == kept.csv


def test_what_is_in_a_queue_is_sent_anew_without_her(classroom: Classroom, everywhere: Stage) -> None:
    both = classroom.add("cse546/s/both.mp4", [ZOE, BOB])
    other = classroom.add("cse546/s/other.mp4", [BOB])
    reason = {"reason": {"DataType": "String", "StringValue": "why"}}
    for result in (both, other):
        classroom.stage.sqs.send_message(
            QueueUrl=classroom.dead, MessageBody=write_result(result), MessageAttributes=reason
        )
    classroom.stage.sqs.send_message(QueueUrl=classroom.dead, MessageBody=json.dumps({"torn": ZOE.student_id}))
    forget(ZOE.student_id, everywhere)
    received = classroom.stage.sqs.receive_message(
        QueueUrl=classroom.dead, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )["Messages"]
    assert {each["Body"] for each in received} == {write_result(both.without(ZOE.student_id)), write_result(other)}
    assert all(each["MessageAttributes"]["reason"]["StringValue"] == "why" for each in received)


def test_an_erasure_cut_off_before_any_change_is_finished_by_the_next(
    classroom: Classroom, everywhere: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cut_at in count(1):
        classroom.publish([ZOE, BOB, CYD])
        classroom.add(f"cse546/s/old{cut_at}.mp4", [ZOE, BOB])
        classroom.add(f"cse546/s/old{cut_at}.mp4", [BOB])
        classroom.add(f"cse546/s/both{cut_at}.mp4", [ZOE, BOB], [CYD], [said(ZOE)])
        listed, _ = look(ZOE.student_id, everywhere)
        S3Erased(classroom.stage.s3, "galleries").lift(ZOE.student_id)  # each a first erasure of its own
        torn = False
        with monkeypatch.context() as patched:
            cut = Cut(cut_at)
            for service, name in CHANGES:
                client = getattr(classroom.stage, service)
                patched.setattr(client, name, cut.before(getattr(client, name)))
            try:
                forget(ZOE.student_id, everywhere, clips=True)
            except Torn:
                torn = True
        receipt = forget(ZOE.student_id, everywhere, clips=True)
        assert receipt.complete
        assert tally(listed) <= tally(receipt), "what the run that was cut off has erased counts, too"
        assert [place for place in classroom.holding(ZOE) if not place.startswith(("vm", "output"))] == []
        if not torn:
            break
    classroom.tick()
    assert classroom.holding(ZOE) == []
    assert len(classroom.holding(BOB)) >= 8 * cut_at
    assert cut_at > 15


def tally(receipt: Receipt) -> Counter[tuple[str, str]]:
    """What was found or erased, but for the row: it goes last and is counted in the run that takes it."""
    counted = Counter({(each.place, each.what): each.count for each in receipt.entries})
    del counted["student table", "row with consent"]
    return counted


def test_an_id_that_nothing_is_known_of_is_not_noted_as_erased(classroom: Classroom, everywhere: Stage) -> None:
    classroom.add("cse546/s/clip.mp4", [ZOE])
    classroom.stage.sqs.send_message(QueueUrl=classroom.dead, MessageBody=write_result(classroom.results[0]))
    before = sorted(place for place, _ in classroom.everything())
    with pytest.raises(NobodyKnown, match="'id-0001' on this stage"):
        forget("id-0001", everywhere, anybody=False)
    assert sorted(place for place, _ in classroom.everything()) == before
    assert len(classroom.stage.sqs.receive_message(QueueUrl=classroom.dead)["Messages"]) == 1, "it hides none"


def test_whoever_has_no_row_any_more_and_is_in_a_result_is_known(classroom: Classroom, everywhere: Stage) -> None:
    classroom.add("cse546/s/clip.mp4", [ZOE])
    everywhere.rows.remove(ZOE.student_id)
    assert forget(ZOE.student_id, everywhere, anybody=False).complete
    assert forget(ZOE.student_id, everywhere, anybody=False).complete, "and whoever was erased may be again"


def test_a_repeated_erasure_tells_what_all_runs_have_erased(classroom: Classroom, everywhere: Stage) -> None:
    classroom.add("cse546/s/one.mp4", [ZOE])
    first = forget(ZOE.student_id, everywhere)
    classroom.add("cse546/s/late.mp4", [ZOE])
    second = forget(ZOE.student_id, everywhere)
    assert (first.since, second.since) == ("", first.began)
    counts = tally(second)
    assert (counts["output bucket", "record"], counts["job table", "job record"]) == (2, 2)
    assert counts["gallery bucket", "templates"] == tally(first)["gallery bucket", "templates"] > 0
    assert f"the counts are those of all runs since {first.began}" in as_text(second)


def test_each_thing_that_is_looked_through_is_told(classroom: Classroom) -> None:
    classroom.add("cse546/s/one.mp4", [ZOE])
    classroom.add("cse546/s/two.mp4", [BOB])
    told: list[str] = []
    look(ZOE.student_id, stage_in(os.environ, lambda service: getattr(classroom.stage, service), 0, told.append))
    assert Counter(told) == {"job records": 2, "results": 3}, "two records, and a roll call that no record answers for"


class Torn(Exception):
    """The program died here."""


class Cut:
    """Dies before the n-th call that changes something, and at every later one."""

    def __init__(self, at: int) -> None:
        self.left = at

    def before(self, operation: Any) -> Any:
        def call(**parameters: Any) -> Any:
            self.left -= 1
            if self.left <= 0:
                raise Torn
            return operation(**parameters)

        return call
