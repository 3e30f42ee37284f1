"""axe-core finds no serious fault on any page, in light and dark, on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Page

from console.navigation import ENTRIES
from tests.console.browser.conftest import SECTION, Console
from tests.stage import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = ("desktop", "phone")


@pytest.fixture(scope="session")
def pages(console: Console, samples: Any, chromium: Any) -> list[str]:
    """An address of each kind of page that can be reached by links, once there are clips to look at."""
    console.stage.run(
        ROOT / "scripts" / "upload_workload.sh", samples / "clips", "--prefix", f"{SECTION}/2026-11-23T0900/"
    )
    console.stage.tick_until(len(console.stage.files()) + 6)
    context = chromium.new_context(base_url=console.address)
    found = list(_reached(context.new_page(), console.address))
    context.close()
    return found


def _reached(page: Page, address: str) -> Iterator[str]:
    waiting, seen = ["/"], set()
    while waiting:
        path = waiting.pop(0)
        if (kind := _kind(path)) in seen:
            continue
        seen.add(kind)
        answer = page.request.get(path)
        if not answer.ok or not answer.headers["content-type"].startswith("text/html"):
            continue
        page.goto(path)
        yield path
        links = [link.get_attribute("href") or "" for link in page.locator("a[href]").all()]
        absolute = [urljoin(page.url, link) for link in links]
        waiting += [link.removeprefix(address) for link in absolute if link.startswith(address)]


def _kind(path: str) -> str:
    """Pages that differ by what they show only are of one kind."""
    return re.sub(r"[0-9a-f]{24,}", "*", urlsplit(path).path)


def serious(page: Page) -> list[str]:
    """What axe finds: rule, what it is, where."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: {[node['target'] for node in each['nodes']][:3]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def test_every_page_of_the_navigation_is_looked_at(pages: list[str]) -> None:
    kinds = {_kind(path) for path in pages}
    assert {"/clips", "/clips/*", "/upload"} <= kinds
    assert len(kinds) >= len(ENTRIES)


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault(visit: Callable[..., Page], pages: list[str], scheme: str, size: str) -> None:
    found = {}
    for path in pages:
        page = visit(path, size=size, color_scheme=scheme, bypass_csp=True)  # else axe itself is forbidden
        found[path] = serious(page)
        page.close()
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_no_page_is_wider_than_a_phone(visit: Callable[..., Page], pages: list[str]) -> None:
    widths = {}
    for path in pages:
        page = visit(path, size="phone")
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
        page.close()
    assert {path: width for path, width in widths.items() if width > 390} == {}


def test_a_page_with_a_fault_is_noticed(visit: Callable[..., Page]) -> None:
    page = visit("/upload", bypass_csp=True)
    page.evaluate("document.querySelector('label[for=section]').remove()")
    page.evaluate("document.getElementById('section').removeAttribute('placeholder')")
    assert any(each.startswith("label ") for each in serious(page))
