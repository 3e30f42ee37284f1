"""What a changed setting would change: replayed records, clips looked through twice, and the roll calls of both."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.commands.rehearse_told import tell
from recognition.decision import Decision
from recognition.errors import SetupError
from recognition.finished import FinishedVersion
from recognition.gallery_file import read_gallery, write_gallery
from recognition.lacking import WORDS, Lacking
from recognition.rehearsal import Change, Rehearsal, Rehearsed, Turn, compared, of_section
from recognition.replay import replayed
from recognition.search import search_in
from tests.decided import ROWS, SESSION, correction, decision, face, finished, standing, student
from tests.people import gallery_of
from tests.unit.recognition.command_line import Run

CLIP = f"cse546/{SESSION}/cam1.mp4"
faces = st.lists(
    st.builds(
        face,
        st.integers(1, 9),
        st.sampled_from(["a", "b", None]),
        st.sampled_from(["identified", "uncertain", "unknown"]),
        similarity=st.floats(0.8, 1) | st.none(),
        margin=st.floats(0, 0.1) | st.none(),
        votes=st.integers(0, 4),
        quality=st.floats(0, 1),
    ),
    max_size=6,
)


def decided_so(decided: Decision) -> FinishedVersion:
    return replace(finished(), decision=decided)


@given(faces)
def test_at_the_recorded_threshold_nothing_changes_whatever_was_decided(decided: list[Any]) -> None:
    found = replayed(finished(*decided), 0.93)
    assert found.changes == ()
    assert [each.answer for each in found.after.judged.faces] == [each.answer for each in found.before.judged.faces]
    assert found.faces + found.lacking.untold == len(decided)


@pytest.mark.parametrize(
    ("threshold", "after"),
    [(0.951, "uncertain"), (0.97, "unknown"), (0.95, "identified"), (0.90, "identified")],
)
def test_a_higher_threshold_makes_doubtful_and_then_unknown(threshold: float, after: str) -> None:
    found = replayed(finished(face(1, "a")), threshold)
    expected = [] if after == "identified" else [(CLIP, "face 1 at 1.0 s", "identified", after, "a")]
    assert [(c.clip, c.where, c.before, c.after, c.student_id) for c in found.changes] == expected
    (judged,) = found.after.judged.faces
    assert (judged.answer, judged.student_id) == (after, None if after == "unknown" else "a")


def test_a_lower_threshold_names_the_doubtful_and_says_that_a_record_does_not_know_strangers() -> None:
    found = replayed(finished(face(1, "b", "uncertain", similarity=0.925), face(2, similarity=0.915)), 0.91)
    named, stranger = found.changes
    assert (named.after, named.student_id) == ("identified", "b")
    assert (stranger.before, stranger.after, stranger.student_id) == ("unknown", "identified", None)
    assert found.lacking == Lacking(nameless=1)
    assert [judged.student_id for judged in found.after.judged.faces] == ["b", None]


def test_what_else_spoke_against_a_face_still_does() -> None:
    close = face(1, "b", "uncertain", similarity=0.95, margin=0.001)
    blurred = face(2, "a", "uncertain", similarity=0.95, quality=0.2)
    assert replayed(finished(close, blurred), 0.90).changes == ()


def test_a_face_of_which_the_record_does_not_tell_enough_is_counted() -> None:
    found = replayed(finished(face(1, similarity=0.99), face(2, "a")), 0.5)
    assert (found.changes, found.faces, found.lacking) == ((), 1, Lacking(untold=1))


@pytest.mark.parametrize(
    ("version", "lacking"),
    [
        (replace(finished(), decision=None, fault="a decision record cannot be read"), Lacking(unreadable=1)),
        (decided_so(replace(decision(face(1, "a")), model="another")), Lacking(other_model=1)),
        (decided_so(replace(decision(), left_out=3)), Lacking(unlisted=3)),
    ],
)
def test_a_record_that_cannot_be_replayed_says_what_it_lacks_and_changes_nothing(
    version: FinishedVersion, lacking: Lacking
) -> None:
    found = replayed(version, 0.99)
    assert (found.lacking, found.changes, found.faces, found.tells) == (lacking, (), 0, False)
    assert found.after.judged == found.before.judged


def test_a_clip_that_was_rejected_is_told_as_it_is() -> None:
    found = replayed(finished(outcome="rejected"), 0.99)
    assert (found.tells, found.lacking, found.changes) == (True, Lacking(), ())


def test_who_is_not_of_the_section_has_a_threshold_that_moves_along() -> None:
    beyond = decision(face(1, "c", similarity=0.925), threshold_beyond=0.92)
    assert [(c.before, c.after) for c in replayed(decided_so(beyond), 0.94).changes] == [("identified", "uncertain")]


def test_where_nobody_is_on_the_roster_the_others_get_the_threshold_itself() -> None:
    nobody = decision(face(1, "c", similarity=0.95), threshold=1.0, uncertain_from=0.995, threshold_beyond=0.94)
    assert replayed(decided_so(nobody), 0.949).changes == ()
    assert [c.after for c in replayed(decided_so(nobody), 0.953).changes] == ["uncertain"]
    gallery = replace(gallery_of("a", "b"), sections={"cse546": ()})
    search = search_in(gallery, "cse546", beyond=True).with_threshold(0.95)
    assert search.others is not None
    assert (search.first.threshold, search.others.threshold) == (0.95, 0.95)


def test_a_searchs_threshold_for_others_moves_as_far_as_the_sections() -> None:
    gallery = replace(gallery_of("a", "b", "c", "d"), sections={"cse546": ("a",)})
    before = search_in(gallery, "cse546", beyond=True)
    after = before.with_threshold(before.first.threshold + 0.01)
    assert before.others is not None
    assert after.others is not None
    assert after.others.threshold == pytest.approx(before.others.threshold + 0.01)
    assert search_in(gallery, "cse546", beyond=False).with_threshold(0.9).others is None


def test_two_decisions_about_a_clip_are_compared_by_student() -> None:
    before, after = decision(face(1, "a"), face(2, "b"), face(3)), decision(face(1, "b", "uncertain"), face(2))
    assert compared("cam.mp4", before, after) == (
        Change("cam.mp4", "", "identified", "unknown", "a"),
        Change("cam.mp4", "", "identified", "uncertain", "b"),
    )
    assert compared("cam.mp4", before, before) == compared("cam.mp4", None, None) == ()


def both(before: FinishedVersion, *after: Any) -> Rehearsed:
    return Rehearsed(before, replace(before, decision=decision(*after)), len(after))


def test_the_roll_calls_are_those_of_rollcall_and_only_lines_that_turn_are_told() -> None:
    clips = [
        both(finished(face(1, "a"), face(2, "b"), face(3, "c")), face(1, "a"), face(2, "b", "uncertain")),
        both(finished(face(1, "b"), session="later"), face(1)),
        both(finished(session="later", clip="cam2.mp4"), face(1, "a")),
    ]
    stand = standing("a", "b")
    found = of_section(clips, stand, stand)
    assert [(turn.session, turn.student_id, turn.before, turn.after) for turn in found.roll_calls] == [
        (SESSION, "b", "present", "uncertain"),
        (SESSION, "c", "present", "not seen"),
        ("later", "a", "absent", "present"),
        ("later", "b", "present", "absent"),
    ]
    assert found.roll_calls[0] == Turn("cse546", SESSION, "b", "Bob", "present", "uncertain")
    assert (found.clips, found.faces, found.would_change) == (3, 4, True)


def test_a_student_whom_the_other_gallery_lacks_turns_from_present_to_not_enrolled() -> None:
    clip = both(finished(face(1, "a")), face(1))
    (turn,) = of_section([clip], standing("a"), standing("a", enrolled="b")).roll_calls
    assert (turn.before, turn.after) == ("present", "not enrolled")


def test_what_a_person_said_of_a_face_holds_before_and_after() -> None:
    seen = face(1, "a")
    version = finished(seen, corrections=[correction(seen, "is", "b")])
    found = of_section([replayed(version, 0.99)], standing("a", "b"), standing("a", "b"))
    assert (len(found.changes), found.roll_calls) == (1, ())


def test_a_student_who_may_not_be_named_now_is_in_no_change() -> None:
    rows = {**ROWS, "a": student("a", "Ada", consent=None)}
    stand = standing("a", "b", rows=rows)
    found = of_section([replayed(finished(face(1, "a"), face(2, "b")), 0.99)], stand, stand)
    assert [change.student_id for change in found.changes] == ["b"]
    assert [turn.student_id for turn in found.roll_calls] == ["b"]


def test_clips_of_no_section_have_no_roll_call() -> None:
    stand = replace(standing(), section="")
    found = of_section([both(finished(face(1, "a")), face(1))], stand, stand)
    assert (found.roll_calls, found.clips) == ((), 1)


def test_where_nothing_can_be_told_that_is_an_error_and_says_what_to_do() -> None:
    lacking = Lacking(1, 2, 3, 4, 5, 6)
    with pytest.raises(SetupError) as refused:
        tell(Rehearsal(lacking=lacking), False)
    assert str(refused.value).splitlines() == [
        "nothing can be rehearsed:",
        *(f"{count} {words}" for count, words in enumerate(WORDS, 1)),
        "Their clips would tell more: `python -m recognition rehearse --clips DIR --threshold X`.",
    ]
    with pytest.raises(SetupError) as refused:
        tell(Rehearsal(lacking=Lacking(rejected=2)), False)
    assert "--clips" not in str(refused.value)


@pytest.fixture
def school(run: Run, samples: Path) -> Path:
    """The two sample students enrolled, both on cse546's roster; three clips of one session, one of them broken."""
    assert run("enrol", samples / "photographs", "--consent-by", "the tests").code == 0
    rows = [row | {"sections": ["cse546"]} for row in json.loads(Path("students.json").read_text())]
    Path("students.json").write_text(json.dumps(rows))
    session = Path("clips/cse546/monday")
    session.mkdir(parents=True)
    for name in ("collins.mp4", "stranger.mp4", "truncated.mp4"):
        shutil.copy(samples / "clips" / name, session / name)
    (session / ".hidden.mp4").touch()
    return Path("clips")


def test_clips_are_looked_through_twice_and_their_roll_calls_compared(run: Run, school: Path) -> None:
    local = ("rehearse", "--clips", school, "--now-gallery", "gallery.npz", "--students", "students.json")
    same = run(*local, "--threshold", "0.95")
    assert (same.code, "left out: cse546/monday/truncated.mp4: not a readable video file" in same.err) == (0, True)
    assert same.out == "2 clip(s), 2 face(s): 0 answer(s) and 0 line(s) of roll calls would change\n"
    assert "1 clip(s) cannot be looked at" in same.err
    strict = run(*local, "--threshold", "1.0", "--json")
    assert strict.code == 3
    told = json.loads(strict.out)
    assert [(each["student_id"], each["before"]) for each in told["changes"]] == [("eileen_collins", "identified")]
    (turn,) = told["roll_calls"]
    assert (turn["section"], turn["session"], turn["name"]) == ("cse546", "monday", "Eileen Collins")
    assert (turn["before"], turn["after"]) in {("present", "uncertain"), ("present", "absent")}


def test_another_gallerys_file_is_rehearsed(run: Run, school: Path) -> None:
    without = read_gallery(Path("gallery.npz").read_bytes()).without(["eileen_collins"])
    Path("other.npz").write_bytes(write_gallery(without))
    local = ("rehearse", "--clips", school, "--now-gallery", "gallery.npz", "--gallery", "other.npz")
    anybody = run(*local)
    assert (anybody.code, "not seen" in anybody.out) == (3, True)
    listed = run(*local, "--students", "students.json")
    assert (listed.code, "not enrolled" in listed.out) == (3, True)
    elsewhere = run(*local, "--students", "students.json", "cse546", "tuesday")
    assert (elsewhere.code, "clips holds no clip of section 'cse546'" in elsewhere.message) == (1, True)


def test_only_clips_that_cannot_be_looked_at_are_an_error(run: Run, school: Path) -> None:
    for name in ("collins.mp4", "stranger.mp4"):
        (school / "cse546" / "monday" / name).unlink()
    refused = run("rehearse", "--clips", school, "--now-gallery", "gallery.npz", "--threshold", "0.9")
    assert (refused.code, "nothing can be rehearsed: 1 clip(s) cannot be looked at" in refused.message) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "say what to change: --threshold, --gallery or --detector"),
        (["--gallery", "0123456789ab"], "name a folder: --clips DIR"),
        (["--threshold", "0.9", "--detector", "hog"], "name a folder: --clips DIR"),
        (["--clips", ".", "--gallery", "missing.npz"], "there is no file missing.npz"),
        (["--clips", ".", "--threshold", "0.9", "--students", "file"], "--students goes with --now-gallery"),
        (["--clips", ".", "--now-gallery", "gallery.npz", "--gallery", "0123"], "a VERSION is of a stage"),
        (["--threshold", "0"], "not in the range"),
    ],
)
def test_a_command_that_does_not_fit_together_is_refused(run: Run, arguments: list[str], says: str) -> None:
    Path("gallery.npz").write_bytes(write_gallery(gallery_of("a")))
    Path("file").touch()
    refused = run("rehearse", *arguments)
    assert (refused.code, says in refused.message) == (2, True)


def test_an_empty_folder_holds_no_clip(run: Run) -> None:
    Path("empty").mkdir()
    refused = run("rehearse", "--clips", "empty", "--threshold", "0.9")
    assert (refused.code, refused.err) == (1, "error: empty holds no clip\n")


def test_the_help_tells_the_exit_codes(run: Run) -> None:
    assert "3: something would." in run("rehearse", "--help").out
