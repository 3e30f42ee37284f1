"""Takes the console's pictures for the documentation: docs/pictures/console-*.png, of a console that shows the demo.

    scripts/console.sh                                       # in another shell: the demo's public-domain faces only
    .venv/bin/python scripts/console_pictures.py [--address http://127.0.0.1:8080] [--out docs/pictures]

Knows the pages by their addresses and words alone; needs a Chromium on PATH. The surprising rule: a picture has few
colours and is cut after `HEIGHT`, for the README is to stay light.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SECTION, CLIP = "cse546", "both of them.mp4"
WIDTH, HEIGHT, COLOURS = 1200, 1000, 192


def pictures(page: Page) -> Iterator[tuple[str, bytes]]:
    """(name, PNG) of the list of clips, a clip, and a section's roll call."""
    page.goto("/clips")
    yield "console-clips", _taken(page)
    page.get_by_role("link", name=CLIP).first.click()
    yield "console-clip", _taken(page)
    page.goto(f"/roll-call/section?section={SECTION}")
    yield "console-rollcall", _taken(page)


def small(png: bytes) -> bytes:
    """The same picture in few colours."""
    out = BytesIO()
    picture = Image.open(BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT).save(out, "PNG", optimize=True)
    return out.getvalue()


def _taken(page: Page) -> bytes:
    page.wait_for_load_state("networkidle")
    tall = min(HEIGHT, int(page.evaluate("Math.ceil(document.querySelector('main').getBoundingClientRect().bottom)")))
    return page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": tall})


def main() -> None:
    """Take them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="http://127.0.0.1:8080")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    told = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        parser.error("no chromium on PATH (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(base_url=told.address, viewport={"width": WIDTH, "height": HEIGHT})
        for name, png in pictures(page):
            (told.out / f"{name}.png").write_bytes(small(png))
            print(f"{told.out / name}.png")
        browser.close()


if __name__ == "__main__":
    main()
