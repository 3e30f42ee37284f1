"""What the pages' own script adds: it renews, and it keeps a form from being sent twice."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console.browser.conftest import Console

OLD = "Not renewed since"


def test_a_page_whose_console_does_not_answer_says_that_it_is_old_and_takes_it_back_afterwards(
    visit: Callable[..., Page], console: Console
) -> None:
    page = visit("/operations")
    page.route("**/operations/now", lambda route: route.abort())
    notice = page.get_by_text(OLD)
    expect(notice).to_have_count(1, timeout=20_000)
    page.unroute("**/operations/now")
    page.route("**/operations/now", lambda route: route.fulfill(status=502))
    for _ in range(2):  # it is said once, whatever the reason
        with page.expect_response("**/operations/now", timeout=20_000):
            pass
    expect(notice).to_have_count(1)
    page.unroute("**/operations/now")
    expect(notice).to_have_count(0, timeout=20_000)


def test_each_button_of_a_form_that_is_kept_from_being_sent_twice_does_what_it_says(
    visit: Callable[..., Page], console: Console
) -> None:
    queue = console.stage.cloud.operator["DEAD_LETTER_QUEUE_URL"]
    console.stage.client("sqs").send_message(QueueUrl=queue, MessageBody="no notification")
    (console.stage.folder / "results").mkdir(exist_ok=True)  # where copies go
    page = visit("/operations/dead-letters")
    for button, said in (("Send the ticked ones back", "is refused"), ("Discard the ticked ones", "discarded")):
        page.get_by_role("checkbox").first.check(timeout=20_000)
        page.get_by_role("button", name=button).click()
        expect(page.locator("main .notice").first).to_contain_text(said)
