"""The whole journey of one case: by keyboard alone, and without scripts. Names never leave the pages' bodies."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.desk.journeys.hands import Hands, Keyboard, Pointer
from tests.desk.journeys.journey import CODE_NAME, SECRET, STEPS, unlock
from tests.desk.journeys.served import Served

pytestmark = pytest.mark.browser


class Watch:
    """Titles, addresses and flashes of every page that was shown."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.pages = 0
        self.said: list[str] = []
        page.on("domcontentloaded", lambda page: self._look())

    def _look(self) -> None:
        self.pages += 1
        self.said.append(self._page.url)

    def titles(self) -> None:
        self.said += [self._page.title(), *self._page.locator(".flash").all_inner_texts()]

    def found(self) -> list[str]:
        """What should not have been said."""
        return [secret for secret in SECRET for words in self.said if secret.casefold() in words.casefold()]


def travel(hands: Hands, launched: Served) -> None:
    watch = Watch(hands.page)
    hands.page.goto(launched.access.address)
    unlock(hands, launched.passphrase)
    for step in STEPS:
        step(hands)
        watch.titles()
    page = hands.page
    expect(page.locator("h1")).to_have_text(CODE_NAME)
    expect(page.locator(".head .sub")).to_contain_text("Case closed")
    expect(page.locator("#happened")).to_contain_text("Closure: arrived safe")
    expect(page.locator("#happened")).to_contain_text("Decision: refused")
    assert watch.pages > 40
    assert watch.found() == []
    hands.follow("Figures")
    for label, number in (
        ("Asked for help", "1"),
        ("Evacuated", "1"),
        ("In hiding", "0"),
        ("Abroad", "1"),
        ("Refused", "1"),
    ):
        row = page.locator(".figures tr").filter(has=page.locator("th", has_text=re.compile(f"^{label}")))
        expect(row.locator("td.number")).to_have_text(number)


def test_by_keyboard_alone(page: Page, launched: Served) -> None:
    travel(Keyboard(page), launched)


def test_without_scripts(page_without_scripts: Page, launched: Served) -> None:
    travel(Pointer(page_without_scripts), launched)
