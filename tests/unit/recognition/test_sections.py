"""To which section and session a clip belongs, and among whom it is searched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recognition.errors import GalleryError, SetupError
from recognition.faces import Frame
from recognition.gallery import Gallery
from recognition.gallery_file import read_gallery, write_gallery
from recognition.identify import Finding
from recognition.search import search_in
from recognition.sections import SectionRule, Session
from recognition.track import link
from recognition.vote import decide
from tests.people import alike, direction, gallery_of, sighting

SCHOOL = replace(gallery_of("1", "2", "3", "4"), sections={"cse546": ("1", "2"), "empty": ()})


@pytest.mark.parametrize(
    ("rule", "key", "session"),
    [
        ("{section}/{session}/", "cse546/2026-11-23T0900/cam1.mp4", Session("cse546", "2026-11-23T0900")),
        ("{section}/{session}/", "cse546/2026-11-23T0900/left/cam1.mp4", Session("cse546", "2026-11-23T0900")),
        ("{section}/{session}/", "cse546/cam1.mp4", Session()),
        ("{section}/{session}/", "cam1.mp4", Session()),
        ("{section}/{session}/", "//cam1.mp4", Session()),
        ("{section}/", "7b/cam1.mp4", Session("7b")),
        ("school/{session}/{section}/", "school/monday/7b/cam1.mp4", Session("7b", "monday")),
        ("school/{session}/{section}/", "other/monday/7b/cam1.mp4", Session()),
        ("{section}.{session}/", "math.1/cam1.mp4", Session("math", "1")),
        ("{section}/{session}/", "Zoë ü/8 Uhr/cam1.mp4", Session("Zoë ü", "8 Uhr")),
    ],
)
def test_a_clips_session_is_what_its_key_says(rule: str, key: str, session: Session) -> None:
    assert SectionRule(rule).session_of(key) == session


@pytest.mark.parametrize("rule", ["", "{session}/", "{section}/{section}/", "{section}/{session}/{session}"])
def test_a_rule_that_tells_no_section_is_refused(rule: str) -> None:
    with pytest.raises(SetupError, match="SECTION_RULE"):
        SectionRule(rule)


def found(gallery: Gallery, *people: int) -> Finding:
    frames = tuple(Frame(float(n), np.zeros((4, 4, 3), np.uint8)) for n in range(2))
    sightings = [sighting(n, direction(person), left=300 * person) for n in range(2) for person in people]
    return Finding(frames, tuple(decide(link(sightings), gallery)))


def named(finding: Finding) -> list[str | None]:
    return [verdict.student_id for verdict in finding.verdicts]


def test_a_clip_of_a_section_names_its_roster_only() -> None:
    search = search_in(SCHOOL, "cse546", beyond=False)
    assert search.first.student_ids == ("1", "2")
    assert search.first.threshold < SCHOOL.threshold
    assert named(search.beyond(found(search.first, 0, 2))) == ["1", None]


def test_whoever_is_not_of_the_section_is_named_where_that_is_wanted() -> None:
    search = search_in(SCHOOL, "cse546", beyond=True)
    assert named(search.beyond(found(search.first, 3, 0, 9, 2))) == ["1", "3", "4", None]


def test_a_doubtful_member_is_not_looked_for_among_the_others() -> None:
    search = search_in(SCHOOL, "cse546", beyond=True)
    face = alike(0, search.first.threshold - 0.001, towards=2)
    first = Finding((), tuple(decide(link([sighting(0, face)]), search.first)))
    assert [verdict.candidate_id for verdict in search.beyond(first).verdicts] == ["1"]


@pytest.mark.parametrize("section", ["", "law101"])
def test_without_a_roster_everyone_is_searched(section: str) -> None:
    search = search_in(SCHOOL, section, beyond=False)
    assert (search.first, search.others) == (SCHOOL, None)


def test_a_roster_of_nobody_names_nobody() -> None:
    search = search_in(SCHOOL, "empty", beyond=False)
    assert named(search.beyond(found(search.first, 0, 1))) == [None, None]


def test_the_version_is_the_published_gallerys_whatever_part_of_it_is_searched() -> None:
    versions = {search_in(SCHOOL, section, beyond=True).version for section in ("", "cse546", "empty")}
    assert versions == {SCHOOL.version}


def test_rosters_come_back_from_the_gallerys_file_and_change_its_version() -> None:
    assert read_gallery(write_gallery(SCHOOL)).sections == SCHOOL.sections
    assert replace(SCHOOL, sections={}).version != SCHOOL.version
    assert replace(SCHOOL, sections={"cse546": ("1", "3")}).version != SCHOOL.version


def test_a_roster_that_names_whom_the_gallery_does_not_hold_is_refused() -> None:
    with pytest.raises(GalleryError, match="roster"):
        replace(SCHOOL, sections={"cse546": ("1", "9")})


@pytest.mark.parametrize("rule", ["{section}/{session}/", "clips/{section}/", "{section}-{session}/"])
def test_the_keys_prefix_of_a_session_leads_back_to_it(rule: str) -> None:
    prefix = SectionRule(rule).prefix_of("cse546", "2026")
    assert SectionRule(rule).session_of(f"{prefix}cam.mp4") == Session("cse546", "2026" if "{session}" in rule else "")


@pytest.mark.parametrize(("section", "session"), [("", "2026"), ("cse546", ""), ("a/b", "2026"), ("cse546", "a/b")])
def test_no_prefix_is_made_of_what_is_no_section_or_no_session(section: str, session: str) -> None:
    with pytest.raises(SetupError, match="without a slash"):
        SectionRule().prefix_of(section, session)


def test_a_section_is_needed_where_the_rule_tells_no_sessions_apart() -> None:
    with pytest.raises(SetupError):
        SectionRule("{section}/").prefix_of("", "")
