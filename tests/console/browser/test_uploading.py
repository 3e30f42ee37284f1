"""Clips are dropped on the upload page and come out recognised."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.console.browser.conftest import SECTION, Console

LONG_MS = 60_000
ALLOWED = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag"}

CANCEL_ONCE_BEGUN = """() => {
  const real = window.fetch;
  window.fetch = async (address, told) => {
    const answer = await real(address, told);
    if (String(address).endsWith("/begin")) document.getElementById("stop").click();
    return answer;
  };
}"""


def drop(page: Page, *paths: Path) -> None:
    """Drag files or folders from the desktop onto the page, as the operating system would."""
    box = page.locator("#drop").bounding_box()
    assert box
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 20}
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})


def chosen(page: Page) -> dict[str, str]:
    """Each file's name and state."""
    rows = page.locator("#chosen tbody tr").all()
    return {row.locator("th").inner_text(): row.locator("td").last.inner_text().strip() for row in rows}


def say_where(page: Page, session: str) -> None:
    page.get_by_label("Section").fill(SECTION)
    page.get_by_label("Session").fill(session)


def test_clips_that_are_dropped_in_a_folder_are_uploaded_and_recognised(
    visit: Callable[..., Page], console: Console, samples: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "monday"
    (folder / "camera 1").mkdir(parents=True)
    shutil.copy(samples / "clips" / "both of them.mp4", folder / "camera 1" / "a b+c%.mp4")
    shutil.copy(samples / "clips" / "truncated.mp4", folder)
    (folder / "notes.mp4").write_text("these are my notes")
    (folder / "empty.mp4").touch()
    before = len(console.stage.files())
    page = visit("/upload")
    say_where(page, "dropped")
    drop(page, folder)
    expect(page.get_by_role("button", name="Send 2 clips")).to_be_enabled()
    assert chosen(page) == {
        "camera 1/a b+c%.mp4": "ready",
        "empty.mp4": "refused the file is empty",
        "notes.mp4": "refused not a video file by its first bytes",
        "truncated.mp4": "ready",
    }
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#said")).to_have_text("2 uploaded.", timeout=LONG_MS)
    keys = f"{SECTION}/dropped/"
    filed = [each for each in console.stage.tick_until(before + 2) if each.upload.key.startswith(keys)]
    assert {result.upload.key: result.outcome for result in filed} == {
        f"{keys}camera 1/a b+c%.mp4": "recognised",
        f"{keys}truncated.mp4": "rejected",
    }
    expect(page.locator("#chosen a.recognised")).to_have_attribute("href", "/clips/" + _job(console, "a b+c%.mp4"))
    page.locator("#chosen a.recognised").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("a b+c%.mp4")


def _job(console: Console, name: str) -> str:
    (job,) = [result.upload.job_id for result in console.stage.files() if result.upload.key.endswith(name)]
    return job


def test_a_clip_of_several_parts_survives_a_part_that_fails(
    visit: Callable[..., Page], console: Console, samples: Path, tmp_path: Path
) -> None:
    large = (samples / "clips" / "hopper.mp4").read_bytes() + b"\0" * (17 << 20)
    (tmp_path / "large.mp4").write_bytes(large)
    page = visit("/upload")
    failed: list[str] = []

    def fail_once(route: Route) -> None:
        if "partNumber=2" in route.request.url and route.request.method == "PUT" and not failed:
            failed.append(route.request.url)
            route.fulfill(status=503, headers=ALLOWED)
        else:
            route.continue_()

    page.context.route("**/*partNumber=*", fail_once)
    say_where(page, "large")
    page.get_by_label("Single clips").set_input_files(tmp_path / "large.mp4")
    page.get_by_role("button", name="Send 1 clip").click()
    expect(page.locator("#said")).to_have_text("1 uploaded.", timeout=LONG_MS)
    assert len(failed) == 1
    place = {"Bucket": console.stage.cloud.operator["INPUT_BUCKET"], "Key": f"{SECTION}/large/large.mp4"}
    assert console.stage.client("s3").get_object(**place)["Body"].read() == large


def test_a_clip_that_is_there_already_is_sent_once_more_only_if_asked(
    visit: Callable[..., Page], console: Console, samples: Path
) -> None:
    page = visit("/upload", size="phone")
    say_where(page, "again")
    for count in (1, 2):
        page.get_by_label("Single clips").set_input_files(samples / "clips" / "empty room.mp4")
        if count == 2:
            expect(page.locator("#chosen .there-already")).to_be_visible()
            expect(page.locator("#send")).to_be_disabled()
            page.get_by_label("Send clips that are there already").check()
        page.get_by_role("button", name="Send 1 clip").click()
        expect(page.locator("#said")).to_have_text("1 uploaded.", timeout=LONG_MS)
        page.get_by_role("button", name="Clear the list").click()
    s3, bucket = console.stage.client("s3"), console.stage.cloud.operator["INPUT_BUCKET"]
    stored: dict[str, Any] = s3.list_object_versions(Bucket=bucket, Prefix=f"{SECTION}/again/")
    assert len(stored["Versions"]) == 2


@pytest.mark.parametrize("moment", ["begin", "later"])
def test_cancelling_leaves_nothing_in_the_store(
    visit: Callable[..., Page], console: Console, samples: Path, tmp_path: Path, moment: str
) -> None:
    (tmp_path / "long.mp4").write_bytes((samples / "clips" / "hopper.mp4").read_bytes() + b"\0" * (40 << 20))
    page = visit("/upload")
    page.context.route("**/*partNumber=3*", lambda route: None)  # the third part hangs
    say_where(page, "cancelled")
    page.get_by_label("Single clips").set_input_files(tmp_path / "long.mp4")
    if moment == "begin":
        page.evaluate(CANCEL_ONCE_BEGUN)
    page.get_by_role("button", name="Send 1 clip").click()
    if moment == "later":
        page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#chosen .cancelled")).to_be_visible(timeout=LONG_MS)
    s3, bucket = console.stage.client("s3"), console.stage.cloud.operator["INPUT_BUCKET"]
    assert not s3.list_multipart_uploads(Bucket=bucket).get("Uploads")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix=f"{SECTION}/cancelled/")


def test_a_folder_that_is_dropped_twice_is_listed_once_with_what_is_new(
    visit: Callable[..., Page], samples: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tuesday"
    folder.mkdir()
    shutil.copy2(samples / "clips" / "collins.mp4", folder)
    page = visit("/upload")
    say_where(page, "twice")
    drop(page, folder)
    expect(page.get_by_role("button", name="Send 1 clip")).to_be_enabled()
    shutil.copy2(samples / "clips" / "hopper.mp4", folder)
    drop(page, folder)
    expect(page.get_by_role("button", name="Send 2 clips")).to_be_enabled()
    assert chosen(page) == {"collins.mp4": "ready", "hopper.mp4": "ready"}
    assert page.locator("#chosen tbody tr").count() == 2


def test_a_judgement_that_comes_late_does_not_undo_what_was_done_since(
    visit: Callable[..., Page], samples: Path
) -> None:
    page = visit("/upload")
    late: list[Route] = []
    say_where(page, "late")
    page.get_by_label("Single clips").set_input_files(samples / "clips" / "collins.mp4")
    expect(page.get_by_role("button", name="Send 1 clip")).to_be_enabled()
    page.context.route("**/upload/judge", lambda route: late.append(route))
    page.get_by_label("Session").fill("later")
    page.get_by_label("Session").press("Tab")
    page.get_by_role("button", name="Send 1 clip").click()
    expect(page.locator("#said")).to_have_text("1 uploaded.", timeout=LONG_MS)
    with page.expect_response("**/upload/judge"):
        late[0].continue_()
    page.wait_for_function("() => new Promise((after) => setTimeout(() => after(true), 200))")
    assert chosen(page)["collins.mp4"] not in {"ready", "there already"}
    expect(page.locator("#send")).to_be_disabled()
    expect(page.locator("#said")).to_have_text("1 uploaded.")


def test_without_script_the_page_says_what_to_do_instead(visit: Callable[..., Page]) -> None:
    page = visit("/upload", java_script_enabled=False)
    expect(page.get_by_text("scripts/upload_workload.sh FOLDER")).to_be_visible()
    expect(page.locator("#upload")).to_be_hidden()


def test_a_section_in_which_nobody_is_enrolled_is_told_before_anything_is_sent(
    visit: Callable[..., Page], samples: Path
) -> None:
    page = visit("/upload")
    say_where(page, "slip")
    drop(page, samples / "clips" / "collins.mp4")
    expect(page.get_by_role("button", name="Send 1 clip")).to_be_enabled()
    expect(page.locator("#said")).to_be_hidden()
    page.get_by_label("Section").fill("cse564")
    page.get_by_label("Session").press("Tab")
    expect(page.locator("#said")).to_contain_text("Nobody is enrolled in a section cse564")
    expect(page.get_by_role("button", name="Send 1 clip")).to_be_enabled()
