"""Who was there, by a section's finished versions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.finished import FinishedVersion, newest
from recognition.gallery import Gallery
from recognition.rollcall import Line, RollCall, roll_calls
from recognition.rollcall_matrix import matrix_of
from recognition.rollcall_wording import remarks
from recognition.roster import Consent, Student
from recognition.standing import Standing, standing_of
from tests.decided import NOW, ROWS, correction, face, finished, standing, student
from tests.people import gallery_of
from wire.result_message import Location


def call_of(*versions: FinishedVersion, of: Standing | None = None) -> RollCall:
    (call,) = roll_calls(versions, of or standing("a", "b"), "results")
    return call


def statuses(lines: tuple[Line, ...]) -> dict[str, str]:
    return {line.student_id: line.status for line in lines}


def test_who_was_identified_is_present_who_resembles_is_uncertain_who_was_not_seen_is_absent() -> None:
    call = call_of(finished(face(1, "a"), face(2, "b", "uncertain"), face(3)), of=standing("a", "b", "c"))
    assert statuses(call.lines) == {"a": "present", "b": "uncertain", "c": "absent"}


def test_of_several_clips_one_that_identifies_is_enough() -> None:
    clips = [
        finished(face(1, "a", "uncertain"), clip="cam1.mp4"),
        finished(face(1, "a"), clip="cam2.mp4"),
        finished(face(1, "b", "uncertain"), clip="cam3.mp4"),
    ]
    assert statuses(call_of(*clips).lines) == {"a": "present", "b": "uncertain"}


def test_the_evidence_is_clip_second_face_and_similarity_the_surest_first() -> None:
    clips = [
        finished(face(1, "a", "uncertain", similarity=0.99), clip="cam1.mp4"),
        finished(face(2, "a", similarity=0.94), clip="cam2.mp4"),
        finished(face(3, "a", similarity=0.97), clip="cam3.mp4"),
    ]
    ada = call_of(*clips).lines[0]
    assert [each.clip[-8:] for each in ada.evidence] == ["cam3.mp4", "cam2.mp4", "cam1.mp4"]
    assert (ada.evidence[0].second, ada.evidence[0].face, ada.evidence[0].similarity) == (3.0, 3, 0.97)


def test_a_clips_newest_version_counts_however_late_the_older_one_was_worked_on() -> None:
    newer = finished(face(1, "b"), sequencer="0B", at=100.0)
    late = finished(face(1, "a"), sequencer="0A", at=200.0)
    assert statuses(call_of(newer, late).lines) == {"a": "absent", "b": "present"}


def test_sequencers_of_unequal_length_are_compared_as_s3_orders_them() -> None:
    older, newer = finished(sequencer="0A1"), finished(sequencer="0A11")
    assert newest([newer, older]) is newer


def test_where_no_sequencer_tells_the_version_worked_on_last_counts() -> None:
    first, last = (finished(sequencer="01", at=at) for at in (1.0, 2.0))
    unordered = [
        replace(each, upload=replace(each.upload, sequencer="", version_id=f"v{n}"))
        for n, each in enumerate((last, first))
    ]
    assert newest(unordered) is unordered[0]


def test_a_clip_deleted_before_its_newest_version_was_read_shows_nobody() -> None:
    call = call_of(finished(face(1, "a")), finished(sequencer="02", outcome="superseded"), finished(clip="cam2.mp4"))
    assert statuses(call.lines) == {"a": "absent", "b": "absent"}
    assert any("cam1.mp4 was not looked at: superseded" in each for each in remarks(call))


def test_where_no_clip_could_be_looked_at_nobody_is_absent() -> None:
    assert statuses(call_of(finished(outcome="rejected")).lines) == {"a": "no clip", "b": "no clip"}


def test_a_rejected_clip_beside_a_good_one_is_told_because_absent_may_mean_unseen() -> None:
    call = call_of(finished(face(1, "a")), finished(clip="cam2.mp4", outcome="rejected"))
    assert statuses(call.lines) == {"a": "present", "b": "absent"}
    assert remarks(call) == ["cse546/2026-11-23T0900/cam2.mp4 was not looked at: rejected."]


def test_a_record_that_cannot_be_read_is_told_and_hides_no_other() -> None:
    damaged = replace(finished(clip="cam2.mp4"), decision=None, fault="a decision record cannot be read (KeyError)")
    call = call_of(finished(face(1, "a")), damaged)
    assert statuses(call.lines)["a"] == "present"
    assert remarks(call) == [
        "cse546/2026-11-23T0900/cam2.mp4 is left out: a decision record cannot be read (KeyError)."
    ]


@pytest.mark.parametrize(
    "consent",
    [
        None,
        Consent("office", "2026-09-01", "2026-11-01"),
        Consent("office", "2026-12-01"),
        Consent("office", "2026-09-01", scope=("cse545",)),
    ],
    ids=["withdrawn", "expired", "not yet", "for another section"],
)
def test_consent_is_judged_now_whoever_lost_it_is_neither_present_nor_shown(consent: Consent | None) -> None:
    rows = {**ROWS, "a": student("a", "Ada", consent)}
    call = call_of(finished(face(1, "a"), face(2, "b")), of=standing("a", "b", rows=rows))
    assert statuses(call.lines) == {"a": "without consent", "b": "present"}
    assert call.lines[0].evidence == ()
    assert call.clips[0].picture is None, "it names the student"
    assert call.clips[0].unknown_faces == 1


def test_whoever_lost_consent_and_is_not_on_the_roster_is_not_named_among_the_others() -> None:
    rows = {"b": ROWS["b"], "c": student("c", "Cyd", consent=None)}
    call = call_of(finished(face(1, "c"), face(2, "gone")), of=standing("b", rows=rows))
    assert call.others == ()


def test_who_is_seen_and_not_on_the_roster_is_told_beside_it() -> None:
    call = call_of(finished(face(1, "c")), of=standing("a"))
    assert statuses(call.others) == {"c": "present"}
    assert statuses(call.lines) == {"a": "absent"}


def test_who_is_not_in_the_published_gallery_is_not_called_absent() -> None:
    call = call_of(finished(face(1)), of=standing("a", "b", enrolled=["b"]))
    assert statuses(call.lines) == {"a": "not enrolled", "b": "absent"}


def test_who_is_on_the_roster_without_a_row_is_told_by_id() -> None:
    call = call_of(finished(face(1, "gone")), of=standing("a", "gone"))
    (line,) = [line for line in call.lines if line.student_id == "gone"]
    assert (line.name, line.status, line.remark) == ("gone", "not enrolled", "has no row in the student table")


def test_a_section_without_a_roster_has_others_only_and_says_so() -> None:
    call = call_of(finished(face(1, "a")), of=standing())
    assert (call.lines, statuses(call.others)) == ((), {"a": "present"})
    assert "no roster" in remarks(call)[0]


def test_two_students_with_one_name_are_two_lines() -> None:
    rows = {"x": student("x", "Ada"), "y": student("y", "Ada")}
    call = call_of(finished(face(1, "y")), of=standing("x", "y", rows=rows))
    assert [(line.student_id, line.status) for line in call.lines] == [("x", "absent"), ("y", "present")]


def test_a_correction_flows_into_the_roll_call() -> None:
    ada, stranger = face(1, "a"), face(2)
    said = [correction(ada, "is not", "a"), correction(stranger, "is", "b")]
    call = call_of(finished(ada, stranger, corrections=said))
    assert statuses(call.lines) == {"a": "absent", "b": "present"}
    assert (call.lines[1].evidence[0].corrected_by, call.lines[1].evidence[0].similarity) == ("Prof. Noether", None)


def test_a_correction_names_nobody_whose_consent_ended_since() -> None:
    rows = {**ROWS, "b": student("b", "Bob", consent=None)}
    stranger = face(2)
    call = call_of(finished(stranger, corrections=[correction(stranger, "is", "b")]), of=standing("a", "b", rows=rows))
    assert statuses(call.lines) == {"a": "absent", "b": "without consent"}


def test_a_correction_whose_face_is_gone_is_told() -> None:
    call = call_of(finished(face(1, "a"), corrections=[correction(face(5), "is", "b")]))
    assert "what Prof. Noether said of the face at 5.0 s no longer counts" in remarks(call)[0]


def of_bytes(etag: str, version: FinishedVersion) -> FinishedVersion:
    return replace(version, upload=replace(version.upload, etag=etag))


def test_corrections_hold_for_a_newer_version_of_the_same_bytes() -> None:
    older = of_bytes("e", finished(face(1), face(2), corrections=[correction(face(1), "is", "b")]))
    later = replace(correction(face(1), "is", "a"), at=1_795_000_200.0)
    again = of_bytes("e", finished(face(2), replace(face(1), face=2), sequencer="02"))
    assert {line.student_id: line.status for line in call_of(older, again).lines} == {"a": "absent", "b": "present"}
    call = call_of(replace(again, corrections=(later,)), older)
    assert {line.student_id: line.status for line in call.lines} == {"a": "present", "b": "absent"}, "the last word"
    assert remarks(call) == []


def test_a_correction_whose_face_the_newer_version_lacks_is_told() -> None:
    older = of_bytes("e", finished(face(1), corrections=[correction(face(1), "is", "b")]))
    (told,) = remarks(call_of(older, of_bytes("e", finished(face(3), sequencer="02"))))
    assert "what Prof. Noether said of the face at 1.0 s no longer counts" in told


@pytest.mark.parametrize(("before", "now"), [("e", "f"), ("", ""), ("e", "")])
def test_corrections_do_not_hold_for_a_newer_version_that_may_show_something_else(before: str, now: str) -> None:
    older = of_bytes(before, finished(face(1), corrections=[correction(face(1), "is", "b")]))
    call = call_of(older, of_bytes(now, finished(face(1), sequencer="02")))
    assert {line.status for line in call.lines} == {"absent"}
    assert "1 correction(s) of an earlier version no longer count" in remarks(call)[0]


def test_corrections_of_a_version_that_was_overtaken_are_told_not_lost_unawares() -> None:
    seen = face(1, "a")
    corrected = finished(seen, sequencer="01", corrections=[correction(seen, "is unknown")])
    (call,) = roll_calls([finished(seen, sequencer="02"), corrected, corrected], standing("a"), "results")
    assert "1 correction(s) of an earlier version no longer count" in remarks(call)[0]
    (same,) = roll_calls([corrected, corrected], standing("a"), "results")
    assert remarks(same) == []


def test_the_picture_lies_where_the_result_put_it() -> None:
    assert call_of(finished(face(1, "a"))).clips[0].picture == Location(
        "results", "cse546/2026-11-23T0900/cam1.mp4.jpg"
    )
    assert call_of(finished()).clips[0].picture is None


def test_a_session_is_its_name_and_knows_no_clock() -> None:
    sessions = ["2026-10-25T0230", "2026-10-25T0230+0200", "week 3", "2026-10-25"]
    calls = roll_calls([finished(face(1, "a"), session=each) for each in sessions], standing("a"), "results")
    assert [call.session.name for call in calls] == sorted(sessions)


def test_a_matrix_has_a_column_for_each_session_and_the_others_below_the_roster() -> None:
    versions = [
        finished(face(1, "a"), session="1"),
        finished(face(1, "b", "uncertain"), face(2, "c"), session="2"),
        finished(outcome="rejected", session="3"),
    ]
    matrix = matrix_of("cse546", roll_calls(versions, standing("a", "b"), "results"))
    assert matrix.sessions == ("1", "2", "3")
    assert [(row.student_id, row.on_roster, row.statuses) for row in matrix.rows] == [
        ("a", True, ("present", "absent", "no clip")),
        ("b", True, ("absent", "uncertain", "no clip")),
        ("c", False, ("", "present", "")),
    ]


faces = st.builds(
    face,
    st.integers(1, 5),
    st.sampled_from(["a", "b", "c", "gone", None]),
    similarity=st.sampled_from([0.92, 0.95, 0.99]),
)
versions = st.builds(
    lambda found, **how: finished(*found, **how),
    st.lists(faces, max_size=3, unique_by=lambda each: each.face),
    clip=st.sampled_from(["cam1.mp4", "cam2.mp4", "left/cam1.mp4"]),
    session=st.sampled_from(["1", "2"]),
    sequencer=st.sampled_from(["", "0A", "0a", "0A1", "0B", "FF"]),
    at=st.sampled_from([1.0, 2.0, 3.0]),
    outcome=st.sampled_from(["recognised", "unknown", "rejected", "superseded"]),
    corrections=st.lists(st.builds(correction, faces, st.just("is"), st.sampled_from(["a", "c"])), max_size=2),
)


@given(st.data())
def test_results_give_the_same_roll_call_in_whatever_order_and_however_often_they_come(data: st.DataObject) -> None:
    came = data.draw(st.lists(versions, max_size=8, unique_by=lambda each: (each.upload.job_id, each.at)))
    again = data.draw(st.permutations(came + came[:3]))
    here = standing("a", "b", "c")
    assert roll_calls(again, here, "results") == roll_calls(came, here, "results")


@given(st.lists(versions, min_size=1, max_size=6), st.sampled_from(["0A", "0B"]))
def test_a_late_result_of_an_older_version_changes_nothing(came: list[FinishedVersion], sequencer: str) -> None:
    newer = finished(face(1, "b"), clip="cam9.mp4", sequencer="FFFF", at=1.0)
    late = finished(face(1, "a"), clip="cam9.mp4", sequencer=sequencer, at=9.0)
    here = standing("a", "b", "c")
    assert roll_calls([*came, newer, late], here, "results") == roll_calls([*came, newer], here, "results")


class Rows:
    """`standing.Register` over rows."""

    def __init__(self, *students: Student) -> None:
        self._students = {each.student_id: each for each in students}

    def students(self, student_ids: object) -> dict[str, Student]:
        assert isinstance(student_ids, frozenset | set)
        return {key: row for key, row in self._students.items() if key in student_ids}

    def of_section(self, section: str) -> list[Student]:
        return [each for each in self._students.values() if section in each.sections]


def school() -> Gallery:
    return replace(gallery_of("a", "gone", "c"), sections={"cse546": ("a", "gone")})


def test_the_roster_is_the_rows_and_whom_the_gallery_lists_without_a_row() -> None:
    rows = Rows(student("a", "Ada", sections=("cse546",)), student("b", "Bob", sections=("cse546", "x")), ROWS["c"])
    found = standing_of("cse546", [finished(face(1, "c", runner_up="a"))], rows, school(), NOW)
    assert found.roster == {"a", "b", "gone"}
    assert set(found.rows) == {"a", "b", "c"}
    assert found.enrolled == {"a", "gone"}


def test_who_came_to_the_section_after_the_gallery_was_published_is_not_called_absent() -> None:
    rows = Rows(student("c", "Cyd", sections=("cse546",)))
    alone = finished()
    assert alone.decision
    with_others = replace(alone, decision=replace(alone.decision, threshold_beyond=0.95))
    for version, status in ((alone, "not enrolled"), (with_others, "absent")):
        (call,) = roll_calls([version], standing_of("cse546", [version], rows, school(), NOW), "results")
        assert {line.student_id: line.status for line in call.lines}["c"] == status


def test_who_left_the_section_is_off_the_roster_though_the_gallery_is_older() -> None:
    found = standing_of("cse546", [], Rows(student("a", "Ada", sections=("other",))), school(), NOW)
    assert found.roster == {"gone"}


def test_a_clip_of_no_section_has_no_roster() -> None:
    assert standing_of("", [], Rows(ROWS["a"]), school(), NOW, also=["a"]).roster == frozenset()
