"""A roll call as CSV, page and picture, with names that mean harm."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from recognition.rollcall import RollCall, roll_calls
from recognition.rollcall_csv import matrix_csv, session_csv
from recognition.rollcall_matrix import Matrix, matrix_of
from recognition.rollcall_page import POLICY, matrix_page, session_page
from recognition.rollcall_picture import COLOURS, LONGEST_TEXT, rollcall_picture
from recognition.sections import Session
from tests.decided import NOW, SESSION, correction, face, finished, standing, student

HARMFUL = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "Ada, of Lovelace", 'a"b', "</style><img src=x>"]
ROWS = {f"{n}/x,y": student(f"{n}/x,y", name) for n, name in enumerate(HARMFUL)}
EVIL_SESSION = "=1+1<b>"


def calls() -> list[RollCall]:
    """Two sessions: two identified, one uncertain, one whom a person named, a stranger; a rejected clip."""
    ids = list(ROWS)
    stranger = face(5)
    first = finished(
        face(1, ids[0]),
        face(2, ids[1], similarity=0.97),
        face(3, ids[2], "uncertain"),
        stranger,
        clip="<i>.mp4",
        corrections=[correction(stranger, "is", ids[3], by="<b>me</b>")],
    )
    versions = [first, finished(face(1, ids[1]), session=EVIL_SESSION), finished(clip="2.mp4", outcome="rejected")]
    return roll_calls(versions, standing(*ids[1:], rows=ROWS), "results")


def session() -> RollCall:
    return next(call for call in calls() if call.session.name == SESSION)


def matrix() -> Matrix:
    return matrix_of("cse546", calls())


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_the_csv_of_a_session_has_a_row_for_each_student_with_the_surest_evidence() -> None:
    rows = {row["student_id"]: row for row in read(session_csv(session()))}
    assert {key: (row["status"], row["on_roster"]) for key, row in rows.items()} == {
        "0/x,y": ("present", "no"),
        "1/x,y": ("present", "yes"),
        "2/x,y": ("uncertain", "yes"),
        "3/x,y": ("present", "yes"),
        "4/x,y": ("absent", "yes"),
    }
    assert rows["1/x,y"]["similarity"] == "0.97"
    assert rows["1/x,y"]["picture"] == f"s3://results/cse546/{SESSION}/<i>.mp4.jpg"
    assert (rows["3/x,y"]["corrected_by"], rows["3/x,y"]["similarity"]) == ("<b>me</b>", "")
    assert rows["4/x,y"]["clip"] == ""


def test_the_csv_of_a_section_has_a_column_for_each_session_and_counts() -> None:
    rows = {row["student_id"]: row for row in read(matrix_csv(matrix()))}
    assert (rows["1/x,y"][SESSION], rows["1/x,y"][f"'{EVIL_SESSION}"]) == ("present", "present")
    assert (rows["1/x,y"]["present"], rows["2/x,y"]["uncertain"], rows["4/x,y"]["absent"]) == ("2", "1", "2")
    assert (rows["0/x,y"]["on_roster"], rows["0/x,y"][f"'{EVIL_SESSION}"]) == ("no", "")


def test_no_cell_of_either_csv_can_be_taken_for_a_formula() -> None:
    for text in (session_csv(session()), matrix_csv(matrix())):
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        assert f"'{HARMFUL[0]}" in cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


class Reader(HTMLParser):
    """The elements, their attributes and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def pages() -> list[Reader]:
    picture = {f"cse546/{SESSION}/<i>.mp4": b"\xff\xd8jpeg"}
    return [Reader(session_page(session(), NOW, picture)), Reader(matrix_page(matrix(), NOW, ["<u>told</u>"]))]


@pytest.mark.parametrize("number", [0, 1], ids=["session", "matrix"])
def test_whatever_a_name_holds_is_text_on_the_page(number: int) -> None:
    page = pages()[number]
    assert not {"script", "i", "u", "link", "iframe"} & set(page.tags)
    for name in HARMFUL:
        assert name in page.text
    assert page.tags.count("style") == 1


def test_a_name_that_turns_the_writing_round_turns_nothing_on_the_page() -> None:
    there = {"a": student("a", "Ada\u202egnorw")}
    (call,) = roll_calls([finished()], standing("a", rows=there), "results")
    for page in (session_page(call, NOW, {}), matrix_page(matrix_of("cse546", [call]), NOW, [])):
        assert "Ada\ufffdgnorw" in page
        assert "\u202e" not in page


@pytest.mark.parametrize("number", [0, 1], ids=["session", "matrix"])
def test_a_page_loads_nothing_and_its_policy_says_so(number: int) -> None:
    page = pages()[number]
    assert ("content", POLICY) in page.attributes
    loaded = [value for name, value in page.attributes if name in ("src", "href") and value]
    assert all(value.startswith(("data:image/jpeg;base64,", "#clip-")) for value in loaded)


def test_many_sessions_get_a_letter_each_which_the_page_explains() -> None:
    many = [replace(finished(face(1, "1/x,y")), session=Session("cse546", f"{n}")) for n in range(9)]
    many = [replace(each, upload=replace(each.upload, key=f"{n}.mp4")) for n, each in enumerate(many)]
    page = Reader(matrix_page(matrix_of("cse546", roll_calls(many, standing(*ROWS, rows=ROWS), "r")), NOW, []))
    letters = page.text.split("Words")[0].split()
    assert (letters.count("P"), letters.count("A")) == (9, 36)
    assert ("title", "absent") in page.attributes
    assert "not seen in the clips" in page.text


def test_evidence_links_to_its_clip_and_a_given_picture_is_within_the_page() -> None:
    page = pages()[0]
    links = {value for name, value in page.attributes if name == "href"}
    assert {f"#{value}" for name, value in page.attributes if name == "id"} >= links
    assert page.tags.count("img") == 1
    assert "named by <b>me</b>" in page.text
    assert f"cse546/{SESSION}/2.mp4 was not looked at: rejected." in page.text


def test_the_page_counts_the_roster_only() -> None:
    text = pages()[0].text
    for counted in ("2 present", "1 uncertain", "1 absent"):
        assert counted in text


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB")).astype(int)


def test_the_picture_of_a_session_shows_each_answer_in_its_colour() -> None:
    drawn = pixels(rollcall_picture(matrix_of("cse546", [session()]), "Roll call cse546"))
    for colour in COLOURS.values():
        assert (np.abs(drawn - np.array(colour)).max(axis=2) < 24).sum() > 50


def test_the_picture_of_a_section_grows_with_sessions_and_students_not_with_names() -> None:
    one, two = (pixels(rollcall_picture(matrix_of("cse546", calls() * n), "t")).shape for n in (1, 2))
    assert two[1] >= one[1]
    assert two[0] == one[0]
    rows = {"1": student("1", "Maria " * 33)}
    long = roll_calls([finished()], standing("1", rows=rows), "results")
    assert pixels(rollcall_picture(matrix_of("cse546", long), "t " * 999)).shape[1] < 3 * LONGEST_TEXT


def test_a_roll_call_of_nobody_is_a_picture_all_the_same() -> None:
    nobody = roll_calls([finished(face(1))], standing(), "results")
    assert pixels(rollcall_picture(matrix_of("cse546", nobody), "Roll call")).shape[0] > 50


def test_clips_of_no_session_have_a_heading_wherever_sessions_stand_side_by_side() -> None:
    nameless = Matrix("cse546", ("", "monday"), ())
    assert matrix_csv(nameless).startswith("student_id,name,on_roster,all clips,monday,")
