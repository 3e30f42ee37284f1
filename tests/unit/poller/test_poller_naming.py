"""File names out of keys: always inside the directory, never too long, still readable."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poller.naming import content_digest, slug, stem, variant
from tests.unit.poller.poller_fakes import result


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("clip.mp4", "clip.mp4"),
        ("room a/2024/clip 1.mp4", "room-a-2024-clip-1.mp4"),
        ("Zoë/café.mp4", "Zoe-cafe.mp4"),
        ("../../etc/passwd", "etc-passwd"),
        ("-rf", "rf"),
        (".bashrc", "bashrc"),
        ("$(rm x)", "rm-x"),
        ("🎓", "clip"),
        ("...", "clip"),
        ("", "clip"),
        ("a" * 200 + "/end.mp4", "a" * 72 + "-end.mp4"),
    ],
)
def test_a_slug_keeps_what_is_readable(key: str, expected: str) -> None:
    assert slug(key) == expected


@given(st.text(st.characters(), max_size=1200))
def test_a_slug_is_always_a_plain_name(key: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}", slug(key))


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200))
def test_a_file_name_stays_inside_the_directory_and_its_limits(key: str) -> None:
    one = result(key)
    for name in (f"{stem(one)}.json", f"{variant(stem(one), one)}.json"):
        assert os.path.normpath(f"/root/{name}") == f"/root/{name}"
        assert len(name.encode()) <= 255


def test_a_name_ends_in_the_first_twelve_digits_of_the_job() -> None:
    one = result()
    assert stem(one) == f"room-clip-1.mp4-{one.upload.job_id[:12]}"


def test_two_versions_of_one_key_have_two_names() -> None:
    assert stem(result(version="v1")) != stem(result(version="v2"))


def test_time_and_cost_do_not_make_another_result() -> None:
    assert content_digest(result()) == content_digest(result(timing_ms={"total": 5.0}, cost={"usd": 1.0}))


def test_another_outcome_makes_another_result() -> None:
    assert content_digest(result()) != content_digest(result(outcome="unknown", unknown_faces=1))
