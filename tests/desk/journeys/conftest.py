"""A real Chromium, and pages in it that notice what must never happen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.desk.journeys.furnished import Furnished, furnished
from tests.desk.journeys.served import WAIT_MS, Served, browser_flags, browser_path, served, watched
from tests.desk.sitting import folder_of, founded, system
from tests.ground.seeded import HeldClock, Seeded

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
def there(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[tuple[Furnished, Served]]:
    """A furnished, unlocked desk."""
    with furnished(tmp_path, clock, randomness) as desk, served(desk.home, clock, randomness, desk.desk) as launched:
        yield desk, launched


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with watched(chromium) as page:
        yield page


@pytest.fixture
def page_without_scripts(chromium: Browser) -> Iterator[Page]:
    with watched(chromium, scripts=False) as page:
        yield page
