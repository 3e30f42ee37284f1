"""The roll call's pages: who is shown as what, what leads to the evidence, and names that would break an address."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from html import unescape
from re import findall

import pytest

from recognition.finished import FinishedVersion
from recognition.roster import Student
from tests.console.conftest import MotoStage
from tests.console.school import enrolled, worked_on
from tests.console.visiting import Visitor, words
from tests.decided import SESSION, face, finished, student

SECTION = "/roll-call/section?section=cse546"
ONE = f"/roll-call/session?section=cse546&session={SESSION}"
NASTY = "<script>alert(1)</script>"


def school() -> list[Student]:
    listed = [("a", "Ada"), ("b", "Bob"), ("c", "Cyd"), ("d", "Dot")]
    students = [student(student_id, name, sections=("cse546",)) for student_id, name in listed]
    return [*students, student("e", "Eve", None, ("cse546",)), student("f", "Fay")]


@pytest.fixture
def clip(stage: MotoStage) -> FinishedVersion:
    """A clip that shows Ada, perhaps Bob, and Fay, who is on no roster."""
    enrolled(stage, school(), without_template=["d"])
    return worked_on(stage, finished(face(1, "a"), face(2, "b", "uncertain"), face(3, "f"), face(4)))


def hrefs(html: str) -> list[str]:
    return [unescape(each) for each in findall(r'href="([^"]*)"', html)]


def test_an_empty_system_says_how_a_section_gets_a_roster(visitor: Visitor) -> None:
    assert "consent import students.csv" in visitor.page("/roll-call")


def test_the_sections_are_listed_with_how_many_are_on_the_roster_and_enrolled(
    visitor: Visitor, clip: FinishedVersion
) -> None:
    page = visitor.page("/roll-call")
    assert SECTION in hrefs(page)
    assert "cse546 5 4" in words(page)


def test_a_section_without_a_finished_clip_says_what_to_upload(stage: MotoStage, visitor: Visitor) -> None:
    enrolled(stage, school())
    assert "cse546/2026-11-23T0900/cam1.mp4" in visitor.page(SECTION)


def test_sessions_stand_side_by_side_with_a_word_for_each_student(
    stage: MotoStage, visitor: Visitor, clip: FinishedVersion
) -> None:
    worked_on(stage, finished(face(1, "b"), session="2026-11-24T0900", clip="cam9.mp4"))
    shown = words(visitor.page(SECTION))
    for row in (
        "Ada a present absent 1 0 1",
        "Bob b uncertain present 1 1 0",
        "Cyd c absent absent 0 0 2",
        "Dot d not enrolled not enrolled",
        "Eve e without consent without consent",
        "Fay f not on the roster present 1 0 0",
    ):
        assert row in shown


def test_a_cell_leads_to_the_students_line_in_its_session(visitor: Visitor, clip: FinishedVersion) -> None:
    leads = [each for each in hrefs(visitor.page(SECTION)) if "#s-" in each]
    path, _, anchor = leads[0].partition("#")
    assert path == ONE
    assert f'id="{anchor}"' in visitor.page(path)
    assert len(set(leads)) == 6


def test_many_sessions_get_a_letter_each_that_is_explained(stage: MotoStage, visitor: Visitor) -> None:
    enrolled(stage, school())
    for number in range(7):
        worked_on(stage, finished(face(1, "a"), session=f"2026-11-{number + 1:02}", clip=f"{number}.mp4"))
    page = visitor.page(SECTION)
    assert "Ada a P P P P P P P 7 0 0" in words(page)
    assert 'aria-label="present"' in page
    assert "A absent not seen in the clips" in words(page)


def test_a_session_tells_counts_evidence_others_and_what_to_know(
    stage: MotoStage, visitor: Visitor, clip: FinishedVersion
) -> None:
    worked_on(stage, finished(face(1, "a"), clip="cam2.mp4", sequencer="02"))
    worked_on(stage, finished(clip="cam3.mp4", outcome="rejected", sequencer="03"))
    page, job_id = visitor.page(ONE), clip.upload.job_id
    shown = words(page)
    assert "1 present 1 uncertain 1 absent 1 not enrolled 1 without consent" in shown
    assert "cam1.mp4 at 1.0 s, face 1, similarity 0.950 and 1 more cam2.mp4 at 1.0 s" in shown
    assert "Others seen 1 student not on the roster" in shown
    assert f"cse546/{SESSION}/cam3.mp4 was not looked at: rejected." in shown
    assert f"/clips/{job_id}#face-1" in hrefs(page)
    assert f'src="/clips/{job_id}/picture"' not in page, "there is none any more"
    picture = f"{clip.upload.key}.jpg"
    stage.s3.put_object(Bucket="results", Key=picture, Body=b"", Metadata={"sequencer": clip.upload.sequencer})
    assert f'src="/clips/{job_id}/picture"' in visitor.page(ONE)


def test_the_csv_of_a_session_and_of_a_section_are_the_command_lines(visitor: Visitor, clip: FinishedVersion) -> None:
    answer = visitor.get(ONE.replace("session?", "session.csv?"))
    assert answer.headers["Content-Disposition"] == f"attachment; filename=roll-call-cse546-{SESSION}.csv"
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert [row[1:4] for row in rows[1:3]] == [["Ada", "present", "yes"], ["Bob", "uncertain", "yes"]]
    matrix = list(csv.reader(io.StringIO(visitor.get(SECTION.replace("section?", "section.csv?")).text)))
    assert matrix[0] == ["student_id", "name", "on_roster", SESSION, "present", "uncertain", "absent"]


@pytest.mark.parametrize(
    "name", ["..", ".", "100% A&B", "Müller #1?", "a+b c", "a\\b", "%2e%2e", NASTY.replace("/", "")]
)
def test_a_section_and_a_session_may_be_called_anything(stage: MotoStage, visitor: Visitor, name: str) -> None:
    enrolled(stage, [student("a", "Ada", sections=(name,))])
    worked_on(stage, finished(face(1, "a"), session=name), section=name)
    (section,) = (each for each in hrefs(visitor.page("/roll-call")) if each.startswith("/roll-call/section"))
    page = visitor.page(section)
    session = next(each for each in hrefs(page) if each.startswith("/roll-call/session?"))
    assert "Ada a present" in words(visitor.page(session.partition("#")[0]))
    csvs = [next(each for each in hrefs(visitor.page(place)) if ".csv" in each) for place in (section, session)]
    assert all(b"Ada" in visitor.get(each).data for each in csvs)


def test_students_called_like_programs_stay_text(stage: MotoStage, visitor: Visitor) -> None:
    enrolled(stage, [student("=cmd", NASTY, sections=("cse546",))])
    worked_on(stage, finished(face(1, "=cmd")))
    for path in (SECTION, ONE):
        assert NASTY not in visitor.page(path)
        assert "&lt;script&gt;" in visitor.page(path)
    assert "'=cmd" in visitor.get(ONE.replace("session?", "session.csv?")).text


def test_no_address_holds_a_student(visitor: Visitor, clip: FinishedVersion) -> None:
    for path in ("/roll-call", SECTION, ONE):
        found = hrefs(visitor.page(path))
        assert not [each for each in found for name in ("Ada", "Bob", "student_id") if name in each]


@pytest.mark.parametrize(
    "path",
    ["/roll-call/section", "/roll-call/section?section=", "/roll-call/session", "/roll-call/session?section=cse546",
     "/roll-call/session?section=cse546&session=never", "/roll-call/session.csv?section=cse546&session=never"],
)  # fmt: skip
def test_what_is_not_there_is_said_so(visitor: Visitor, clip: FinishedVersion, path: str) -> None:
    assert "nothing at this address" in visitor.page(path, 404)


def test_it_is_for_instructors_and_privacy_officers(signed_in: Callable[..., Visitor], clip: FinishedVersion) -> None:
    assert signed_in("operator").get("/roll-call").status_code == 403
    for path in (SECTION, ONE, SECTION.replace("section?", "section.csv?"), ONE.replace("session?", "session.csv?")):
        assert signed_in("operator").get(path).status_code == 403
        assert signed_in("instructor").get(path).status_code == 200
        assert signed_in("privacy").get(path).status_code == 200
