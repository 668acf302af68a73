"""A case in a real browser: the first screen says what matters, the story is read in parts, nothing is torn out."""

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.desk.journeys.furnished import CASE, MASKED, OTHER_CASE, Furnished
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served
from tests.office.kit import added, done

from waystation.office import undo
from waystation.office.casework import amend

pytestmark = pytest.mark.browser

FIRST_SCREEN = (
    "h1",
    ".head .danger",
    "#next .next",
    "#due .date >> nth=0",
    "#who >> text=People",
    "#who >> text=Willow Anchor",
)
"""Code name, danger, next step, next dates, people, where they are: in this order, on one screen."""


def opened(page: Page, there: tuple[Furnished, Served], path: str = "") -> str:
    """Enters, and shows the case; its whole address."""
    desk, launched = there
    page.goto(launched.access.address)
    address = launched.root + desk.path(desk.case)
    page.goto(address + path)
    return address


def bottom(one: Locator) -> float:
    box = one.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


def test_the_first_screen(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, _ = there
    done(desk.desk, amend(desk.desk, desk.case, "case", desk.case, {"time_zone": "Asia/Yekaterinburg"}))
    opened(page, there)
    expect(page.locator(".head .clock")).to_contain_text("17:00 there · 15:00 here")
    assert max(bottom(page.locator(one).first) for one in FIRST_SCREEN) <= 900
    page.set_viewport_size({"width": 360, "height": 740})
    down = [bottom(page.locator(one).first) for one in FIRST_SCREEN]
    assert down == sorted(down)
    assert [words for words in MASKED if words in page.content()] == []


def test_what_comes_next_leads_on(page_without_scripts: Page, there: tuple[Furnished, Served]) -> None:
    page = page_without_scripts
    opened(page, there)
    expect(page.locator("#next .next")).to_contain_text("Two people wrote different things.")
    expect(page.locator("#next .button.primary")).to_have_count(1)
    page.get_by_role("button", name="Keep “Medium risk”").click()
    expect(page.locator("#next .next")).to_contain_text("The journey is planned.")
    page.get_by_role("button", name="Heard from them: well").first.click()
    expect(page.locator(".flash").first).to_contain_text("The check-in is noted.")
    page.locator("#due").get_by_role("link", name="It is done").first.click()
    page.get_by_role("button", name="It is done").click()
    expect(page.locator("#due")).not_to_contain_text("Ask the consulate for a date")


def test_the_story_is_read_in_parts(page_without_scripts: Page, there: tuple[Furnished, Served]) -> None:
    page = page_without_scripts
    opened(page, there)
    story = page.locator("#happened")
    expect(story).to_contain_text("He slept for the first time.")
    page.get_by_text("Read a part of it").click()
    page.get_by_label("What about").select_option(label="Danger")
    page.get_by_role("button", name="Read this part").click()
    assert "what=danger" in page.url
    expect(story).to_contain_text("Protection concern: family")
    expect(story).not_to_contain_text("He slept for the first time.")
    page.get_by_label("What about").select_option(label="Who looked at masked fields")
    page.get_by_role("button", name="Read this part").click()
    expect(story.locator("li")).to_have_count(1)
    expect(story).to_contain_text("Looked at a masked field: Given name")
    page.get_by_label("From the day").fill("2017-05-18")
    page.get_by_role("button", name="Read this part").click()
    expect(story).to_contain_text("Nothing of this kind has happened here.")
    page.get_by_role("link", name="Read everything").click()
    expect(story).to_contain_text("He slept for the first time.")


def test_what_is_struck_out_stays_and_can_be_brought_back(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, _ = there
    note = added(desk.desk, desk.case, "note", body="Written into the wrong case.")
    done(desk.desk, undo.strike(desk.desk, desk.case, "note", note))
    opened(page, there)
    story = page.locator("#happened")
    expect(story.locator(".struck s").first).to_contain_text("Note")
    story.get_by_role("button", name="Bring it back").first.click()
    opened(page, there)
    expect(story.locator(".struck")).to_have_count(0)
    expect(story).to_contain_text("Note – brought back")
    expect(story).to_contain_text("Note – struck out")


def test_a_long_story_is_read_page_by_page(page_without_scripts: Page, there: tuple[Furnished, Served]) -> None:
    desk, _ = there
    for number in range(40):
        added(desk.desk, desk.case, "note", body=f"Evening {number}.")
    page = page_without_scripts
    address = opened(page, there, "?what=notes")
    story = page.locator("#happened")
    expect(story).to_contain_text("Evening 39.")
    expect(story).not_to_contain_text("Evening 9.")
    page.get_by_role("link", name="Next").last.click()
    expect(story).to_contain_text("Evening 9.")
    expect(story).not_to_contain_text("Evacuation")
    assert page.url.startswith(address)


def test_every_state_of_the_page(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    opened(page, there)
    eye = Eye(page)
    expect(page.locator("h1")).to_have_text(CASE)
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    eye.look("case-unfolded")
    page.goto(launched.root + desk.path(desk.other_case))
    expect(page.locator("h1")).to_have_text(OTHER_CASE)
    expect(page.locator("#who")).to_contain_text("On their way")
    eye.look("case-on-the-way")
    page.emulate_media(media="print")
    expect(page.locator(".masthead")).to_be_hidden()
    expect(page.locator("#happened")).to_be_visible()
    page.emulate_media(media="screen")
    eye.is_satisfied()
