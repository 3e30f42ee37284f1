"""Publishing: who gets into the published gallery, and a withdrawn consent that stays withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

import pytest

from recognition.erasure.erased import Erased
from recognition.errors import GalleryError, StageChanged
from recognition.gallery import Gallery
from recognition.publish import Published, publish
from recognition.roster import Consent, Student
from tests.people import gallery_of
from wire.erasure_message import digest_of

NOW = datetime(2026, 11, 23, tzinfo=timezone.utc)
ADA = Student("1", "Ada", "", "", Consent("office", "2026-09-01"))
BOB = Student("2", "Bob", "", "", Consent("office", "2026-09-01"))


@dataclass
class Stage:
    """A stage in memory."""

    rows: dict[str, Student] = field(default_factory=dict)
    published: list[Gallery] = field(default_factory=list)
    erased: dict[str, Erased] = field(default_factory=dict)

    def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
        return {each: self.rows[each] for each in student_ids if each in self.rows}

    def write(self, students: Collection[Student]) -> None:
        assert not students or not self.published, "the rows come before the gallery"
        self.rows |= {student.student_id: student for student in students}

    def replace(self, pairs: Collection[tuple[Student, Student]]) -> None:
        for student, there in pairs:
            if self.rows.get(student.student_id) != there:
                raise StageChanged
            self.rows[student.student_id] = student

    def remove(self, student_id: str) -> None:
        self.rows.pop(student_id, None)

    def tag(self) -> str:
        return str(len(self.published))

    def current(self) -> Gallery:
        if not self.published:
            raise GalleryError("none")
        return self.published[-1]

    def publish(self, gallery: Gallery, over: str | None = None) -> str:
        if over != self.tag():
            raise StageChanged
        self.published.append(gallery)
        return "key"

    def digests(self) -> frozenset[str]:
        return frozenset(map(digest_of, self.erased))

    def note(self, student_id: str, erased: Erased) -> None:
        self.erased[student_id] = erased

    def of(self, student_id: str) -> Erased | None:
        return self.erased.get(student_id)

    def lift(self, student_id: str) -> None:
        del self.erased[student_id]


def publish_to(stage: Stage, *students: Student) -> Published:
    return publish(gallery_of("1", "2"), students, NOW, roster=stage, galleries=stage, erased=stage)


def test_only_students_with_a_row_and_valid_consent_are_published() -> None:
    expired = replace(BOB, consent=Consent("office", "2025-01-01", "2026-01-01"))
    stage = Stage()
    published = publish_to(stage, ADA, expired)
    assert published.gallery.student_ids == ("1",)
    assert published.left_out == ("2",)
    assert set(stage.rows) == {"1", "2"}


def test_an_older_file_does_not_bring_a_withdrawn_consent_back() -> None:
    stage = Stage(rows={"1": replace(ADA, consent=None), "2": BOB})
    published = publish_to(stage, ADA, BOB)
    assert published.withdrawn == ("1",)
    assert published.gallery.student_ids == ("2",)
    assert stage.rows["1"].consent is None


def test_an_older_file_changes_nothing_that_an_import_has_set_on_the_stage() -> None:
    imported = replace(ADA, name="Ada Lovelace", major="Maths", year="2", sections=("law101",))
    stage = Stage(rows={"1": imported})
    published = publish_to(stage, replace(ADA, major="CS", year="1", sections=("cse546",)), BOB)
    assert stage.rows == {"1": imported, "2": BOB}
    assert published.gallery.sections == {"law101": ("1",)}
    assert published.kept == ("1",)


def test_a_file_fills_what_the_row_on_the_stage_leaves_empty() -> None:
    told = replace(ADA, major="CS", year="1", sections=("cse546",))
    stage = Stage(rows={"1": replace(ADA, name="1")})
    assert publish_to(stage, told, BOB).kept == ()
    assert stage.rows["1"] == told


def test_a_file_that_says_nothing_of_a_student_says_nothing_else() -> None:
    imported = replace(ADA, major="Maths", sections=("law101", "cse546"))
    stage = Stage(rows={"1": imported})
    silent = replace(ADA, name="1", consent=None, sections=("cse546", "law101"))
    assert publish_to(stage, silent, BOB).kept == ()
    assert stage.rows["1"] == imported


def test_a_valid_consent_on_the_stage_is_not_replaced_by_a_blanket_one_that_enrol_has_stamped_since() -> None:
    narrower = Consent("Ada", "2026-10-01", "2026-12-01", ("law101",))
    stage = Stage(rows={"1": replace(ADA, consent=narrower, sections=("cse546", "law101")), "2": BOB})
    stamped = Consent("office", "2026-11-22")
    published = publish_to(stage, replace(ADA, consent=stamped), replace(BOB, consent=stamped))
    assert (stage.rows["1"].consent, stage.rows["2"].consent) == (narrower, BOB.consent)
    assert published.gallery.sections == {"cse546": (), "law101": ("1",)}
    assert published.kept == ("1",), "of Bob the file has the same consent, given at another moment"


@pytest.mark.parametrize(("granted_at", "counts"), [("2026-11-01", True), ("2025-08-31", False)])
def test_a_consent_that_has_ended_on_the_stage_gives_way_to_a_later_one(granted_at: str, counts: bool) -> None:
    ended = Consent("office", "2025-09-01", "2026-07-31")
    anew = Consent("office", granted_at, "2027-07-31")
    stage = Stage(rows={"1": replace(ADA, consent=ended, sections=("cse546",))})
    publish_to(stage, replace(ADA, consent=anew, sections=("law101",)), BOB)
    assert stage.rows["1"] == replace(ADA, consent=anew if counts else ended, sections=("cse546",))


@pytest.mark.parametrize("renew_consent", [False, True])
def test_a_file_that_tells_of_no_consent_withdraws_none(renew_consent: bool) -> None:
    stage = Stage(rows={"1": ADA, "2": replace(BOB, consent=None)})
    published = publish_to(
        stage, replace(ADA, consent=None, year="2"), replace(BOB, consent=None), renew_consent=renew_consent
    )
    assert stage.rows["1"] == replace(ADA, year="2")
    assert stage.rows["2"].consent is None
    assert published.gallery.student_ids == ("1",)


def test_rosters_are_published_with_those_who_are_enrolled_and_may_be_named_there() -> None:
    elsewhere = Consent("office", "2026-09-01", scope=("law101",))
    stage = Stage()
    published = publish_to(
        stage,
        replace(ADA, sections=("cse546", "law101")),
        replace(BOB, sections=("cse546", "law101"), consent=elsewhere),
        Student("3", "Cyd", "", "", ADA.consent, ("cse546", "art")),
    )
    assert published.gallery.sections == {"art": (), "cse546": ("1",), "law101": ("1", "2")}
    assert stage.published == [published.gallery]


def test_an_older_file_does_not_bring_an_erased_student_back_not_even_as_a_row() -> None:
    stage = Stage(erased={"1": Erased(0.0)})
    published = publish_to(stage, ADA, BOB)
    assert (published.erased, published.left_out) == (("1",), ())
    assert published.gallery.student_ids == ("2",)
    assert set(stage.rows) == {"2"}


def test_whoever_is_erased_while_rows_are_written_keeps_no_row() -> None:
    class Erasing(Stage):
        def write(self, students: Collection[Student]) -> None:
            super().write(students)
            self.erased["1"] = Erased(0.0)

    stage = Erasing()
    publish_to(stage, ADA, BOB)
    assert set(stage.rows) == {"2"}


def test_a_gallery_published_meanwhile_is_not_overwritten() -> None:
    class Meanwhile(Stage):
        def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
            self.published.append(gallery_of("2"))
            return {}

        def write(self, students: Collection[Student]) -> None:
            self.rows |= {student.student_id: student for student in students}

    stage = Meanwhile()
    with pytest.raises(StageChanged, match="Try again"):
        publish_to(stage, ADA, BOB)
    assert [each.student_ids for each in stage.published] == [("2",)]


def test_a_consent_withdrawn_while_publishing_stays_withdrawn() -> None:
    class Withdrawing(Stage):
        def students(self, student_ids: Collection[str]) -> Mapping[str, Student]:
            there = super().students(student_ids)
            self.rows["1"] = replace(ADA, consent=None)
            return there

    stage = Withdrawing(rows={"1": ADA, "2": BOB})
    with pytest.raises(StageChanged):
        publish_to(stage, replace(ADA, year="2"), BOB)  # which the row leaves empty, so it is written
    assert stage.rows["1"].consent is None
    assert stage.published == []


def test_a_gallery_that_lacks_the_published_is_refused_before_anything_is_written() -> None:
    stage = Stage(published=[gallery_of("1", *(f"x\x1b{n:02}" for n in range(12)))])
    with pytest.raises(GalleryError, match=r"12 student.* gallery: x\ufffd00, .*x\ufffd09 and 2 more\. .*--drop"):
        publish_to(stage, ADA, BOB)
    assert (stage.rows, len(stage.published)) == ({}, 1)


def test_whom_the_gallery_lacks_is_dropped_when_somebody_says_so() -> None:
    stage = Stage(rows={"1": ADA, "2": BOB}, published=[gallery_of("1", "2", "3")])
    publish(gallery_of("1", "2"), [ADA, BOB], NOW, roster=stage, galleries=stage, erased=stage, drop=True)
    assert stage.published[-1].student_ids == ("1", "2")


def test_whoever_may_be_published_no_longer_is_nobody_to_be_dropped() -> None:
    stage = Stage(rows={"1": replace(ADA, consent=None), "2": BOB}, published=[gallery_of("1", "2")])
    assert publish_to(stage, ADA, BOB).gallery.student_ids == ("2",)
