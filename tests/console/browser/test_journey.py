"""The whole way: enrol a student, drop a clip, see it recognised, correct it, see the roll call change, erase, gone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.conftest import SECTION, Console
from tests.console.browser.test_uploading import LONG_MS, drop, say_where
from tests.planted import forms
from tests.stage import ROOT

NAME, STUDENT_ID, SESSION = "Moritz Qvistgaard", "moritz/qv,1", "journey"

# The drawn face that nobody has, as three photographs of it.
PHOTOGRAPHS = """
import sys
from sample_faces import stranger
large = stranger().resize((600, 600))
turned = large.rotate(-6).crop((60, 20, 580, 540)), large.rotate(4).crop((40, 40, 560, 560))
for number, picture in enumerate((large, *turned)):
    picture.save(f"{sys.argv[1]}/{number}.jpg", quality=92)
"""


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    (folder := tmp_path / "photographs").mkdir()
    subprocess.run([sys.executable, "-c", PHOTOGRAPHS, folder], cwd=ROOT / "scripts", check=True)
    return sorted(folder.iterdir())


def enrol(page: Page, photographs: list[Path]) -> None:
    page.get_by_label("Id").fill(STUDENT_ID)
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_label("Sections").fill(SECTION)
    page.get_by_label("Given by").fill("the tests")
    page.get_by_label("1 to 12, up to 20 MB each").set_input_files([str(each) for each in photographs])
    page.get_by_role("button", name="Look at them").click()
    expect(page.get_by_text("3 of 3 photographs are good")).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="Enrol and publish").click()
    expect(page.get_by_text("The gallery is published")).to_be_visible(timeout=LONG_MS)


def status_in_roll_call(page: Page) -> str:
    """What the session's roll call says of the student."""
    page.goto(f"/roll-call/session?section={SECTION}&session={SESSION}")
    return page.locator("tr", has_text=NAME).locator(".chip").inner_text()


def everything_said(console: Console) -> Iterator[tuple[str, str]]:
    """Every byte of the stage that can be read back: objects in all versions, tables, files on the machine."""
    s3 = console.stage.client("s3")
    for name in ("INPUT_BUCKET", "OUTPUT_BUCKET", "GALLERY_BUCKET"):
        bucket = console.stage.cloud.operator[name]
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for version in page.get("Versions", []):
                body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
                yield f"{bucket}/{version['Key']}", body.replace(b"\0", b"").decode("latin-1")
    for name in ("STUDENT_TABLE", "JOB_TABLE"):
        table = console.stage.cloud.operator[name]
        for page in console.stage.client("dynamodb").get_paginator("scan").paginate(TableName=table):
            yield table, repr(page["Items"])
    for path in console.stage.folder.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes().replace(b"\0", b"").decode("latin-1")


def remains(console: Console) -> list[str]:
    words = {form.casefold() for word in (NAME, STUDENT_ID) for form in forms(word)}
    return [place for place, said in everything_said(console) if any(word in said.casefold() for word in words)]


def test_from_the_first_photograph_to_the_last_trace(
    visit: Callable[..., Page], console: Console, samples: Path, photographs: list[Path]
) -> None:
    enrol(visit("/students/enrol"), photographs)

    page = visit("/upload")
    say_where(page, SESSION)
    drop(page, samples / "clips" / "stranger.mp4")
    page.get_by_role("button", name="Send 1 clip").click()
    expect(page.locator("#said")).to_have_text("1 uploaded.", timeout=LONG_MS)
    console.stage.tick_until(len(console.stage.files()) + 1)
    page.locator("#chosen a.recognised").click(timeout=LONG_MS)
    expect(page.locator("#face-1")).to_contain_text(NAME)
    clip = page.url
    assert "qvist" not in clip.casefold()
    assert "moritz" not in clip.casefold()
    assert page.request.get(f"{clip}/picture").ok
    assert status_in_roll_call(page) == "present"

    page.goto(clip)
    page.get_by_text("Correct face 1").click()
    page.get_by_role("button", name="Nobody to be named").click()
    expect(page.locator("#face-1")).to_contain_text("Unknown")
    assert status_in_roll_call(page) == "absent"

    page.goto(clip)
    page.get_by_text("Correct face 1").click()
    page.get_by_role("button", name=NAME, exact=True).click()
    expect(page.locator("#face-1")).to_contain_text(NAME)
    assert status_in_roll_call(page) == "present"
    assert remains(console), "the scan sees what is there"

    page.goto("/students")
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("link", name=re.compile("Erase")).click()
    page.get_by_role("button", name="Look what there is").click()
    page.get_by_label("Type the id").fill(STUDENT_ID, timeout=LONG_MS)
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("receipt", re.IGNORECASE), timeout=LONG_MS)
    page.emulate_media(media="print")
    expect(page.locator("main .notice").first).to_be_visible()  # on paper, too, whether it is complete
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    page.emulate_media(media="screen")

    console.stage.tick()  # the machine erases its files
    assert remains(console) == []
    for path in ("/clips", "/students", f"/roll-call/session?section={SECTION}&session={SESSION}"):
        page.goto(path)
        expect(page.locator("body")).not_to_contain_text(NAME)
    page.goto(clip)
    expect(page.locator("#face-1")).to_contain_text("Unknown")
    assert page.request.get(f"{clip}/picture").status == 404
