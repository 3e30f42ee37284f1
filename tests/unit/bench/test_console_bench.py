"""What the console's benchmark takes for a page, and what it makes of its times."""

from __future__ import annotations

import click
import pytest
from flask import Flask

from bench.console import Asked, Page, asked, figures


@pytest.fixture
def pages() -> Flask:
    app = Flask("pages")
    app.add_url_rule("/full", "full", lambda: "recognised")
    app.add_url_rule("/empty", "empty", lambda: "No clip yet")
    return app


def test_a_page_is_asked_for_so_often(pages: Flask) -> None:
    found = asked(pages.test_client(), Page("clips", "/full", "recognised"), 20)
    assert 0 < found.p50_ms <= found.p95_ms


@pytest.mark.parametrize("address", ["/empty", "/nowhere"])
def test_a_page_that_shows_something_else_is_no_measurement(pages: Flask, address: str) -> None:
    with pytest.raises(click.ClickException, match="clips"):
        asked(pages.test_client(), Page("clips", address, "recognised"), 20)


def test_times_are_told_against_a_read_of_one_row() -> None:
    found = figures(Asked("one row", 1.0, 2.0), [Asked("clips", 10.0, 30.0), Asked("clip", 4.0, 50.0)], 10_000)
    assert found == {
        "clips": 10_000,
        "read_p95_ms": 2.0,
        "pages": {
            "clips": {"p50_ms": 10.0, "p95_ms": 30.0, "against": 15.0},
            "clip": {"p50_ms": 4.0, "p95_ms": 50.0, "against": 25.0},
        },
        "worst_p95_ms": 50.0,
    }
