"""What is wrong with photographs, judged on made-up faces: every reason, and what must not be one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recognition.enrolment.adding import photographs_of, with_photographs
from recognition.enrolment.faults import ADVICE, NEVER_ENROLLED, Fault
from recognition.enrolment.gate import lines_of, passes, refuse
from recognition.enrolment.judge import judge
from recognition.enrolment.sheet import MOST_FINE, contact_sheet
from recognition.enrolment.taken import Judged, Known, Taken, known_from
from recognition.errors import EnrolmentError
from recognition.faces import Box, Embedding
from recognition.gallery import make_gallery
from recognition.photograph import Seen
from recognition.quality import Quality
from recognition.roster import Student
from recognition.threshold import fitted_threshold
from tests.people import alike, direction, gallery_of

GOOD = Quality(size_px=100, sharpness=0.3, turn=0.0, contrast=40.0, glare=0.0)
BOX = Box(10, 10, 109, 109)
UNREADABLE = Fault("unreadable", "not a readable photograph")


def photograph(student_id: str, name: str, embedding: Embedding, quality: Quality = GOOD) -> Taken:
    """A photograph with one face, of a digest and a fingerprint that no other has."""
    number = abs(hash((student_id, name)))
    fingerprint = int.from_bytes(np.random.default_rng(number).bytes(32), "big")
    seen = Seen((200, 200), (BOX,), embedding, quality, fingerprint)
    return Taken(student_id, Path(student_id) / name, f"{student_id}/{name}", seen)


def of(student_id: str, number: int, count: int = 3) -> list[Taken]:
    """`count` photographs of person `number`, 0.96 to one another."""
    return [photograph(student_id, f"{n}.jpg", alike(number, 0.98, 40 + 10 * number + n)) for n in range(count)]


def kinds(judged: Judged) -> list[str]:
    return [fault.kind for fault in judged.faults]


def found(
    taken: list[Taken], known: Known | None = None, accepted: frozenset[Path] = frozenset()
) -> dict[str, list[str]]:
    """The kinds of fault of each photograph that has any."""
    return {str(each.taken.photograph): kinds(each) for each in judge(taken, known, accepted) if each.faults}


def test_good_photographs_of_different_people_have_no_fault() -> None:
    assert found([*of("ada", 0), *of("bob", 1)]) == {}


def test_a_photograph_of_nobody_enrolled_does_not_look_like_the_students_others() -> None:
    assert found([*of("ada", 0), photograph("ada", "x.jpg", direction(7)), *of("bob", 1)]) == {
        "ada/x.jpg": ["unlike the others"]
    }


def test_another_students_photograph_is_told_with_whose_it_is() -> None:
    judged = judge([*of("ada", 0), photograph("ada", "x.jpg", alike(1, 0.98, 90)), *of("bob", 1)])
    assert kinds(judged[3]) == ["unlike the others", "like another student"]
    assert "bob" in judged[3].faults[1].says
    assert not any(each.faults for each in [*judged[:3], *judged[4:]])


def test_an_only_photograph_that_looks_like_somebody_else_is_told() -> None:
    assert found([*of("ada", 0), photograph("bob", "x.jpg", alike(0, 0.99, 90))])["bob/x.jpg"] == [
        "like another student"
    ]


def test_one_person_enrolled_under_two_names_is_told() -> None:
    assert found([*of("ada", 0), *[photograph("eve", f"{n}.jpg", alike(0, 0.98, 80 + n)) for n in range(3)]])


def test_of_two_that_differ_the_one_that_is_somebody_elses_is_the_wrong_one() -> None:
    wrong = photograph("ada", "x.jpg", alike(1, 0.98, 90))
    assert found([*of("ada", 0, 1), wrong, *of("bob", 1)]) == {
        "ada/x.jpg": ["unlike the others", "like another student"]
    }


def test_the_same_bytes_in_two_folders_are_told_in_both() -> None:
    ada, bob = of("ada", 0), of("bob", 1)
    copied = Taken("bob", Path("bob/copy.jpg"), ada[0].digest, ada[0].seen)
    told = found([*ada, *bob, copied])
    assert told == {"ada/0.jpg": ["in two folders"], "bob/copy.jpg": ["in two folders"]}


@pytest.mark.parametrize(("bits", "same"), [(0, True), (40, True), (41, False)])
def test_nearly_the_same_picture_is_a_duplicate_and_the_first_one_stays(bits: int, same: bool) -> None:
    first = photograph("ada", "1.jpg", alike(0, 0.98, 40))
    seen = Seen((200, 200), (BOX,), alike(0, 0.98, 41), GOOD, first.seen.fingerprint ^ ((1 << bits) - 1))
    again = Taken("ada", Path("ada/2.jpg"), "other bytes", seen)
    assert found([first, again]) == ({"ada/2.jpg": ["duplicate"]} if same else {})


def test_what_is_enrolled_already_is_not_enrolled_again() -> None:
    known = known_from(gallery_of("ada", "bob"), photographs_of(gallery_of("ada", "bob")))
    assert found([photograph("ada", "x.jpg", direction(0))], known) == {"ada/x.jpg": ["duplicate"]}


def test_new_photographs_are_held_against_what_is_enrolled() -> None:
    known = known_from(gallery_of("ada", "bob"), photographs_of(gallery_of("ada", "bob")))
    taken = [photograph("ada", "good.jpg", alike(0, 0.97, 50)), photograph("ada", "bad.jpg", alike(1, 0.97, 51))]
    assert found(taken, known) == {"ada/bad.jpg": ["unlike the others", "like another student"]}


def test_several_new_photographs_of_somebody_else_do_not_change_what_they_are_held_against() -> None:
    known = known_from(gallery_of("ada", "bob"), photographs_of(gallery_of("ada", "bob")))
    taken = [photograph("ada", f"{n}.jpg", alike(1, 0.97, 50 + n)) for n in range(4)]
    assert found(taken, known) == {f"ada/{n}.jpg": ["unlike the others", "like another student"] for n in range(4)}


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (Seen(unreadable="not a readable photograph (cut off)"), "unreadable"),
        (Seen((200, 200)), "no face"),
        (Seen((200, 200), (BOX, BOX)), "several faces"),
        (Seen((200, 200), (BOX,), direction(0), Quality(15, 0.3, 0.0, 40.0, 0.0)), "too small"),
        (Seen((200, 200), (BOX,), direction(0), Quality(100, 0.008, 0.0, 40.0, 0.0)), "blurred"),
        (Seen((200, 200), (BOX,), direction(0), Quality(100, 0.3, 0.65, 40.0, 0.0)), "turned away"),
        (Seen((200, 200), (BOX,), direction(0), Quality(100, 0.3, 0.0, 3.0, 0.0)), "too dark"),
        (Seen((200, 200), (BOX,), direction(0), Quality(100, 0.3, 0.0, 40.0, 0.55)), "too bright"),
    ],
)
def test_each_reason_is_told_with_what_to_do(seen: Seen, kind: str) -> None:
    (judged,) = judge([Taken("ada", Path("x.jpg"), "1", seen)])
    assert kinds(judged) == [kind]
    assert judged.can_be_enrolled == (kind not in NEVER_ENROLLED)
    assert next(iter(lines_of([judged]))).endswith(f": {ADVICE[judged.faults[0].kind]}")


def test_a_doubt_that_a_person_overruled_is_none_but_nothing_makes_two_faces_one() -> None:
    odd = photograph("ada", "x.jpg", direction(7))
    two = Taken("ada", Path("two.jpg"), "2", Seen((200, 200), (BOX, BOX)))
    accepted = frozenset({odd.photograph, two.photograph})
    judged = judge([*of("ada", 0), odd, two], accepted=accepted)
    assert [each.is_fine for each in judged] == [True, True, True, True, False]


def test_of_two_that_differ_only_the_one_nobody_vouches_for_is_refused() -> None:
    taken = [photograph("ada", "1.jpg", direction(0)), photograph("ada", "2.jpg", direction(7))]
    assert [each.is_fine for each in judge(taken, accepted=frozenset({Path("ada/2.jpg")}))] == [False, True]


def test_refuse_lists_every_photograph_that_does_not_pass() -> None:
    judged = judge(
        [*of("ada", 0), photograph("ada", "x.jpg", direction(7)), Taken("ada", Path("y"), "1", Seen((9, 9)))]
    )
    with pytest.raises(EnrolmentError, match=r"(?s)2 photograph\(s\) refused.*ada/x\.jpg.*y: no face"):
        refuse(judged, [], gate="refuse", skip_bad=False)
    refuse(judged, [], gate="refuse", skip_bad=True)
    refuse(judged, [], gate="warn", skip_bad=False)
    assert [passes(each, "warn") for each in judged] == [True] * 4 + [False]
    with pytest.raises(EnrolmentError, match="left without a photograph: bob: give each a good one"):
        refuse(judged, ["bob"], gate="warn", skip_bad=True)


def test_added_photographs_join_the_mean_and_a_calibrated_threshold_moves_by_the_formula() -> None:
    gallery = make_gallery({"ada": [alike(0, 0.98, 40)], "bob": [direction(1)]}, {"ada": [0.5], "bob": [1.0]})
    more = with_photographs(gallery, "ada", [photograph("ada", "x", alike(0, 0.98, 41)).seen])
    assert more.student_ids == ("ada", "bob")
    assert more.photographs == (2, 1)
    assert list(photographs_of(more).qualities) == [0.5, 1.0, 1.0]
    new = with_photographs(more, "eve", [photograph("eve", "x", direction(3)).seen])
    assert new.student_ids == ("ada", "bob", "eve")
    assert new.threshold == fitted_threshold((2, 1, 1))


def test_a_published_gallery_cannot_be_added_to() -> None:
    with pytest.raises(EnrolmentError, match="no photographs' embeddings"):
        photographs_of(gallery_of("ada").restricted_to({"ada"}))


def test_the_contact_sheet_of_a_school_shows_those_with_a_fault_and_some_of_the_others() -> None:
    students = [Student(f"s{n:03}", f"Student {n}", "", "") for n in range(250)]
    faulty = Judged(Taken("s249", Path("x.jpg"), "", Seen(unreadable="not a readable photograph")), (UNREADABLE,))
    fine = [Judged(Taken(f"s{n:03}", Path(f"{n}.jpg"), "", Seen(unreadable="gone")), ()) for n in range(249)]
    page = contact_sheet([*fine, faulty], students, "refuse").decode()
    assert page.index("Student 249") < page.index("Student 0")
    assert page.count("<figure") == 1 + MOST_FINE
    assert "201 of 250 students are shown" in page
    assert "250 students, 250 photographs: <b>249 pass</b>, <b>1 do not</b>" in page


def test_a_photograph_is_one_line_whatever_its_name_holds() -> None:
    taken = Taken("ada", Path("new\nline\x1b[2J\udcff Łukasz.jpg"), "1", Seen((9, 9)))
    (line,) = lines_of(judge([taken]))
    assert line.startswith("  new\ufffdline\ufffd[2J\ufffd Łukasz.jpg: no face was found")
