"""The report on what is kept: ages, limits, and what should be gone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from recognition.erasure.places import Version
from recognition.retention import Limits, as_json, as_text, kept_in, kept_items

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)


def version(days: float, *, current: bool = True, marker: bool = False) -> Version:
    return Version("k", "v", current, marker, NOW - timedelta(days=days), 500_000)


def test_a_bucket_tells_counts_sizes_and_ages_and_leaves_markers_out() -> None:
    versions = [version(1), version(9.5), version(3, current=False), version(5, current=False, marker=True)]
    current, older = kept_in("input bucket", "clips", versions, Limits(30, 7), NOW)
    assert (current.count, current.size, current.oldest, current.newest) == (2, 1_000_000, 9.5, 1.0)
    assert (older.count, older.limit, older.overdue, current.advice) == (1, 7, 0, "")


def test_what_is_two_days_beyond_its_limit_is_overdue() -> None:
    current, _ = kept_in("input bucket", "clips", [version(31.9), version(32.1)], Limits(30), NOW)
    assert current.overdue == 1
    assert "1 should be gone" in as_text([current])


def test_an_older_version_is_never_late_for_nobody_tells_since_when_it_is_one() -> None:
    _, older = kept_in("input bucket", "clips", [version(90, current=False)], Limits(30, 7), NOW)
    assert (older.count, older.overdue, older.advice) == (1, 0, "")


def test_items_are_overdue_by_their_own_end_or_for_want_of_one() -> None:
    day = timedelta(days=1)
    ends = [(NOW + day).timestamp(), (NOW - day).timestamp(), (NOW - 3 * day).timestamp()]
    assert kept_items(ends, True, NOW).overdue == 1
    assert "no end" in kept_items([0.0], True, NOW).advice
    assert "TTL is off" in kept_items([], False, NOW).advice


def test_the_table_names_every_place_even_where_nothing_is() -> None:
    found = kept_in("gallery bucket", "templates", [], Limits(None, 7), NOW)
    assert "gallery bucket  templates       0      -   -       -       never       0" in as_text(found)
    assert as_json(found)[0]["count"] == 0
