"""Publishing: who gets into the published gallery, and a withdrawn consent that stays withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone

import pytest

from recognition.erasure.erased import Erased
from recognition.errors import StageChanged
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
        assert not self.published, "the rows come before the gallery"
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


def publish_to(stage: Stage, *students: Student, renew_consent: bool = False) -> Published:
    gallery = gallery_of("1", "2")
    return publish(gallery, students, NOW, roster=stage, galleries=stage, erased=stage, renew_consent=renew_consent)


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


def test_of_the_files_consent_and_the_rows_the_one_granted_later_counts() -> None:
    narrower = Consent("Ada", "2026-10-01", "2026-12-01", ("law101",))
    stage = Stage(
        rows={"1": replace(ADA, consent=narrower), "2": replace(BOB, consent=Consent("office", "2025-09-01"))}
    )
    published = publish_to(stage, replace(ADA, sections=("cse546", "law101")), BOB)
    assert stage.rows["1"].consent == narrower
    assert stage.rows["2"].consent == BOB.consent
    assert published.gallery.sections == {"cse546": (), "law101": ("1",)}


def test_a_consent_given_anew_is_published_when_somebody_says_so() -> None:
    stage = Stage(rows={"1": replace(ADA, consent=None)})
    published = publish_to(stage, ADA, BOB, renew_consent=True)
    assert published.withdrawn == ()
    assert stage.rows["1"].consent == ADA.consent


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
    published = publish_to(stage, ADA, BOB, renew_consent=True)
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
        publish_to(stage, replace(ADA, year="2"), BOB)
    assert stage.rows["1"].consent is None
    assert stage.published == []
