"""Two desks and a relay, in real browsers: what one saves stands on the other's page within a second."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.desk.journeys.served import Served, served
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import asked
from tests.sync.desks import Sitting, connected

from waystation.office.rounds import Rounds

WITHIN_S = 15
"""A busy machine with browsers is slow; what is measured on a quiet one stands in docs."""


@pytest.fixture
def two(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[list[tuple[Sitting, Served]]]:
    sittings = connected(tmp_path, clock, randomness)
    with ExitStack() as stack:
        both = []
        for number, sitting in enumerate(sittings):
            running = stack.enter_context(served(sitting.desk.home, clock, Seeded(f"served {number}"), sitting.desk))
            running.session.rounds = Rounds(sitting.desk)
            running.session.rounds.start()
            both.append((sitting, running))
        yield both
        for sitting, running in both:
            running.session.lock()
            sitting.desk.lock()


def _open(browser: Browser, running: Served, path: str) -> Page:
    page = browser.new_context(locale="en").new_page()
    page.goto(running.access.address)
    page.goto(running.root + path)
    return page


def test_what_one_saves_appears_at_the_other(chromium: Browser, two: list[tuple[Sitting, Served]]) -> None:
    (first, _), (_, there) = two
    page = _open(chromium, there, "requests")
    page.get_by_text("sent").first.wait_for()
    asked(first.desk, code_name="Juniper Kettle")
    page.get_by_text("Juniper Kettle").first.wait_for(timeout=WITHIN_S * 1000)
    assert "just heard from the others" in page.locator("#status").inner_text()


def test_nothing_moves_while_somebody_types(chromium: Browser, two: list[tuple[Sitting, Served]]) -> None:
    (first, _), (second, there) = two
    page = _open(chromium, there, "requests/new")
    typed = page.locator("main textarea, main input[type=text]").first
    typed.fill("half a sentence")
    before = second.desk.contact.heard
    asked(first.desk, code_name="Juniper Kettle")
    _until(lambda: second.desk.contact.heard > before)
    page.wait_for_timeout(1_000)
    assert typed.input_value() == "half a sentence"


def test_a_lie_is_amber_on_every_page_until_somebody_decides(
    chromium: Browser, two: list[tuple[Sitting, Served]]
) -> None:
    _, (second, there) = two
    page = _open(chromium, there, "organisation/relay")
    second.line.hold = 3
    page.get_by_role("button", name="Ask the relay now").click()
    page.locator("#status .attention", has_text="the relay needs a decision").wait_for(timeout=WITHIN_S * 1000)
    page.goto(there.root + "today")
    page.get_by_role("link", name="the relay needs a decision").click()
    assert page.get_by_role("heading", name="The relay has lost what it once gave").is_visible()
    second.line.hold = None
    page.get_by_role("button", name="Ask the relay again").click()
    page.locator("#status", has_text="sent").wait_for(timeout=WITHIN_S * 1000)
    page.goto(there.root + "organisation/relay")
    assert not page.get_by_role("heading", name="The relay has lost what it once gave").count()


def test_the_question_for_news_keeps_no_desk_open(chromium: Browser, two: list[tuple[Sitting, Served]]) -> None:
    _, (_, there) = two
    page = _open(chromium, there, "requests")
    page.wait_for_timeout(500)
    active = there.session._active_ms
    there.session.monotonic_ms = lambda: active + 60_000
    page.wait_for_timeout(1_000)
    assert there.session._active_ms == active
    there.session.lock()
    page.wait_for_url("**/locked", timeout=WITHIN_S * 1000)


def _until(true: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < WITHIN_S
        time.sleep(0.01)
