"""The drawn pages in a real browser: empty and full, filtered, without scripts; axe finds nothing on any of them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.desk.journeys.furnished import PLACE, Furnished, furnished
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served, served
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import accepted, added, day, done

from waystation.ids import FolderType, to_text
from waystation.office import casework, shelter
from waystation.records import Money

pytestmark = pytest.mark.browser


@pytest.fixture
def there(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[tuple[Furnished, Served]]:
    with furnished(tmp_path, clock, randomness) as desk:
        _fill(desk)
        with served(desk.home, clock, randomness, desk.desk) as launched:
            yield desk, launched


def _fill(furnished: Furnished) -> None:
    """A bed given twice, a route with five answers, a campaign in the red."""
    desk = furnished.desk
    office, ledger = desk.folder(FolderType.OFFICE), desk.folder(FolderType.LEDGER)
    house = {"code_name": "Cedar Hinge", "beds": 1, "type": "flat", "region": "Kaunas"}
    narrow = casework.opened(done(desk, shelter.open_place(desk, house)))
    way = added(desk, office, "route", destination="CA", pathway="visit_visa", lead_days=40)
    for number in range(5):
        case = accepted(desk)
        if number < 2:
            added(desk, case, "stay", "One sofa.", place=narrow, begins=day("2017-05-18"), ends=day("2017-05-25"))
        application = added(desk, case, "application", route=way, filed=day(f"2017-04-0{1 + number}"))
        outcome = {"outcome": "refused", "reason": "No ties."} if number else {"outcome": "granted"}
        added(desk, case, "decision", application=application, decided=day("2017-05-09"), **outcome)
    poor = added(desk, ledger, "campaign", name="Visas", goal=Money(100_000, "EUR"))
    added(desk, ledger, "expense", amount=Money(90_000, "EUR"), category="documents", campaign=poor)


def test_all_of_them_full(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    page.goto(launched.access.address)
    eye = Eye(page)
    pages = {
        "drawn-places": "places",
        "drawn-places-month": "places?month=2017-05",
        "drawn-places-filtered": "places?type=flat",
        "drawn-place": desk.path(desk.place, "places"),
        "drawn-place-exposed": desk.path(desk.exposed, "places"),
        "drawn-routes": "routes?sort=lead",
        "drawn-route": f"routes/{to_text(desk.route)}",
        "drawn-money": "money",
        "drawn-money-filtered": "money?month=2017-05&currency=USD",
        "drawn-campaign": f"money/campaigns/{to_text(desk.campaign)}",
        "drawn-figures": "figures",
        "drawn-figures-all": "figures?span=all",
        "drawn-behind": "figures/applied",
    }
    for name, path in pages.items():
        answer = page.goto(launched.root + path)
        assert answer is not None
        assert answer.status == 200, path
        for details in page.locator("main details > summary").all():
            details.click()
        eye.look(name)
    page.goto(f"{launched.root}places")
    page.get_by_label("How many people").fill("a lot")
    page.get_by_role("button", name="Find places that can take them").click()
    expect(page.locator(".errors")).to_be_visible()
    eye.look("drawn-find-error")
    eye.is_satisfied()


def test_a_bed_is_found_and_a_month_chosen_without_scripts(
    page_without_scripts: Page, there: tuple[Furnished, Served]
) -> None:
    page = page_without_scripts
    _, launched = there
    page.goto(launched.access.address)
    page.get_by_role("link", name="Places", exact=True).click()
    page.get_by_label("How many people").fill("1")
    page.get_by_label("How many nights").fill("2")
    page.get_by_role("button", name="Find places that can take them").click()
    expect(page.locator("#find")).to_contain_text(PLACE)
    expect(page.locator("#find")).not_to_contain_text("Cedar Hinge")
    assert page.url == f"{launched.root}places#find"
    page.get_by_role("link", name="June 2017").click()
    expect(page.locator("#nights .axis").first).to_contain_text("1 Jun")
    page.get_by_label("Kind of place").select_option("Flat")
    page.get_by_role("button", name="Show these places").click()
    expect(page.locator(".drawn-rows > li")).to_have_count(1)
    expect(page.get_by_role("link", name="June 2017")).to_have_attribute("aria-current", "page")
    page.locator(".drawn-rows").get_by_role("link", name="Cedar Hinge").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cedar Hinge")


def test_from_a_route_to_a_case_and_from_money_to_an_expense(
    page_without_scripts: Page, there: tuple[Furnished, Served]
) -> None:
    page = page_without_scripts
    _, launched = there
    page.goto(launched.access.address)
    page.get_by_role("link", name="Routes", exact=True).click()
    page.get_by_role("link", name="Most tried first").click()
    expect(page.locator(".drawn-rows > li").first).to_contain_text("Canada")
    page.locator(".drawn-rows").get_by_role("link", name="Canada, Visit visa").click()
    expect(page.locator("#tried")).to_contain_text("yes to 1 of 5")
    page.locator("#cases a").first.click()
    expect(page).to_have_url(re.compile("/cases/"))

    page.locator(".index").get_by_role("link", name="Money", exact=True).click()
    page.get_by_role("link", name="Visas").first.click()
    page.get_by_role("link", name="Write an expense from it down").click()
    page.get_by_label("Amount").fill("12.50 EUR")
    page.get_by_label("Category").select_option("Food")
    page.get_by_role("button", name="Write the expense down").click()
    page.get_by_role("link", name="Visas").first.click()
    expect(page.locator("#expenses")).to_contain_text("12.50 EUR")
    expect(page.locator("#account")).to_contain_text("912.50 EUR more spent than received")


def test_figures_are_taken_out_as_a_table(page_without_scripts: Page, there: tuple[Furnished, Served]) -> None:
    page = page_without_scripts
    _, launched = there
    page.goto(launched.access.address)
    page.get_by_role("link", name="Figures", exact=True).click()
    page.get_by_role("link", name="Half a year").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Take these numbers out as a table (CSV)").click()
    assert taken.value.suggested_filename == "figures-2017-05-17.csv"
    page.locator(".drawn-rows").get_by_role("link", name="Refused").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refused")


def test_nothing_is_drawn_where_there_is_nothing(page: Page, launched: Served) -> None:
    eye = Eye(page)
    page.goto(launched.access.address)
    page.get_by_label("Passphrase").fill(launched.passphrase)
    page.get_by_role("button", name="Unlock the desk").click()
    for name in ("places", "routes", "money", "figures"):
        page.goto(launched.root + name)
        eye.look(f"drawn-empty-{name}")
        if name != "figures":
            expect(page.locator(".empty .button")).to_be_visible()
    expect(page.locator("#weeks")).to_contain_text("Nothing happened in this time.")
    eye.is_satisfied()
