"""Every page and state in a real Chromium: axe finds nothing, nothing scrolls sideways, screenshots are kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.desk.journeys.furnished import MASKED, Furnished, furnished
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served, served
from tests.ground.seeded import HeldClock, Seeded

pytestmark = pytest.mark.browser


@pytest.fixture
def there(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[tuple[Furnished, Served]]:
    with furnished(tmp_path, clock, randomness) as desk, served(desk.home, clock, randomness, desk.desk) as launched:
        yield desk, launched


def walk(page: Page, launched: Served, pages: dict[str, str]) -> None:
    """Looks at pages: name of the screenshot → address."""
    eye = Eye(page)
    for name, path in pages.items():
        answer = page.goto(launched.root + path)
        assert answer is not None
        assert answer.status == 200, path
        eye.look(name)
        seen = page.content()
        assert [words for words in MASKED if words in seen] == [], name
    eye.is_satisfied()


def test_lists_and_leaves(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    page.goto(launched.access.address)
    pages = {
        "today": "today",
        "requests": "requests",
        "requests-ended": "requests?stage=ended",
        "cases": "cases",
        "cases-filtered": "cases?stage=arrived",
        "places": "places",
        "routes": "routes",
        "sources": "sources",
        "money": "money",
        "figures": "figures",
        "organisation": "organisation",
        "history": "organisation/history",
        "reveals": "organisation/reveals",
        "request": desk.path(desk.request, "requests"),
        "request-ended": desk.path(desk.ended, "requests"),
        "case": desk.path(desk.case),
        "case-arrived": desk.path(desk.other_case),
        "place": desk.path(desk.place, "places"),
        "place-exposed": desk.path(desk.exposed, "places"),
        "person": desk.record("person", desk.person),
        "risk": desk.record("risk_assessment", desk.risk),
        "application": desk.record("application", desk.application),
    }
    walk(page, launched, pages)


def test_forms_and_questions(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    page.goto(launched.access.address)
    case, request = desk.path(desk.case), desk.path(desk.request, "requests")
    pages = {
        "form-request": "requests/new",
        "form-person": desk.record("person", desk.person) + "/edit",
        "form-risk": f"{case}/risk_assessment/new",
        "form-stay": f"{case}/stay/new",
        "form-leg": f"{case}/leg/new",
        "form-file": f"{case}/file/new",
        "form-place": "places/new",
        "form-source": "sources/new",
        "form-expense": "ledger/expense/new",
        "triage": f"{request}/triage",
        "accept": f"{request}/accept",
        "end": f"{request}/end",
        "join": f"{request}/join",
        "close": f"{case}/close",
        "alarm": f"{case}/alarm",
        "note-check-in": desk.record("check_in", desk.check_in) + "/note",
        "note-leg": desk.record("leg", desk.leg) + "/note",
        "withdraw": desk.record("consent", desk.consent) + "/withdraw",
        "call-off": desk.record("journey", desk.journey) + "/call-off",
        "expose": desk.path(desk.place, "places") + "/expose",
        "take-out": desk.record("file", desk.file) + "/download",
        "erase": f"{case}/erase",
        "hidden": "organisation/hidden",
        "passphrase": "organisation/passphrase",
    }
    walk(page, launched, pages)


def test_what_answers(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    page.goto(launched.access.address)
    eye = Eye(page)
    case = desk.path(desk.case)

    page.goto(f"{launched.root}{case}/risk_assessment/new")
    page.get_by_label("Reasons").fill("He was followed.")
    page.get_by_label("Review on").fill("the day after never")
    page.get_by_role("button", name="Write the assessment down").click()
    expect(page.locator(".errors")).to_contain_text("Risk level: This is needed.")
    expect(page.get_by_label("Reasons")).to_have_value("He was followed.")
    expect(page.get_by_label("Review on")).to_have_value("the day after never")
    eye.look("errors")

    page.get_by_role("searchbox", name="Search the book").fill("Цороев")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Principal applicant").first).to_be_visible()
    assert "q=" not in page.url
    eye.look("search")
    page.locator("#f-q").fill("nothing like it")
    page.get_by_role("button", name="Find").last.click()
    expect(page.locator("main")).to_contain_text("Nothing in the book holds all of these words.")
    eye.look("search-nothing")

    page.goto(launched.root + case)
    page.get_by_role("button", name="Show · Family name").first.click()
    expect(page.locator(".revealed")).to_have_text("Tsoroev")
    eye.look("revealed")
    page.get_by_role("link", name="Mask again").click()
    expect(page.locator(".revealed")).to_have_count(0)

    page.get_by_role("button", name="Keep this one · Extreme risk").click()
    expect(page.locator(".flash")).to_contain_text("Settled.")
    expect(page.locator("#settle")).to_have_count(0)
    eye.look("settled")

    page.goto(f"{launched.root}cases/nowhere")
    eye.look("no-such-page")
    eye.is_satisfied()


def test_empty_pages_say_what_to_do_first(page: Page, launched: Served) -> None:
    eye = Eye(page)
    page.goto(launched.access.address)
    page.get_by_label("Passphrase").fill(launched.passphrase)
    page.get_by_role("button", name="Unlock the desk").click()
    for name in ("requests", "cases", "places", "routes", "sources", "money", "search"):
        page.goto(launched.root + name)
        eye.look(f"empty-{name}")
        if name != "search":
            expect(page.locator(".empty .button")).to_be_visible()
    eye.is_satisfied()
