"""A real Chromium, and pages in it that notice what must never happen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.desk.journeys.served import Served, browser_flags, browser_path, served
from tests.desk.sitting import folder_of, founded, system
from tests.ground.seeded import HeldClock, Seeded

WAIT_MS = 15_000


expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Ends with its module: Playwright keeps an event loop running, beside which no other test could run one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=browser_flags())
        yield browser
        browser.close()


@pytest.fixture
def launched(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Served]:
    """A founded, locked desk with nothing in it."""
    home = folder_of(tmp_path)
    founded(home, system(clock, randomness))
    with served(home, clock, randomness) as desk:
        yield desk


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium)


@pytest.fixture
def page_without_scripts(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium, java_script_enabled=False)


def _page(chromium: Browser, *, java_script_enabled: bool = True) -> Iterator[Page]:
    context: BrowserContext = chromium.new_context(
        locale="en-GB", viewport={"width": 1280, "height": 900}, java_script_enabled=java_script_enabled
    )
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    complaints: list[str] = []
    # The policy of the desk is strict; a page that breaks it says so on the console.
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # Chromium also notes that a form was refused (4xx), and that the desk stopped before the browser; neither is wrong.
    assert [text for text in complaints if "status of 4" not in text and "ERR_CONNECTION_REFUSED" not in text] == []
