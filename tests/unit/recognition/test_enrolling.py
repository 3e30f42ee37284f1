"""`enrol` and `enrol-photographs` as their users call them, on real photographs with one thing wrong at a time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageFilter

from recognition import bootstrap
from recognition.enrolment.journal import journal_of
from recognition.gallery_file import read_gallery
from recognition.identify import Identifier
from recognition.photograph import Seen
from recognition.students_file import read_students
from tests.conftest import SHARED_DATA
from tests.unit.recognition.command_line import Run

GALLERY, PHOTOGRAPHS, HOPPER = Path("gallery.npz"), Path("photographs"), Path("photographs/grace_hopper")
SHEET = Path("sheet.html")


@pytest.fixture
def enrol(run: Run, samples: Path) -> Run:
    """The verb on a copy of the sample photographs, which lies in the working directory."""
    shutil.copytree(samples / "photographs", PHOTOGRAPHS)
    return lambda *options: run("enrol", PHOTOGRAPHS, "--consent-by", "office", *options)


def first() -> Image.Image:
    with Image.open(HOPPER / "1.jpg") as picture:
        return picture.convert("RGB")


def other() -> Image.Image:
    with Image.open(PHOTOGRAPHS / "eileen_collins" / "2.jpg") as picture:
        return picture.rotate(7).crop((60, 60, 540, 540))


def far_away() -> Image.Image:
    room = Image.new("RGB", (1200, 1080), (90, 110, 90))
    room.paste(first().resize((62, 62), Image.Resampling.LANCZOS), (500, 400))
    return room


def twice() -> Image.Image:
    both = Image.new("RGB", (1200, 600))
    both.paste(first(), (0, 0))
    both.paste(first(), (600, 0))
    return both


SPOILT: dict[str, tuple[Callable[[], Image.Image], str]] = {
    "no face": (lambda: Image.new("RGB", (300, 300), (120, 130, 120)), "no face was found"),
    "two faces": (twice, "2 faces were found; exactly one is needed"),
    "small": (far_away, "the face is too small"),
    "blurred": (lambda: first().rotate(-6).filter(ImageFilter.GaussianBlur(9)), "the face is blurred"),
    "dark": (lambda: ImageEnhance.Brightness(first().rotate(-6)).enhance(0.06), "the face is too dark"),
    "copy": (lambda: first().resize((320, 320)), "the same picture as 1.jpg"),
    "somebody else": (other, "looks like another student: eileen_collins"),
}


@pytest.mark.parametrize("kind", list(SPOILT))
def test_a_photograph_with_one_thing_wrong_is_told_by_name_with_its_reason_and_nothing_is_written(
    enrol: Run, kind: str
) -> None:
    make, says = SPOILT[kind]
    make().save(HOPPER / "9.jpg", quality=95)
    refused = enrol()
    lines = [line for line in refused.err.splitlines() if "9.jpg: " in line]
    assert refused.code == 1
    assert len(lines) == 1
    assert says in lines[0]
    assert "1 photograph(s) refused, nobody enrolled" in refused.err
    assert not GALLERY.exists()


@pytest.mark.parametrize("kind", ["somebody else", "small"])
def test_with_gate_warn_a_doubtful_photograph_is_enrolled_with_a_warning(enrol: Run, kind: str) -> None:
    SPOILT[kind][0]().save(HOPPER / "9.jpg", quality=95)
    warned = enrol("--gate", "warn")
    assert warned.code == 0
    assert "warning: enrolled all the same: photographs/grace_hopper/9.jpg" in warned.err
    assert read_gallery(GALLERY.read_bytes()).photographs == (3, 4)


def test_with_gate_warn_a_photograph_of_two_people_is_left_out(enrol: Run) -> None:
    twice().save(HOPPER / "9.jpg")
    warned = enrol("--gate", "warn")
    assert "left out: photographs/grace_hopper/9.jpg: 2 faces" in warned.err
    assert read_gallery(GALLERY.read_bytes()).photographs == (3, 3)


def test_with_gate_report_bad_photographs_are_told_and_nothing_is_enrolled(enrol: Run) -> None:
    twice().save(HOPPER / "9.jpg")
    reported = enrol("--gate", "report")
    assert reported.code == 0
    assert "7 photograph(s) judged, 1 would be refused" in reported.out
    assert not GALLERY.exists()
    assert not Path("students.json").exists()


def test_a_person_who_has_looked_can_accept_a_doubtful_photograph(enrol: Run) -> None:
    other().save(HOPPER / "9.jpg")
    assert enrol("--accept", HOPPER / "9.jpg").code == 0
    assert read_gallery(GALLERY.read_bytes()).photographs == (3, 4)


def test_accepting_a_photograph_that_is_not_enrolled_is_a_mistake(enrol: Run) -> None:
    other().save("elsewhere.jpg")
    refused = enrol("--accept", "elsewhere.jpg")
    assert refused.code == 2
    assert "not among the photographs" in refused.message


def test_the_same_file_in_two_students_folders_is_told_in_both(enrol: Run) -> None:
    shutil.copy(HOPPER / "1.jpg", PHOTOGRAPHS / "eileen_collins" / "9.jpg")
    refused = enrol()
    assert "grace_hopper/1.jpg: the very same photograph is given for eileen_collins too" in refused.err
    assert "eileen_collins/9.jpg: the very same photograph is given for grace_hopper too" in refused.err


def test_what_is_no_photograph_is_one_line_each_and_what_systems_leave_behind_is_none(enrol: Run) -> None:
    (HOPPER / "cut.jpg").write_bytes((HOPPER / "1.jpg").read_bytes()[:5000])
    (HOPPER / "notes.txt").write_text("notes")
    (HOPPER / "older").mkdir()
    Image.new("1", (20_000, 20_000)).save(HOPPER / "bomb.png")
    for left_behind in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (HOPPER / left_behind).write_bytes(b"x")
    refused = enrol()
    told = [line.split(": ")[0].strip() for line in refused.err.splitlines() if line.startswith("  photographs/")]
    assert told == [f"photographs/grace_hopper/{name}" for name in ("bomb.png", "cut.jpg", "notes.txt", "older")]
    assert "Traceback" not in refused.err


class Counting:
    """The real models, and how often a photograph was looked at; `until` then stops like Ctrl-C."""

    def __init__(self, real: Identifier, until: int) -> None:
        self.real, self.until, self.looked_at = real, until, 0

    def look_at(self, data: bytes, identifier: Identifier) -> Seen:
        from recognition.photograph import look_at

        if self.looked_at == self.until:
            raise KeyboardInterrupt
        self.looked_at += 1
        return look_at(data, self.real)


def test_an_interrupted_run_goes_on_where_it_stopped_and_comes_to_the_same_gallery(
    enrol: Run, identifier: Identifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert enrol().code == 0
    at_once = GALLERY.read_bytes()
    GALLERY.unlink()
    for until, looked_at in ((4, 4), (9, 2)):
        counting = Counting(identifier, until)
        monkeypatch.setattr("recognition.enrolment.looking.look_at", counting.look_at)
        ended = enrol()
        assert counting.looked_at == looked_at
        assert journal_of(GALLERY).exists() == (looked_at == 4)
        assert ("interrupted after 4 photograph(s)" in ended.err) == (looked_at == 4)
    assert ended.code == 0
    assert "4 photograph(s) need not be looked at again" in ended.err
    assert read_gallery(GALLERY.read_bytes()).version == read_gallery(at_once).version


def test_after_a_refusal_only_the_replaced_photograph_is_looked_at(
    enrol: Run, identifier: Identifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice().save(HOPPER / "9.jpg")
    assert enrol().code == 1
    other_take = first().rotate(-5).crop((50, 50, 550, 550))
    other_take.save(HOPPER / "9.jpg")
    counting = Counting(identifier, 9)
    monkeypatch.setattr("recognition.enrolment.looking.look_at", counting.look_at)
    assert enrol().code == 0
    assert counting.looked_at == 1


def test_a_run_that_remembers_everything_loads_no_model(enrol: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert enrol("--gate", "report").code == 0
    monkeypatch.setattr(bootstrap, "identifier", lambda: pytest.fail("the models were asked for"))
    assert enrol().code == 0


def test_the_contact_sheet_shows_everybody_privately_and_runs_nothing(enrol: Run) -> None:
    row = {"name": "<script>alert(1)</script> & [red]Łukasz 李明"}
    (HOPPER / "student.json").write_text(json.dumps(row))
    twice().save(HOPPER / "<b>9.jpg")
    (HOPPER / "cut.jpg").write_bytes(b"x")
    assert enrol("--sheet", SHEET).code == 1
    page = SHEET.read_text(encoding="utf-8")
    assert SHEET.stat().st_mode & 0o777 == 0o600
    assert page.count("<figure") == 8
    assert page.count("data:image/jpeg;base64,") == 7
    assert page.count('class="out"') == 2
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; [red]Łukasz 李明" in page
    assert "&lt;b&gt;9.jpg" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "2 faces were found" in page


def test_single_photographs_join_an_enrolled_student(enrol: Run, run: Run) -> None:
    assert enrol().code == 0
    first().rotate(-5).crop((50, 50, 550, 550)).save("new.jpg")
    added = run("enrol-photographs", "grace_hopper", "new.jpg")
    assert added.code == 0
    gallery = read_gallery(GALLERY.read_bytes())
    assert gallery.photographs == (3, 4)
    assert gallery.enrolled is not None
    assert list(gallery.enrolled.owners) == [0, 0, 0, 1, 1, 1, 1]
    assert [student.name for student in read_students(Path("students.json"))] == ["Eileen Collins", "Grace Hopper"]
    assert not journal_of(GALLERY).exists()


def test_a_photograph_of_somebody_else_or_one_enrolled_already_is_not_added(enrol: Run, run: Run) -> None:
    assert enrol().code == 0
    before = GALLERY.read_bytes()
    other().save("other.jpg")
    refused = run("enrol-photographs", "grace_hopper", "other.jpg", HOPPER / "1.jpg")
    assert refused.code == 1
    assert "other.jpg: does not look like this student's other photographs" in refused.err
    assert "grace_hopper/1.jpg: enrolled already" in refused.err
    assert before == GALLERY.read_bytes()


def test_two_students_of_one_name_are_told_with_or_without_a_list(enrol: Run, run: Run) -> None:
    file = HOPPER / "student.json"
    file.write_text(json.dumps({"name": "Eileen Collins"}))
    assert "2 students are called 'Eileen Collins': eileen_collins, grace_hopper" in enrol("--gate", "report").err
    file.unlink()
    assert "are called" not in enrol().err
    done = run("enrol-photographs", "collins", HOPPER / "1.jpg", "--name", "Eileen Collins", "--gate", "report")
    assert "2 students are called 'Eileen Collins': eileen_collins, collins" in done.err


def test_a_new_student_needs_a_name_and_gets_a_row_with_consent(enrol: Run, run: Run) -> None:
    moved = shutil.move(HOPPER, "new")
    assert enrol().code == 0
    photographs = sorted(Path(moved).glob("*.jpg"))
    assert "give --name" in run("enrol-photographs", "1906", *photographs).message
    added = run("enrol-photographs", "1906", *photographs, "--name", "Grace", "--consent-by", "parents")
    assert added.code == 0
    student = read_students(Path("students.json"))[1]
    assert (student.student_id, student.name) == ("1906", "Grace")
    assert student.consent is not None
    assert student.consent.granted_by == "parents"


def test_what_is_wrong_with_lfw_students_is_next_to_nothing_and_planted_photographs_are_caught(run: Run) -> None:
    source = SHARED_DATA / "lfw"
    if not source.is_dir():
        pytest.skip("the LFW data is not beside this checkout")
    people = sorted((source / "enrol").iterdir())[:10]
    for person in people:
        shutil.copytree(person, PHOTOGRAPHS / person.name)
    for person, wrong in zip(people[:5], people[5:], strict=True):
        shutil.copy(sorted((source / "probe" / wrong.name).iterdir())[0], PHOTOGRAPHS / person.name / "planted.jpg")
    reported = run("enrol", PHOTOGRAPHS, "--gate", "report")
    told = [line for line in reported.err.splitlines() if line.startswith("would be refused")]
    assert sum("planted.jpg: does not look like" in line for line in told) == 5
    assert len(told) <= 5 + 2
