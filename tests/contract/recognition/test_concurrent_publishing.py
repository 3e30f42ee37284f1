"""Two who change a stage at once: one is told, nobody's change is lost, and no file with templates is left behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recognition.aws.galleries import S3Galleries
from recognition.aws.roster import DynamoRoster
from recognition.erasure.templates import publish_without
from recognition.errors import StageChanged
from recognition.gallery import Gallery
from recognition.roster import Consent, Student
from tests.people import gallery_of

CONSENT = Consent("office", "2026-09-01", "2027-07-31", ("cse546",))
ADA = Student("1/ä", "Ada", "art", "1", CONSENT, ("cse546",))


@pytest.fixture
def galleries(stage: Any) -> S3Galleries:
    return S3Galleries(stage.s3, "galleries")


def files(stage: Any) -> list[str]:
    listed = stage.s3.list_objects_v2(Bucket="galleries").get("Contents", [])
    return sorted(each["Key"] for each in listed)


def test_of_two_who_looked_at_the_same_gallery_the_second_is_told(stage: Any, galleries: S3Galleries) -> None:
    galleries.publish(gallery_of("ada"))
    tag = galleries.tag()
    galleries.publish(gallery_of("ada", "bob"), over=tag)
    kept = files(stage)
    with pytest.raises(StageChanged):
        galleries.publish(gallery_of("ada", "cyd"), over=tag)
    assert galleries.current().student_ids == ("ada", "bob")
    assert files(stage) == kept


def test_of_two_first_galleries_one_is_told(galleries: S3Galleries) -> None:
    tag = galleries.tag()
    galleries.publish(gallery_of("ada"), over=tag)
    with pytest.raises(StageChanged):
        galleries.publish(gallery_of("bob"), over=tag)
    assert galleries.current().student_ids == ("ada",)


def test_the_same_gallery_published_anew_is_another_publication(galleries: S3Galleries) -> None:
    galleries.publish(gallery_of("ada"))
    tag = galleries.tag()
    galleries.publish(gallery_of("ada"), over=tag)
    assert galleries.tag() != tag
    with pytest.raises(StageChanged):
        galleries.publish(gallery_of("bob"), over=tag)
    assert galleries.current().student_ids == ("ada",), "its file is still there"


def test_another_publishers_fresh_file_is_not_taken_away(stage: Any, galleries: S3Galleries) -> None:
    galleries.publish(gallery_of("ada"))
    stage.s3.put_object(Bucket="galleries", Key="gallery/m/about-to-be-published.npz", Body=b"")
    galleries.publish(gallery_of("ada", "bob"))
    assert "gallery/m/about-to-be-published.npz" in files(stage)
    assert len(files(stage)) == 3


def test_whoever_is_taken_out_stays_out_though_somebody_was_about_to_publish(galleries: S3Galleries) -> None:
    galleries.publish(gallery_of("ada"))
    tag = galleries.tag()
    assert not publish_without(["bob"], galleries)
    with pytest.raises(StageChanged):
        galleries.publish(gallery_of("ada", "bob"), over=tag)


def test_taking_out_tries_again_on_the_fresh_gallery(galleries: S3Galleries, monkeypatch: pytest.MonkeyPatch) -> None:
    galleries.publish(gallery_of("ada", "bob"))
    publish, meanwhile = S3Galleries.publish, [gallery_of("ada", "bob", "cyd")]

    def interrupted(self: S3Galleries, gallery: Gallery, over: str | None = None) -> str:
        if meanwhile:
            publish(self, meanwhile.pop())
        return publish(self, gallery, over)

    monkeypatch.setattr(S3Galleries, "publish", interrupted)
    assert publish_without(["bob"], galleries)
    assert galleries.current().student_ids == ("ada", "cyd")


def test_of_many_rows_the_one_that_has_changed_stays_as_it_is(stage: Any) -> None:
    roster = DynamoRoster(stage.dynamodb, "students")
    rows = [replace(ADA, student_id=str(n)) for n in range(40)]
    roster.write(rows)
    roster.withdraw_consent("30")
    with pytest.raises(StageChanged):
        roster.replace([(replace(each, year="2"), each) for each in rows])
    assert roster.students(["30"])["30"] == replace(ADA, student_id="30", consent=None)
    roster.replace([])


def test_a_row_is_replaced_only_while_its_consent_is_the_one_that_was_read(stage: Any) -> None:
    roster = DynamoRoster(stage.dynamodb, "students")
    roster.write([ADA])
    roster.replace([(replace(ADA, year="2"), ADA)])
    assert roster.withdraw_consent(ADA.student_id)
    with pytest.raises(StageChanged):
        roster.replace([(replace(ADA, year="3"), ADA)])
    without = replace(ADA, year="2", consent=None)
    assert list(roster.everybody()) == [without]
    roster.replace([(replace(ADA, year="3"), without)])
    roster.remove(ADA.student_id)
    with pytest.raises(StageChanged):
        roster.replace([(ADA, without)])
    assert not roster.withdraw_consent(ADA.student_id)
    assert list(roster.everybody()) == []


def test_of_two_who_change_other_parts_of_one_row_the_second_is_told(stage: Any) -> None:
    roster = DynamoRoster(stage.dynamodb, "students")
    roster.write([ADA])
    roster.replace([(replace(ADA, sections=("cse546", "law101")), ADA)])
    for other in (replace(ADA, year="2"), replace(ADA, name="A."), replace(ADA, sections=())):
        with pytest.raises(StageChanged):
            roster.replace([(other, ADA)])
    assert list(roster.everybody()) == [replace(ADA, sections=("cse546", "law101"))]


def test_a_row_that_another_program_wrote_can_be_replaced(stage: Any) -> None:
    stage.dynamodb.put_item(
        TableName="students", Item={"student_id": {"S": "1/ä"}, "name": {"S": "Ada"}, "year": {"N": "1"}}
    )
    roster = DynamoRoster(stage.dynamodb, "students")
    (there,) = roster.everybody()
    roster.replace([(ADA, there)])
    assert list(roster.everybody()) == [ADA]
