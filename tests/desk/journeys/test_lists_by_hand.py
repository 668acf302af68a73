"""The lists by hand, with and without scripts: narrowing, keeping a filter, a table, several rows at once, undo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.desk.journeys.furnished import CASE, MASKED, OTHER_CASE, REQUEST, Furnished, furnished
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served, served
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import asked

pytestmark = pytest.mark.browser

ANOTHER = "Topaz Hobnail"


@pytest.fixture
def there(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[tuple[Furnished, Served]]:
    with furnished(tmp_path, clock, randomness) as desk:
        asked(desk.desk, code_name=ANOTHER, story="A neighbour is watching.", level="low", timeframe="weeks")
        with served(desk.home, clock, randomness, desk.desk) as launched:
            yield desk, launched


def listed(page: Page) -> Locator:
    """The code names on the list, in their order."""
    return page.locator("main .code-name")


def open_filters(page: Page) -> None:
    if not page.locator("details.filters[open]").count():
        page.get_by_text("Only some of them").click()


def narrow_keep_and_drop(page: Page, launched: Served, eye: Eye | None) -> None:
    """Words stay out of the address; choices are kept under a name."""
    page.goto(f"{launched.root}cases")
    open_filters(page)
    page.get_by_label("Words in it").fill("hunted by the police")
    page.get_by_role("button", name="Show only these").click()
    expect(listed(page)).to_have_text([CASE])
    expect(page).to_have_url(f"{launched.root}cases")
    expect(page.get_by_label("Words in it")).to_have_value("hunted by the police")
    page.get_by_role("link", name="Show all again").click()
    open_filters(page)
    page.get_by_role("combobox", name="Risk", exact=True).select_option(label="Low risk")
    page.get_by_role("button", name="Show only these").click()
    expect(listed(page)).to_have_text([OTHER_CASE])
    expect(page).to_have_url(f"{launched.root}cases?level=low")
    page.get_by_label("Keep this filter as").fill("The calm ones")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("link", name="The calm ones")).to_have_attribute("aria-current", "page")
    if eye:
        eye.look("cases-kept")
    page.goto(f"{launched.root}cases")
    page.get_by_role("link", name="The calm ones").click()
    expect(listed(page)).to_have_text([OTHER_CASE])
    page.get_by_role("button", name="Drop this filter").click()
    expect(page.get_by_role("link", name="The calm ones")).to_have_count(0)


def look_at_a_table(page: Page, launched: Served, eye: Eye | None) -> None:
    """Columns that one chooses, sorted by any of them."""
    page.goto(f"{launched.root}cases")
    page.get_by_text("As a table").click()
    page.get_by_role("checkbox", name="Region", exact=True).check()
    page.get_by_role("button", name="Show these columns").click()
    table = page.get_by_role("table")
    expect(table.get_by_role("columnheader")).to_contain_text(["Code name", "Region"])
    before = listed(page).all_inner_texts()
    table.get_by_role("link", name="Code name").click()
    expect(table.get_by_role("columnheader").first).to_have_attribute("aria-sort", "ascending")
    expect(listed(page)).to_have_text(sorted(before))
    table.get_by_role("link", name="Code name").click()
    expect(listed(page)).to_have_text(sorted(before, reverse=True))
    if eye:
        eye.look("cases-table")
    page.get_by_text("Columns of the table").click()
    page.get_by_role("link", name="Show the list again").click()
    expect(page.get_by_role("table")).to_have_count(0)


def do_several_and_undo(page: Page, launched: Served, desk: Furnished, eye: Eye | None) -> None:
    """One act on two rows, said before and taken back after in one press."""
    page.goto(f"{launched.root}cases")
    for name in (CASE, OTHER_CASE):
        page.get_by_role("checkbox", name=f"Choose {name}").check()
    if eye:
        eye.look("cases-chosen")
    page.get_by_role("button", name="Set a task for each").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set 2 tasks")
    expect(page.locator("main")).to_contain_text(CASE)
    page.get_by_label("What is to be done").fill("Call back by Friday")
    if eye:
        eye.look("together-task")
    page.get_by_role("button", name="Set these 2 tasks").click()
    expect(page.locator(".flash")).to_contain_text("2 tasks are set.")
    count = "SELECT count(*) FROM k_task WHERE title = 'Call back by Friday'"
    assert desk.desk.reader.rows(count) == [(2,)]
    page.locator(".flash").get_by_role("button", name="Undo").click()
    expect(page.locator(".flash")).to_contain_text("Undone.")
    assert desk.desk.reader.rows(count) == [(0,)]
    with page.expect_navigation():
        page.locator(".flash").get_by_role("button", name="Bring it back").click()
    assert desk.desk.reader.rows(count) == [(2,)]


def take_on_from_the_list(page: Page, launched: Served, eye: Eye | None) -> None:
    """One press for one request; a box for all of them."""
    page.goto(f"{launched.root}requests")
    if eye:
        eye.look("requests-waiting")
    page.get_by_role("button", name=f"I take it on · {REQUEST}").click()
    expect(page.locator(".flash")).to_contain_text("The request is yours now.")
    expect(page.get_by_role("button", name=f"I take it on · {REQUEST}")).to_have_count(0)
    page.get_by_label("All 2 on this page").check()
    page.get_by_role("button", name="Take them on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Take on one request")
    expect(page.locator("main")).to_contain_text(f"are left out. {REQUEST}")
    if eye:
        eye.look("together-requests")
    page.get_by_role("button", name="Take this request on").click()
    expect(page.locator(".flash")).to_contain_text("One request is yours now.")


def strike_and_bring_back(page: Page, launched: Served, desk: Furnished, eye: Eye | None) -> None:
    """A record struck out says so where it stands, and comes back from there."""
    page.goto(launched.root + desk.record("task", desk.task))
    page.get_by_role("link", name="strike it out").click()
    if eye:
        eye.look("strike")
    page.get_by_role("button", name="Strike it out").click()
    page.goto(launched.root + desk.record("task", desk.task))
    expect(page.locator("h1 s")).to_have_text("Ask the consulate for a date")
    if eye:
        eye.look("struck")
    page.get_by_role("button", name="Bring it back").first.click()
    expect(page.locator("h1 s")).to_have_count(0)


def walked(page: Page, there: tuple[Furnished, Served], eye: Eye | None) -> None:
    desk, launched = there
    page.goto(launched.access.address)
    narrow_keep_and_drop(page, launched, eye)
    look_at_a_table(page, launched, eye)
    do_several_and_undo(page, launched, desk, eye)
    take_on_from_the_list(page, launched, eye)
    strike_and_bring_back(page, launched, desk, eye)
    seen = page.content()
    assert [words for words in MASKED if words in seen] == []


def test_the_lists_with_scripts(page: Page, there: tuple[Furnished, Served]) -> None:
    eye = Eye(page)
    walked(page, there, eye)
    eye.is_satisfied()


def test_the_lists_without_scripts(page_without_scripts: Page, there: tuple[Furnished, Served]) -> None:
    walked(page_without_scripts, there, None)


def test_rows_are_reached_and_chosen_by_keyboard(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    page.goto(launched.access.address)
    page.goto(f"{launched.root}cases")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator(".tick:checked").count() == 2
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(launched.root + desk.path(desk.case))
