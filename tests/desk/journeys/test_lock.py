"""The desk locks in the middle of writing, and nothing that was typed is lost."""

import pytest
from playwright.sync_api import Page, expect
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served

pytestmark = pytest.mark.browser

STORY = "He has not slept since Sunday. They know the flat."


def unlock(page: Page, launched: Served) -> None:
    page.get_by_label("Passphrase").fill(launched.passphrase)
    page.get_by_role("button", name="Unlock the desk").click()


def test_a_form_outlives_a_desk_that_locked_by_itself(page: Page, launched: Served) -> None:
    eye = Eye(page)
    page.goto(launched.access.address)
    expect(page.get_by_label("Passphrase")).to_be_visible()
    eye.look("locked")
    unlock(page, launched)
    page.get_by_role("link", name="Take down a request").click()
    page.get_by_label("What they said").fill(STORY)
    page.get_by_label("A place to hide").check()
    page.get_by_label("Given name").fill("Adam")
    launched.session.lock()
    page.get_by_role("button", name="Take this request down").click()
    expect(page.locator("h1")).to_have_text("The desk is locked")
    unlock(page, launched)
    expect(page.locator("h1")).to_have_text("Take down a request")
    expect(page.get_by_label("What they said")).to_have_value(STORY)
    expect(page.get_by_label("A place to hide")).to_be_checked()
    expect(page.get_by_label("Given name")).to_have_value("Adam")
    eye.look("draft")
    page.get_by_role("button", name="Take this request down").click()
    expect(page.locator("#story")).to_contain_text(STORY)
    eye.is_satisfied()


def test_what_is_typed_is_kept_while_it_is_typed(page: Page, launched: Served) -> None:
    page.goto(launched.access.address)
    unlock(page, launched)
    page.get_by_role("link", name="Take down a request").click()
    with page.expect_response(lambda answer: answer.url.endswith("/drafts") and answer.request.method == "POST"):
        page.get_by_label("What they said").press_sequentially(STORY)
    page.get_by_role("button", name="Lock").click()
    expect(page.locator("h1")).to_have_text("The desk is locked")
    assert STORY not in page.content()
    unlock(page, launched)
    expect(page.locator("h1")).to_have_text("Take down a request")
    expect(page.get_by_label("What they said")).to_have_value(STORY)
    page.get_by_role("link", name="Kept drafts").click()
    eye = Eye(page)
    eye.look("drafts")
    eye.is_satisfied()
    page.get_by_role("link", name="Take it up again").click()
    expect(page.get_by_label("What they said")).to_have_value(STORY)
